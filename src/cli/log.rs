//! Lines on stderr: one an event, with the time, coloured only for a person.

use std::io::{self, IsTerminal, Write};
use std::time::{SystemTime, UNIX_EPOCH};

/// A colour, with its ANSI number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// Red.
    Red = 31,
    /// Green.
    Green = 32,
    /// Yellow.
    Yellow = 33,
    /// Blue.
    Blue = 34,
    /// Magenta.
    Magenta = 35,
    /// Cyan.
    Cyan = 36,
}

/// The colours of several speakers, in turn.
pub const PREFIXES: [Colour; 4] = [Colour::Cyan, Colour::Magenta, Colour::Blue, Colour::Green];

/// Writes one line to stderr. If nobody reads there any more, it is lost: a node that stops because
/// whoever started it is gone must not fail over saying so.
pub fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes one line to stderr, with the time of day (UTC) before it.
pub fn event(text: &str) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs() % 86_400, since.subsec_millis());
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    line(&format!("{hours:02}:{minutes:02}:{seconds:02}.{millis:03} {text}"));
}

/// `text` in `colour`, if whoever reads stderr wants colours.
pub fn paint(text: &str, colour: Colour) -> String {
    if wants_colour(&io::stderr()) { painted(text, colour) } else { text.to_owned() }
}

/// True if `stream` is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
pub fn wants_colour(stream: &impl IsTerminal) -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !plain && stream.is_terminal()
}

/// `text` in `colour`, whoever reads it.
pub fn painted(text: &str, colour: Colour) -> String {
    format!("\x1b[{}m{text}\x1b[0m", colour as u8)
}
