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
    /// The name of the spec, and which one of how many it is: "1/4".
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
        if self.terminal {
            let line = narrow(&self.title, now, self.rate);
            let mut err = io::stderr().lock();
            // If nobody sees it, nobody misses it.
            let _ = write!(err, "\r{line}\x1b[K").and_then(|()| err.flush());
        } else {
            log::line(&plain(&self.title, now, self.rate));
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

/// The line for a terminal. What matters least is left out if there is no room for it.
fn narrow(title: &str, now: &Progress, rate: f64) -> String {
    let memory = now.memory.map(|bytes| format!("{} MiB", bytes >> 20));
    // In the order in which they are shown; the number says what goes first.
    let mut parts = vec![
        (9, Some(title.to_owned())),
        (8, Some(format!("{} states", short(now.states)))),
        (2, Some(format!("{}/s", short(rate as u64)))),
        (5, Some(format!("depth {}", now.depth))),
        (if left(now).is_some() { 1 } else { 3 }, now.queue.map(|q| format!("queue {}", short(q)))),
        (4, memory),
        (7, Some(clock(now.elapsed))),
        (6, left(now).map(|left| format!("~{} left", short(left)))),
    ];
    parts.retain(|(_, part)| part.is_some());
    loop {
        let words: Vec<&str> = parts.iter().filter_map(|(_, part)| part.as_deref()).collect();
        let line = words.join("  ");
        if line.chars().count() <= NARROW || parts.len() == 1 {
            return line.chars().take(NARROW).collect();
        }
        let least = parts.iter().map(|(rank, _)| *rank).min();
        parts.retain(|(rank, _)| Some(*rank) != least);
    }
}

/// The line for a log: everything, in full.
fn plain(title: &str, now: &Progress, rate: f64) -> String {
    let (states, rate, depth) = (grouped(now.states), grouped(rate as u64), now.depth);
    let mut line = format!("{title}: {states} states, {rate}/s, depth {depth}");
    if let Some(queue) = now.queue {
        line += &format!(", {} in the queue", grouped(queue));
    }
    if let Some(memory) = now.memory {
        line += &format!(", {} MiB", grouped(memory >> 20));
    }
    line += &format!(", {}", clock(now.elapsed));
    if let Some(left) = left(now) {
        line += &format!(", ~{} left", short(left));
    }
    line
}

fn left(now: &Progress) -> Option<u64> {
    now.left.filter(|left| *left > 0)
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A number in three digits or so: "999", "1.2k", "12k", "123M".
fn short(number: u64) -> String {
    let mut scaled = number as f64;
    for unit in ["", "k", "M", "G"] {
        // What would be rounded to 1000 is one of the next unit.
        if scaled < 999.5 || unit == "G" {
            let digits = usize::from(scaled < 9.95 && !unit.is_empty());
            return format!("{scaled:.digits$}{unit}");
        }
        scaled /= 1000.0;
    }
    unreachable!("the last unit takes what is left")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(left: Option<u64>) -> Progress {
        Progress {
            states: 12_345_678,
            transitions: 123_456_789,
            depth: 23,
            queue: Some(1_234_567),
            left,
            memory: Some(456 << 20),
            elapsed: Duration::from_secs(83),
        }
    }

    #[test]
    fn a_line_fits_a_narrow_terminal() {
        let rate = 234_567.8;
        assert_eq!(
            narrow("raft/failover 4/14", &progress(None), rate),
            "raft/failover 4/14  12M states  235k/s  depth 23  queue 1.2M  456 MiB  1:23"
        );
        assert_eq!(
            narrow("raft/failover 4/14", &progress(Some(3_456_789)), rate),
            "raft/failover 4/14  12M states  235k/s  depth 23  456 MiB  1:23  ~3.5M left"
        );
        assert_eq!(
            narrow("raft/election 1/4", &Progress { depth: 3, ..Progress::default() }, 0.0),
            "raft/election 1/4  0 states  0/s  depth 3  0:00"
        );
        let long = narrow(&"a long name ".repeat(9), &progress(Some(1)), rate);
        assert_eq!(long.chars().count(), NARROW);
    }

    #[test]
    fn a_plain_line_has_all_there_is() {
        assert_eq!(
            plain("raft/failover 4/14", &progress(Some(3_456_789)), 234_567.8),
            "raft/failover 4/14: 12,345,678 states, 234,567/s, depth 23, 1,234,567 in the queue, \
             456 MiB, 1:23, ~3.5M left"
        );
    }

    #[test]
    fn short_numbers_are_rounded() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.0k"),
            (9_949, "9.9k"),
            (9_950, "10k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (123_456_789, "123M"),
            (1_234_567_890_123, "1235G"),
        ] {
            assert_eq!(short(number), text);
        }
    }
}
