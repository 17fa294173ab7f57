//! How far a check has come, on stderr: one line that is rewritten for a person, a plain line every
//! few seconds for a log.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use quorate_checker::report::Progress;

use crate::cli::log;
use crate::cli::output::grouped;

/// How often the line on a terminal is rewritten.
const REWRITE: Duration = Duration::from_millis(200);

/// How often a plain line is added.
const ADD: Duration = Duration::from_secs(5);

/// What a narrow terminal can show: a line that it breaks in two cannot be rewritten.
const NARROW: usize = 79;

/// Shows the progress of one spec.
pub struct Display {
    /// "raft/election (1 of 4)"
    title: String,
    terminal: bool,
    /// What the last line said.
    shown: Progress,
    rate: f64,
}

impl Display {
    /// A display for the spec named in `title`, on stderr.
    pub fn new(title: String) -> Self {
        Display {
            title,
            terminal: io::stderr().is_terminal(),
            shown: Progress::default(),
            rate: 0.0,
        }
    }

    /// Shows `now`, unless it has just shown something.
    pub fn update(&mut self, now: &Progress) {
        let since = now.elapsed.saturating_sub(self.shown.elapsed);
        if since < if self.terminal { REWRITE } else { ADD } {
            return;
        }
        // A search that looks for a shorter counterexample starts again from nothing.
        let found = now.states.checked_sub(self.shown.states);
        let rate = found.unwrap_or(now.states) as f64 / since.as_secs_f64();
        // On a terminal the last second or so counts, and the number does not flicker.
        self.rate = if self.terminal && self.rate > 0.0 {
            self.rate + (rate - self.rate) * 0.2
        } else {
            rate
        };
        self.shown = *now;
        let line = line(&self.title, now, self.rate);
        if self.terminal {
            let line: String = line.chars().take(NARROW).collect();
            let mut err = io::stderr().lock();
            // If nobody sees it, nobody misses it.
            let _ = write!(err, "\r{line}\x1b[K").and_then(|()| err.flush());
        } else {
            log::line(&line);
        }
    }
}

impl Drop for Display {
    /// Makes room for what comes next.
    fn drop(&mut self) {
        if self.terminal {
            let mut err = io::stderr().lock();
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

fn line(title: &str, now: &Progress, rate: f64) -> String {
    let (states, rate, depth) = (grouped(now.states), grouped(rate as u64), now.depth);
    let seconds = now.elapsed.as_secs();
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    format!("{title}  {states} states  {rate}/s  depth {depth}  {minutes}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_fits_a_narrow_terminal() {
        let now = Progress {
            states: 123_456_789,
            transitions: 1_234_567_890,
            depth: 123,
            elapsed: Duration::from_secs(3_599),
        };
        let line = line("raft/replication (12 of 14)", &now, 1_234_567.8);
        assert_eq!(
            line,
            "raft/replication (12 of 14)  123,456,789 states  1,234,567/s  depth 123  59:59"
        );
        assert!(line.len() <= NARROW);
    }
}
