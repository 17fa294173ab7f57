//! Scenarios: scripts of steps, with what comes of them beside them.
//!
//! A script is a text. Its steps are tried on a [`Spec`](crate::spec::Spec), so a script cannot
//! show what a search would not find. What comes of them stands below the steps and is compared by
//! whoever runs the script: [`Script::play`] returns the text as it should be.
//!
//! ```text
//! # A comment.
//! given servers 3
//!
//! S1 times out: Timer
//! deliver all among S1, S2
//! ----
//! S1  what the protocol shows of its state
//! S2  the same of S2
//! in flight  S1 → S3 Hello
//!
//! S1 crashes
//! ```
//!
//! | line | meaning |
//! |---|---|
//! | `# ...` | a comment |
//! | `given ...` | for whoever makes the spec, see [`Script::given`] |
//! | a step in the words of a [trace](crate::trace::Trace::text) | the step is taken |
//! | `S2 ignores from S1: ...` | the delivery would change nothing |
//! | `deliver all` | what is in flight, then what is in flight then, until nothing changes |
//! | `deliver all S1 → *` | the same of one link; `*` is anybody |
//! | `deliver all among S1, S3` | the same of the links between these |
//! | `lose all ...` | all that is in flight is lost, or what is on these links |
//! | `3 times ...` | a line, three times |
//! | `----` | what has come of it, up to an empty line |
//!
//! Whatever is delivered on the clock is gone, which is a change: there nothing is ignored.
//!
//! A step may be written in part. Its beginning is enough, up to a sign that is no letter and no
//! digit, if no other step that is allowed begins so. `...` stands for anything within. `->` is
//! `→`, and spaces do not count. A duplicate is meant only if it is said that one stays in flight.
//!
//! A trace is a script: the steps are read, with their numbers, and what a trace tells below a step
//! is passed over. Only its first line, which is a title, needs a `#`.
//!
//! | file | what it holds |
//! |---|---|
//! | `script.rs` | the parts of a text |
//! | `words.rs` | whether a line of a script means a step |
//! | `play.rs` | the steps taken, and what comes of them |

mod play;
mod script;
#[cfg(test)]
mod tests;
mod words;

use std::error::Error;
use std::fmt;

pub use play::Played;
pub use script::Script;

/// What is wrong with a script, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Of the text, counted from 1.
    pub line: usize,
    pub what: String,
    /// If a step is not allowed: those that are, as a trace tells them.
    pub allowed: Vec<String>,
}

impl Mistake {
    /// A mistake that is not about what is allowed.
    pub fn new(line: usize, what: impl Into<String>) -> Self {
        Mistake { line, what: what.into(), allowed: Vec::new() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)?;
        if !self.allowed.is_empty() {
            write!(f, "\nallowed is:")?;
        }
        self.allowed.iter().try_for_each(|step| write!(f, "\n    {step}"))
    }
}

impl Error for Mistake {}
