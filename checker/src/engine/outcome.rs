//! What a search found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use stateright::{Expectation, Path};

use super::options::Stop;

/// What was found about a property.
#[derive(Clone, Debug)]
pub struct Finding<S, Action> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub answer: Answer<S, Action>,
}

/// What a search says about a property.
#[derive(Clone, Debug)]
pub enum Answer<S, Action> {
    /// The shortest path to a state that decides it: one that breaks what must always hold, or one
    /// that shows what must be reachable.
    Found(Path<S, Action>),
    /// No state that was searched decides it.
    NotFound,
    /// The last state of the path makes its condition panic, with these words: it is neither true
    /// nor false there.
    Panicked(Path<S, Action>, Arc<str>),
    /// It says something about runs, and nobody has looked whether it is true.
    NotLookedAt,
}

impl<S, Action> Finding<S, Action> {
    /// The shortest path to a state that decides the property: one that breaks what must always
    /// hold, or one that shows what must be reachable. `None` if no state that was searched does.
    ///
    /// # Panics
    /// If that is not known, for the property was not looked at, or its condition panicked.
    pub fn path(&self) -> Option<&Path<S, Action>> {
        match &self.answer {
            Answer::Found(path) => Some(path),
            Answer::NotFound => None,
            Answer::Panicked(_, words) => panic!("{:?} panicked: {words}", self.name),
            Answer::NotLookedAt => panic!("{:?} was not looked at", self.name),
        }
    }
}

/// How a run misses what must happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Miss {
    /// It goes round for ever.
    Lasso,
    /// It ends: nothing is left that must happen.
    Stop,
    /// So many restless firings without a fault in between that there is no end of them.
    Unbounded,
    /// It goes round for ever while no time passes.
    Zeno,
}

/// A run that misses what must happen.
#[derive(Clone, Debug)]
pub struct Run<S, Action> {
    pub miss: Miss,
    /// The whole run, what is repeated once.
    pub path: Path<S, Action>,
    /// So many steps come before what is repeated.
    pub stem: usize,
}

/// What was found about a property of runs.
#[derive(Clone, Debug)]
pub struct RunFinding<S, Action> {
    pub name: &'static str,
    pub answer: RunAnswer<S, Action>,
}

/// What is said about a property of runs once the whole space was explored.
#[derive(Clone, Debug)]
pub enum RunAnswer<S, Action> {
    /// Every fair run meets it.
    Met,
    /// This one does not.
    Missed(Run<S, Action>),
    /// The last state of the path makes a condition panic, with these words.
    Panicked(Path<S, Action>, Arc<str>),
}

/// How long it can take to meet a goal, from whatever state in which it is not met, with a path
/// that takes that long.
#[derive(Clone, Debug)]
pub struct WorstCase<S, Action> {
    /// `None`: there is no bound.
    pub ticks: Option<u32>,
    /// The way to where the time begins to count, and on from there. Where there is no bound, to a
    /// cycle that does not meet the goal, and once round.
    pub path: Path<S, Action>,
    /// So many steps come before the time begins to count.
    pub stem: usize,
    /// Where there is no bound: the actions whose fairness leads out of the cycle in the end.
    pub owed: Vec<Action>,
}

/// Two worst cases: what is left of the budgets spent for good, and with early timeouts to come.
#[derive(Clone, Debug)]
pub struct WorstCases<S, Action> {
    /// `None`: the goal is met in every state.
    pub calm: Option<WorstCase<S, Action>>,
    pub with_early: Option<WorstCase<S, Action>>,
}

/// What a search found. Of states and transitions all that are inside the boundary are counted.
#[derive(Clone, Debug)]
pub struct Outcome<S, Action> {
    /// Distinct states.
    pub states: u64,
    /// As many, or with symmetry these and all their renamings: if nobody stands out in the initial
    /// state, the states of the whole space.
    pub whole: u64,
    /// Successors generated, a state as often as it is reached. The initial state is none.
    pub transitions: u64,
    /// Levels below the initial state.
    pub depth: u64,
    /// By property, in the model's order.
    pub findings: Vec<Finding<S, Action>>,
    /// By property of runs, in the spec's order; none unless the whole space was explored.
    pub runs: Vec<RunFinding<S, Action>>,
    /// Where the spec asks for it, and the whole space was explored.
    pub worst: Option<WorstCases<S, Action>>,
    /// `None` if the whole space was explored.
    pub stopped: Option<Stop>,
    /// By depth, how many states there are.
    pub levels: Vec<u64>,
    /// By name, how often each kind of action was taken: "deliver Vote", "timeout Election". What
    /// could have been taken and never was is there as well.
    pub actions: BTreeMap<String, u64>,
    /// The free timers whose firing still led to new states in the last level: if there is no end
    /// in sight, they are the reason.
    pub endless: BTreeSet<String>,
    pub sizes: Sizes,
    /// The sizes when half of the states had been found: what keeps growing has fewer then.
    pub half: Sizes,
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

impl Sizes {
    /// The components of a state by name.
    pub fn components(&self) -> [(&'static str, usize); 7] {
        [
            ("actor states", self.actor_states),
            ("storages", self.storages),
            ("timer sets", self.timers),
            ("messages", self.messages),
            ("inboxes", self.inboxes),
            ("histories", self.ghosts),
            ("actors with their inboxes", self.seats),
        ]
    }
}
