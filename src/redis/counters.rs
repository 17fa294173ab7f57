//! What the gateway counts.

use serde::{Deserialize, Serialize};

/// What the gateway holds now, and what it did since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Clients that are connected now.
    pub connected: u64,
    /// Bytes that are held for them now.
    pub held: u64,
    /// Clients that were let in.
    pub accepted: u64,
    /// Clients that were one too many.
    pub refused: u64,
    /// Clients that were closed, for they took nothing or did not end what they had begun.
    pub stalled: u64,
    /// Wrong passwords, those that were not looked at included.
    pub auth_failures: u64,
    /// Commands that were done.
    pub done: u64,
    /// Commands that were answered with an error, and of which nothing was done.
    pub errors: u64,
    /// Commands for which there was no room.
    pub busy: u64,
    /// Commands of which nobody knows whether they took effect.
    pub unknown: u64,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// Nothing was done.
    Error,
    /// Nothing was done, for want of room.
    Busy,
    /// Nobody knows.
    Unknown,
}

impl Counters {
    /// So many commands ended so.
    pub fn note(&mut self, outcome: Outcome, commands: usize) {
        let counter = match outcome {
            Outcome::Done => &mut self.done,
            Outcome::Error => &mut self.errors,
            Outcome::Busy => &mut self.busy,
            Outcome::Unknown => &mut self.unknown,
        };
        *counter += commands as u64;
    }

    /// A command was answered with this error, by itself.
    pub fn note_error(&mut self, problem: &str) {
        let is_busy = problem.starts_with("BUSY");
        self.note(if is_busy { Outcome::Busy } else { Outcome::Error }, 1);
    }
}
