//! What a search of any model found.

use std::fmt;

use stateright::{Expectation, Path};

use crate::engine::options::Stop;
use crate::engine::outcome::Run;

/// What is known of a property after a search.
#[derive(Clone, Debug)]
pub enum AnyAnswer<S, A> {
    /// What must always hold does so in every state; what must hold eventually, in every fair run.
    Holds,
    /// What must always hold does not at the end of this path; there is none shorter.
    Violated(Path<S, A>),
    /// What should be possible is so at the end of this path; there is none shorter.
    Reached(Path<S, A>),
    /// What should be possible is so in no state.
    NotReached,
    /// What must hold eventually does not in this fair run.
    Missed(Run<S, A>),
    /// The condition panicked, with these words, when asked about the last state of this path; and
    /// no state was found that decides it otherwise.
    Panicked(String, Path<S, A>),
    /// The search ended before this was decided.
    Undecided,
    /// What must hold eventually, where [`fairness`](super::AnyOptions::fairness) is not said.
    NotLookedAt,
}

impl<S, A> AnyAnswer<S, A> {
    /// True if the property is not as it should be. What is undecided or was not looked at is no
    /// failure, and no success either.
    pub fn is_failure(&self) -> bool {
        use AnyAnswer::*;
        matches!(self, Violated(_) | NotReached | Missed(_) | Panicked(..))
    }

    /// True if the property is as it should be.
    pub fn is_success(&self) -> bool {
        matches!(self, AnyAnswer::Holds | AnyAnswer::Reached(_))
    }

    /// The path that shows it, if there is one.
    pub fn path(&self) -> Option<&Path<S, A>> {
        match self {
            AnyAnswer::Violated(path) | AnyAnswer::Reached(path) | AnyAnswer::Panicked(_, path) => {
                Some(path)
            }
            AnyAnswer::Missed(run) => Some(&run.path),
            _ => None,
        }
    }
}

/// A property, and what is known of it.
#[derive(Clone, Debug)]
pub struct AnyFinding<S, A> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub answer: AnyAnswer<S, A>,
}

/// Where a model panicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<A> {
    /// In `Model::actions`.
    Actions,
    /// In `Model::next_state`, asked for this action.
    NextState(A),
    /// In a boundary, or in the function that gives representatives, asked about what follows from
    /// this action; of an initial state there is none.
    After(Option<A>),
}

/// A panic of the model, and the way to it.
#[derive(Clone, Debug)]
pub struct Panic<S, A> {
    pub place: Place<A>,
    pub words: String,
    /// To the state whose successors were asked for; `None` if it was asked about an initial state.
    pub path: Option<Path<S, A>>,
}

/// What a search found. Of states and transitions all that are inside the boundary are counted.
#[derive(Clone, Debug)]
pub struct AnyOutcome<S, A> {
    /// Distinct states; with symmetry, distinct representatives.
    pub states: u64,
    /// Successors generated, a state as often as it is reached. Initial states are none.
    pub transitions: u64,
    /// Levels below the initial states.
    pub depth: u64,
    /// By depth, how many states there are.
    pub levels: Vec<u64>,
    /// By property, in the model's order.
    pub findings: Vec<AnyFinding<S, A>>,
    /// A panic of the model itself, nearest to an initial state. Nothing follows from a step that
    /// panics, so no property counts as decided by its absence.
    pub panic: Option<Panic<S, A>>,
    /// `None` if the whole space was explored.
    pub stopped: Option<Stop>,
    /// How many distinct values each part of a state has that is numbered apart.
    pub parts: Vec<usize>,
}

impl<S, A> AnyOutcome<S, A> {
    /// What was found about a property.
    ///
    /// # Panics
    /// If the model has no property of this name.
    pub fn finding(&self, name: &str) -> &AnyFinding<S, A> {
        let found = self.findings.iter().find(|finding| finding.name == name);
        found.unwrap_or_else(|| panic!("no property {name:?}"))
    }

    /// True if every property was decided and is as it should be, and nothing panicked.
    pub fn holds(&self) -> bool {
        self.panic.is_none() && self.findings.iter().all(|finding| finding.answer.is_success())
    }

    /// True if a property is not as it should be, or the model panicked.
    pub fn fails(&self) -> bool {
        self.panic.is_some() || self.findings.iter().any(|finding| finding.answer.is_failure())
    }
}

/// A line on the search, and one for each property.
impl<S: Clone, A: Clone> fmt::Display for AnyOutcome<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AnyOutcome { states, transitions, depth, .. } = self;
        write!(f, "{states} states, {transitions} transitions, depth {depth}")?;
        match self.stopped {
            None => writeln!(f)?,
            Some(Stop::Violation) => writeln!(f, ", ended at the first violation")?,
            Some(stop) => writeln!(f, ", INCOMPLETE: {}", reason(stop))?,
        }
        if let Some(Panic { words, path, .. }) = &self.panic {
            writeln!(f, "PANICKED after {} steps: {words}", path.as_ref().map_or(0, steps))?;
        }
        for AnyFinding { name, answer, .. } in &self.findings {
            writeln!(f, "{name}: {answer}")?;
        }
        Ok(())
    }
}

impl<S: Clone, A: Clone> fmt::Display for AnyAnswer<S, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnyAnswer::Holds => write!(f, "holds"),
            AnyAnswer::Violated(path) => write!(f, "VIOLATED in {} steps", steps(path)),
            AnyAnswer::Reached(path) => write!(f, "reached in {} steps", steps(path)),
            AnyAnswer::NotReached => write!(f, "NEVER REACHED"),
            AnyAnswer::Missed(run) if run.stem == steps(&run.path) => {
                write!(f, "MISSED by a run that stops after {} steps", run.stem)
            }
            AnyAnswer::Missed(run) => {
                let round = steps(&run.path) - run.stem;
                write!(f, "MISSED by a run of {} steps and then {round} for ever", run.stem)
            }
            AnyAnswer::Panicked(words, path) => {
                write!(f, "PANICKED on the state after {} steps: {words}", steps(path))
            }
            AnyAnswer::Undecided => write!(f, "undecided"),
            AnyAnswer::NotLookedAt => write!(f, "not looked at"),
        }
    }
}

fn steps<S: Clone, A: Clone>(path: &Path<S, A>) -> usize {
    path.clone().into_actions().len()
}

fn reason(stop: Stop) -> &'static str {
    match stop {
        Stop::Violation => "a violation was found",
        Stop::States => "the limit of states was reached",
        Stop::Memory => "the limit of memory was reached",
        Stop::Time => "the limit of time was reached",
        Stop::Interrupt => "it was interrupted",
        Stop::Depth => "the limit of depth was reached",
    }
}
