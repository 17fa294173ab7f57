//! How a search of any model goes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::engine::options::Options;
use crate::liveness::Fairness;

/// How far a search of a model with states `S` and actions `A` goes, and how.
///
/// | here | Stateright's `CheckerBuilder` |
/// |---|---|
/// | `threads` | `threads` |
/// | `keep_going` | `finish_when` |
/// | `max_states`, `max_time` | `target_state_count`, `timeout` |
/// | `max_depth`, one less | `target_max_depth`, which counts states, not steps |
/// | `boundary`, besides `Model::within_boundary` | |
/// | `symmetry` | `symmetry_fn` |
pub struct AnyOptions<S, A> {
    /// How many threads search. Counts do not depend on it.
    pub threads: usize,
    /// Goes on after a violation or a panic, to decide every property. Otherwise the level in which
    /// the first one lies is the last.
    pub keep_going: bool,
    /// Of distinct states, more or less: threads look after a block of work.
    pub max_states: Option<u64>,
    /// Of the whole process, in bytes.
    pub max_memory: Option<u64>,
    /// Since the search began.
    pub max_time: Option<Duration>,
    /// Set from outside, ends the search as a limit does.
    pub interrupt: Arc<AtomicBool>,
    /// Steps from an initial state. States that are as far away are looked at; what follows them is
    /// not.
    pub max_depth: Option<u64>,
    /// If set, states for which it is false do not exist, like those outside of the model's own
    /// boundary, which is respected as well.
    pub boundary: Option<fn(&S) -> bool>,
    /// If set, of all states with the same representative only the first that is found is explored.
    ///
    /// That is sound if a state and its representative are alike: the function is the inverse of a
    /// renaming (of interchangeable processes, say) under which no condition, no boundary and no
    /// step changes. If it also gives all states that are alike the same representative, the counts
    /// are the same for any number of threads; if it only does so for most, they may differ, while
    /// verdicts do not. Paths are made of the model's own steps all the same. Representatives are
    /// compared in full.
    pub symmetry: Option<fn(&S) -> S>,
    /// If set, properties that must hold eventually are decided: in every run that is fair to all
    /// actions, as this says of each. Two actions are the same if they are equal. Unset, such
    /// properties are not looked at.
    pub fairness: Option<fn(&A) -> Fairness>,
}

/// Weak fairness of every action: what stays possible from some point on happens in the end.
pub fn weakly_fair<A>(_: &A) -> Fairness {
    Fairness::Weak
}

impl<S, A> Default for AnyOptions<S, A> {
    fn default() -> Self {
        let Options {
            threads,
            keep_going,
            max_states,
            max_memory,
            max_time,
            interrupt,
            max_depth,
            ..
        } = Options::default();
        AnyOptions {
            threads,
            keep_going,
            max_states,
            max_memory,
            max_time,
            interrupt,
            max_depth,
            boundary: None,
            symmetry: None,
            fairness: None,
        }
    }
}

impl<S, A> AnyOptions<S, A> {
    /// What the search of actor systems knows as well.
    pub(super) fn common(&self) -> Options {
        Options {
            threads: self.threads.max(1),
            keep_going: self.keep_going,
            max_states: self.max_states,
            max_memory: self.max_memory,
            max_time: self.max_time,
            interrupt: Arc::clone(&self.interrupt),
            max_depth: self.max_depth,
            ..Options::default()
        }
    }
}
