//! How a search goes, and what it tells.

use std::time::Duration;

use stateright::{Expectation, Path};

/// What a property's condition looks at. The condition is called once for each distinct view, on a
/// state that shows this alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sees {
    /// All of the state, which is then seen anew each time. Nothing else is assumed unless it is
    /// said.
    Everything,
    /// The actors' states and storages, who is down, the ghost or history, and the fault.
    Actors,
    /// The ghost or history.
    History,
    /// What is in flight.
    Network,
    /// The fault: whether a handler panicked, or sent before it saved.
    Fault,
}

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
    /// What the property of a name looks at.
    pub sees: fn(&str) -> Sees,
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
            sees: |_| Sees::Everything,
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
}

/// A property, and the shortest path to a state that decides it: one that breaks what must always
/// hold, or one that shows what must be reachable.
#[derive(Clone, Debug)]
pub struct Finding<S, Action> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub path: Option<Path<S, Action>>,
}

/// What a search found. Of states and transitions all that are inside the boundary are counted.
#[derive(Clone, Debug)]
pub struct Outcome<S, Action> {
    /// Distinct states.
    pub states: u64,
    /// Successors generated, a state as often as it is reached. The initial state is none.
    pub transitions: u64,
    /// Levels below the initial state.
    pub depth: u64,
    /// By property, in the model's order.
    pub findings: Vec<Finding<S, Action>>,
    /// `None` if the whole space was explored.
    pub stopped: Option<Stop>,
    pub sizes: Sizes,
}

impl<S, Action> Outcome<S, Action> {
    /// What was found about a property.
    ///
    /// # Panics
    /// If the model has no property of this name.
    pub fn finding(&self, name: &str) -> &Finding<S, Action> {
        let found = self.findings.iter().find(|finding| finding.name == name);
        found.unwrap_or_else(|| panic!("no property {name:?}"))
    }
}

/// How many distinct values of each component there are: which part explodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub actor_states: usize,
    pub storages: usize,
    pub timers: usize,
    pub messages: usize,
    pub inboxes: usize,
    pub ghosts: usize,
    /// An actor's own with what is in flight to it.
    pub seats: usize,
    /// What properties see that do not see everything, all their views together.
    pub views: u64,
    /// Distinct questions put to handlers.
    pub handler_calls: usize,
}
