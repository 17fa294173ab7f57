//! Temporal goals, and the runs that miss them.
//!
//! Every question has the same form: is there a fair run that, from some point on, never leaves a
//! set of states, comes back again and again to another, and from there on takes only some actions?

use super::graph::Graph;
use super::states::States;

/// What a temporal property demands of every fair run.
#[derive(Clone, Copy, Debug)]
pub enum Goal<'a> {
    /// There is a state in the set. Missed by a run outside of it from its first state on.
    Eventually(&'a States),
    /// After each state in the first set, or in that state itself, there is one in the second.
    /// Missed by a run that from some state of the first set on is outside of the second.
    LeadsTo(&'a States, &'a States),
    /// From some point on all states are in the set. Missed by a run that is outside again and
    /// again, wherever else it goes in between.
    EventuallyAlways(&'a States),
    /// States in the set come again and again. Missed by a run that from some point on is outside.
    AlwaysEventually(&'a States),
}

/// A set of states, or what a set leaves over.
#[derive(Clone, Copy)]
pub(super) enum Where<'a> {
    Anywhere,
    In(&'a States),
    Outside(&'a States),
}

impl Where<'_> {
    pub fn has(self, state: u32) -> bool {
        match self {
            Self::Anywhere => true,
            Self::In(states) => states.contains(state),
            Self::Outside(states) => !states.contains(state),
        }
    }
}

/// Which fair runs to look for. Such a run begins anyhow; its *end part* is what counts.
pub(super) struct Question<'a> {
    /// In which states the end part may begin. `None`: only with the run itself.
    pub begin: Option<Where<'a>>,
    /// What the end part never leaves.
    pub stay: Where<'a>,
    /// Where it comes again and again.
    pub touch: Where<'a>,
    /// By action, whether it may happen again and again.
    pub repeatable: Vec<bool>,
    /// Whether a run that stops for ever is one of them.
    pub may_stop: bool,
}

impl<'a> Question<'a> {
    /// All fair runs.
    pub fn any_run(graph: &Graph) -> Self {
        let (stay, touch) = (Where::Anywhere, Where::Anywhere);
        let repeatable = vec![true; graph.actions().len()];
        Self { begin: None, stay, touch, repeatable, may_stop: true }
    }

    /// The fair runs that miss `goal`.
    pub fn misses(goal: Goal<'a>, graph: &Graph) -> Self {
        let any = Self::any_run(graph);
        match goal {
            Goal::Eventually(goal) => Self { stay: Where::Outside(goal), ..any },
            Goal::LeadsTo(cause, goal) => {
                Self { begin: Some(Where::In(cause)), stay: Where::Outside(goal), ..any }
            }
            Goal::EventuallyAlways(goal) => Self { touch: Where::Outside(goal), ..any },
            Goal::AlwaysEventually(goal) => {
                Self { begin: Some(Where::Anywhere), stay: Where::Outside(goal), ..any }
            }
        }
    }

    /// The fair runs in which infinitely much happens in finite time.
    pub fn zeno(graph: &Graph) -> Self {
        let repeatable = graph.actions().iter().map(|action| !action.tick).collect();
        Self { repeatable, may_stop: false, ..Self::any_run(graph) }
    }
}
