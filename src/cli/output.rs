//! Results on stdout: coloured only for a person, and no reason to fail if nobody reads them.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

pub use quorate_checker::report::grouped;

use super::exit::{Code, Failure};
use super::log::{self, Colour};

/// The widest line of anything that is printed for a person.
pub const WIDTH: usize = 100;

/// Where results go. An error is kept until [`Output::finish`], so that a run that takes minutes
/// does not end over its first line.
pub struct Output {
    colour: bool,
    out: Box<dyn Write>,
    error: Option<io::Error>,
}

impl Output {
    /// Stdout.
    pub fn stdout() -> Self {
        let stdout = io::stdout();
        Self::new(log::wants_colour(&stdout), stdout)
    }

    /// Somewhere else.
    pub fn new(colour: bool, out: impl Write + 'static) -> Self {
        Output { colour, out: Box::new(out), error: None }
    }

    /// Whether what is printed may have colours.
    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// `text` in `colour`, if there are colours.
    pub fn paint(&self, text: &str, colour: Colour) -> String {
        if self.colour { log::painted(text, colour) } else { text.to_owned() }
    }

    /// Prints `text` and ends the line.
    pub fn line(&mut self, text: impl Display) {
        if self.error.is_none() {
            let written = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
            self.error = written.err();
        }
    }

    /// Whether everything was printed.
    ///
    /// # Errors
    /// If it was not, unless the reader went away, as `head` does when it has seen enough.
    pub fn finish(self) -> Result<(), Failure> {
        match self.error {
            Some(error) if error.kind() != ErrorKind::BrokenPipe => Err(unwritten(error)),
            _ => Ok(()),
        }
    }
}

/// Prints `text` on stdout and ends the line, where that is what a command is for.
///
/// # Errors
/// If it cannot be printed, even if nobody reads it any more.
pub fn say(text: impl Display) -> Result<(), Failure> {
    writeln!(io::stdout().lock(), "{text}").map_err(unwritten)
}

/// The failure to print something.
pub fn unwritten(error: io::Error) -> Failure {
    Failure::new(Code::Io, format!("cannot write to the output: {error}"))
}

/// `words` with commas between, in lines of at most [`WIDTH`] characters; the first begins with
/// `head`, the others stand in as far. What is too long for a line is broken between words.
pub fn wrapped(head: &str, words: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let indent = head.chars().count();
    let mut text = head.to_owned();
    let mut used = indent;
    for (number, word) in words.into_iter().enumerate() {
        let word = word.as_ref();
        let length = word.chars().count();
        if number > 0 {
            text.push(',');
            // A comma may follow it, too.
            if used + 3 + length > WIDTH {
                text.push_str(&format!("\n{:indent$}", ""));
                used = indent;
            } else {
                text.push(' ');
                used += 2;
            }
        }
        for (place, part) in parts(word, WIDTH - 1 - indent).into_iter().enumerate() {
            if place > 0 {
                text.push_str(&format!("\n{:indent$}", ""));
                used = indent;
            }
            text.push_str(&part);
            used += part.chars().count();
        }
    }
    text
}

/// `text` on as many lines as it needs, none of them longer than `width` if no word is.
fn parts(text: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split(' ') {
        let last = parts.last_mut().expect("there is one");
        if last.is_empty() {
            last.push_str(word);
        } else if last.chars().count() + 1 + word.chars().count() <= width {
            *last += &format!(" {word}");
        } else {
            parts.push(word.to_owned());
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_wrapped_below_their_beginning() {
        let words = vec!["word"; 40];
        let text = wrapped("   head  ", &words);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{text}");
        assert!(lines[1].starts_with("         word, "), "{text}");
        assert_eq!(text.matches("word").count(), 40);
        assert_eq!(wrapped("none", [""; 0]), "none");
        let long = ["word"; 30].join(" ");
        let text = wrapped("   head  ", [&*long, "next"]);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!(text.split_whitespace().count(), 32);
    }
}
