//! Does what should happen happen, and how long can it take?
//!
//! A safety property is missed by a state, a temporal one by a run that never ends. All runs of a
//! finite [`Graph`] are too many to try, but what a run visits *again and again* is a strongly
//! connected part of it. So a [`Goal`] is missed exactly if some part that can be reached misses it
//! and owes nobody a step. That is decided in time linear in the graph, times the number of
//! strongly fair actions at worst.
//!
//! What is owed, and to whom, is [`Fairness`]. A run may take actions to which nothing is owed
//! again and again; where these are faults, it is the graph that must bound them, by a budget. And
//! a run may stop for ever where no action is enabled to which anything is owed.
//!
//! The answer is a run, never a component: a path, and a cycle which is fair by itself. The same
//! graph always gives the same answer.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | the questions and the [`Violation`] |
//! | `graph.rs` | states, edges, actions and what is owed to them |
//! | `states.rs` | a set of states |
//! | `question.rs` | a temporal goal, and which runs miss it |
//! | `walk.rs` | breadth first: what can be reached, and the stem |
//! | `components.rs` | strongly connected components |
//! | `fair.rs` | which of them a fair run can stay in |
//! | `nearest.rs`, `witness.rs` | from a component to one short run |
//! | `worst.rs` | the longest time until a goal is met |
//!
//! ```
//! use quorate_checker::liveness::{Action, Fairness, Goal, GraphBuilder, States, violation};
//!
//! // A light that is switched on and off, and may burn out while it is on.
//! let switch = Action { fairness: Fairness::Weak, tick: false };
//! let burn_out = Action { fairness: Fairness::None, tick: false };
//! let mut graph = GraphBuilder::new(vec![switch, burn_out], vec![0], 3, 3);
//! let (off, on, burnt) = (0, 1, 2);
//! graph.row(off, [(0, on)]);
//! graph.row(on, [(0, off), (1, burnt)]);
//! let graph = graph.finish();
//!
//! let shines = States::from_iter([on]);
//! assert_eq!(violation(&graph, Goal::Eventually(&shines)), None);
//! let missed = violation(&graph, Goal::AlwaysEventually(&shines)).expect("it may burn out");
//! assert_eq!((missed.stem().end(), missed.cycle().len()), (burnt, 0));
//! ```

mod components;
mod fair;
mod graph;
mod nearest;
mod question;
mod states;
mod walk;
mod witness;
mod worst;

pub use graph::{Action, Edge, Fairness, Graph, GraphBuilder, Path};
pub use question::Goal;
pub use states::States;
pub use worst::{WorstCase, worst_case};

use question::Question;
use walk::Walk;
use witness::Run;

/// A run that should not be. Each stem is a path from an initial state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A goal is missed by going round for ever.
    Lasso {
        /// How the cycle is reached.
        stem: Path,
        /// What happens again and again: it leads from the end of the stem back there, misses the
        /// goal, and is fair by itself.
        cycle: Vec<Edge>,
    },
    /// A goal is missed because nothing happens any more.
    Stop {
        /// How the run ends: no action is enabled to which anything is owed.
        stem: Path,
    },
    /// Infinitely much happens while no time passes.
    Zeno {
        /// How the cycle is reached.
        stem: Path,
        /// As in a lasso, and without a tick.
        cycle: Vec<Edge>,
    },
    /// A state is reached that is beyond a bound: nothing has been achieved for too long.
    Unbounded {
        /// How.
        stem: Path,
    },
}

impl Violation {
    /// The path from an initial state to where the cycle begins, or to the last state.
    pub fn stem(&self) -> &Path {
        match self {
            Self::Lasso { stem, .. }
            | Self::Stop { stem }
            | Self::Zeno { stem, .. }
            | Self::Unbounded { stem } => stem,
        }
    }

    /// What happens again and again; empty if nothing does.
    pub fn cycle(&self) -> &[Edge] {
        match self {
            Self::Lasso { cycle, .. } | Self::Zeno { cycle, .. } => cycle,
            Self::Stop { .. } | Self::Unbounded { .. } => &[],
        }
    }
}

/// A short fair run that misses `goal`: a lasso or a stop. `None`: every fair run meets it.
///
/// The stem is a shortest path to where it leads. That says nothing of runs that leave the graph:
/// a goal holds only if the exploration was complete.
pub fn violation(graph: &Graph, goal: Goal<'_>) -> Option<Violation> {
    let Run { stem, cycle } = answer(graph, &Question::misses(goal, graph))?;
    Some(match cycle.is_empty() {
        true => Violation::Stop { stem },
        false => Violation::Lasso { stem, cycle },
    })
}

/// A short fair run in which from some point on no time passes although it goes on for ever: an
/// error of the model, or of its timing. Pointless without ticks: then every fair cycle is one.
pub fn zeno(graph: &Graph) -> Option<Violation> {
    let Run { stem, cycle } = answer(graph, &Question::zeno(graph))?;
    Some(Violation::Zeno { stem, cycle })
}

/// A shortest path to one of the states `beyond` a bound.
pub fn unbounded(graph: &Graph, beyond: &States) -> Option<Violation> {
    let walk = Walk::new(graph, &Question::any_run(graph));
    let (_, state) = walk.end_states().find(|(_, state)| beyond.contains(*state))?;
    Some(Violation::Unbounded { stem: walk.path_to(state) })
}

fn answer(graph: &Graph, question: &Question) -> Option<Run> {
    let walk = Walk::new(graph, question);
    let regions = fair::fair_components(graph, question, &walk);
    witness::shortest_run(graph, question, &walk, &regions)
}
