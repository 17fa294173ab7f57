//! Lines on stderr: one an event, with its time and level, coloured only for a person; or one JSON
//! object an event, for a machine.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value};

use super::exit::{self, Failure};

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
const PREFIXES: [Colour; 4] = [Colour::Cyan, Colour::Magenta, Colour::Blue, Colour::Green];

/// How much an event matters, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It cannot go on.
    Error,
    /// Somebody must see to it.
    Warn,
    /// What one wants to know afterwards: starts, ends, roles.
    Info,
    /// Every turn of a role, however often they come.
    Debug,
}

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The time of day (UTC), the level and the message.
    Text,
    /// An object with time (RFC 3339, UTC), level, node, message and, if there are any, fields.
    Json,
}

/// How a command says what goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
// `node` has other options, of another type of this name.
#[group(skip)]
pub struct Options {
    /// What a line on stderr looks like
    #[arg(long = "log-format", value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// The least important level that is told; debug has every change of role
    #[arg(long = "log-level", value_name = "LEVEL", default_value = "info")]
    level: Level,
}

/// As without any option.
impl Default for Options {
    fn default() -> Self {
        Options { format: Format::Text, level: Level::Info }
    }
}

/// Where a process says what goes on: stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    options: Options,
    /// The node that speaks, if one does.
    node: Option<u64>,
}

/// A line of [`Format::Json`].
#[derive(Serialize)]
struct Line<'a> {
    time: &'a str,
    level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<u64>,
    message: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: Map<String, Value>,
}

impl Log {
    /// The lines of `node`, or of a process that is none.
    #[must_use]
    pub fn new(options: Options, node: Option<u64>) -> Self {
        Log { options, node }
    }

    /// Tells of an event, if its level is told. The fields say in a form for machines what the
    /// text says.
    pub fn write(self, level: Level, text: &str, fields: &[(&str, Value)]) {
        if level <= self.options.level {
            line(&self.format(SystemTime::now(), level, text, fields));
        }
    }

    /// Tells that it cannot go on.
    pub fn error(self, text: &str, fields: &[(&str, Value)]) {
        self.write(Level::Error, &self.paint(text, Colour::Red), fields);
    }

    /// Tells what somebody must see to.
    pub fn warn(self, text: &str, fields: &[(&str, Value)]) {
        self.write(Level::Warn, &self.paint(text, Colour::Red), fields);
    }

    /// Tells what one wants to know afterwards.
    pub fn info(self, text: &str, fields: &[(&str, Value)]) {
        self.write(Level::Info, text, fields);
    }

    /// Tells what went wrong, if anything did, and gives the exit code.
    pub fn report(self, result: Result<(), Failure>) -> ExitCode {
        match (self.options.format, result) {
            (Format::Json, Err(failure)) => {
                self.error(&failure.message, &[("exit_code", (failure.code as u8).into())]);
                failure.code.into()
            }
            (_, result) => exit::report(result),
        }
    }

    /// Has panics told like errors where a machine reads the lines.
    pub fn tell_of_panics(self) {
        if self.options.format == Format::Json {
            std::panic::set_hook(Box::new(move |panic| self.error(&panic.to_string(), &[])));
        }
    }

    /// Tells what the process of `node` said, which has the same options.
    pub fn pass_on(self, node: u64, said: &str) {
        match self.options.format {
            Format::Text => {
                let colour = PREFIXES[node as usize % PREFIXES.len()];
                line(&format!("{} {said}", self.paint(&format!("n{node} |"), colour)));
            }
            Format::Json if serde_json::from_str::<Map<String, Value>>(said).is_ok() => line(said),
            // It does not know its options yet, or something else speaks in the process.
            Format::Json => Log { node: Some(node), ..self }.error(said, &[]),
        }
    }

    /// The arguments by which another process of this program has the same options.
    pub fn as_arguments(self) -> [String; 4] {
        let name = |value: Option<clap::builder::PossibleValue>| {
            value.expect("no value is left out").get_name().to_owned()
        };
        let (format, level) = (self.options.format, self.options.level);
        let [format, level] = [name(format.to_possible_value()), name(level.to_possible_value())];
        ["--log-format".into(), format, "--log-level".into(), level]
    }

    /// `text` in `colour`, if whoever reads the lines wants colours.
    pub fn paint(self, text: &str, colour: Colour) -> String {
        let is_wanted = self.options.format == Format::Text && wants_colour(&io::stderr());
        if is_wanted { painted(text, colour) } else { text.to_owned() }
    }

    fn format(self, at: SystemTime, level: Level, text: &str, fields: &[(&str, Value)]) -> String {
        let time = humantime::format_rfc3339_millis(at).to_string();
        match self.options.format {
            Format::Text => {
                let level = format!("{level:?}").to_uppercase();
                let of_day = time.split(['T', 'Z']).nth(1).unwrap_or_default();
                format!("{of_day} {level:5} {text}")
            }
            Format::Json => {
                let fields = fields.iter().map(|(name, value)| ((*name).into(), value.clone()));
                let (time, fields) = (time.as_str(), fields.collect());
                let line = Line { time, level, node: self.node, message: text, fields };
                serde_json::to_string(&line).expect("text and numbers have a JSON form")
            }
        }
    }
}

/// Writes one line to stderr. If nobody reads there any more, it is lost: a node that stops because
/// whoever started it is gone must not fail over saying so.
pub fn line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_time_and_level_and_as_json_all_the_rest() {
        let at = UNIX_EPOCH + Duration::from_millis(1_700_000_000_045);
        let said = |format, fields: &[(&str, Value)]| {
            let options = Options { format, level: Level::Info };
            Log::new(options, Some(3)).format(at, Level::Warn, "a \"b\"\nc", fields)
        };
        let fields = [("term", json!(4)), ("leader", Value::Null)];
        assert_eq!(said(Format::Text, &fields), "22:13:20.045 WARN  a \"b\"\nc");
        let expected = json!({
            "time": "2023-11-14T22:13:20.045Z", "level": "warn", "node": 3,
            "message": "a \"b\"\nc", "fields": { "term": 4, "leader": null },
        });
        let line = said(Format::Json, &fields);
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
        assert!(!said(Format::Json, &[]).contains("fields"));
    }

    #[test]
    fn a_child_is_told_the_same_options() {
        let options = Options { format: Format::Json, level: Level::Debug };
        let expected = ["--log-format", "json", "--log-level", "debug"];
        assert_eq!(Log::new(options, None).as_arguments(), expected);
    }
}
