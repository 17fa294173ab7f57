//! What one search came to, whichever engine searched.

use stateright::Path;
use stateright::actor::Actor;

use crate::engine::{Answer, RunFinding, WorstCases};
use crate::report::Details;
use crate::spec::{ActionOf, Kind, PropertyInfo, State};

/// By property, what was found about it.
pub(crate) type Found<A, G> = Vec<Answer<State<A, G>, ActionOf<A>>>;

/// A property of runs, and a run that misses it.
type Runs<A, G> = Vec<RunFinding<State<A, G>, ActionOf<A>>>;

/// What one search came to.
pub(crate) struct Search<A: Actor, G> {
    pub(crate) found: Found<A, G>,
    /// None if they were not decided.
    pub(crate) runs: Runs<A, G>,
    pub(crate) worst: Option<WorstCases<State<A, G>, ActionOf<A>>>,
    pub(crate) states: u64,
    /// With those that they stand for by symmetry.
    pub(crate) whole: u64,
    pub(crate) transitions: u64,
    pub(crate) depth: u64,
    /// Why it ended before it had explored everything, if not at a counterexample.
    pub(crate) cut_short: Option<String>,
    pub(crate) details: Option<Details>,
}

/// The path that shows that a property is broken, if it is.
pub(crate) fn counterexample_in<'s, S, Action>(
    info: &PropertyInfo,
    answer: &'s Answer<S, Action>,
) -> Option<&'s Path<S, Action>> {
    match answer {
        Answer::Found(path) if info.kind == Kind::Always => Some(path),
        // A condition that panics is not true.
        Answer::Panicked(path, _) => Some(path),
        Answer::Found(_) | Answer::NotFound | Answer::NotLookedAt => None,
    }
}
