//! How a search goes, and what it tells.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How far a search goes, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many threads search. What they find does not depend on it.
    pub threads: usize,
    /// Goes on after a violation, to decide every property. Otherwise the level in which the first
    /// one lies is the last.
    pub keep_going: bool,
    /// Of distinct states, more or less: threads look after a block of work.
    pub max_states: Option<u64>,
    /// Of the whole process, in bytes.
    pub max_memory: Option<u64>,
    /// Since the search began.
    pub max_time: Option<Duration>,
    /// Set from outside, ends the search as a limit does.
    pub interrupt: Arc<AtomicBool>,
    /// Levels below the initial state. States of the last are looked at; what follows them is not.
    pub max_depth: Option<u64>,
    /// Unset, promises that every state is inside the model's boundary, which is then not asked.
    pub has_boundary: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            keep_going: false,
            max_states: None,
            max_memory: None,
            max_time: None,
            interrupt: Arc::default(),
            max_depth: None,
            has_boundary: true,
        }
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub states: u64,
    pub transitions: u64,
    /// The level that is being expanded; the initial state is level 0.
    pub depth: u64,
    /// States of this level that wait to be expanded.
    pub queue: u64,
    /// Roughly how many states are still to be found, where the last levels shrink.
    pub left: Option<u64>,
    /// What the whole process holds, in bytes, where the system tells.
    pub memory: Option<u64>,
    pub elapsed: Duration,
}

/// Why a search ended before it had seen everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A property that must always hold does not.
    Violation,
    States,
    Memory,
    Time,
    Interrupt,
    Depth,
}
