//! Is a history of concurrent operations linearizable?
//!
//! A history says which operations clients invoked, what they were answered, and which of them
//! had returned before which others began. It is linearizable when some order of the operations
//! respects that real-time order and gives, executed one at a time by a [`Sequential`]
//! specification, exactly the answers that were seen (Herlihy and Wing, 1990). An operation
//! without an answer may have taken effect at any time after its invocation, or never.
//!
//! | file | what it holds |
//! |---|---|
//! | `mod.rs` | the specification, the verdict, [`check`] |
//! | `history.rs` | how to write it down: [`Intervals`] (recorded), [`Precedence`] (in models) |
//! | `search.rs` | the search: depth first, remembering what has failed |
//! | `remaining.rs` | which operations may come next: one word, or any number |
//!
//! ```
//! use quorate_checker::linearizability::{Intervals, is_linearizable, sequential};
//!
//! // A counter whose only operation adds and answers the sum.
//! let counter = sequential(0, |sum: &i32, add: &i32| (sum + add, sum + add));
//! let mut history = Intervals::default();
//! let first = history.invoke(1);
//! let second = history.invoke(2);
//! history.respond(first, 3); // Right only if the second took effect first.
//! history.respond(second, 2);
//! assert!(is_linearizable(&counter, &history));
//! ```

mod history;
mod remaining;
mod search;
#[cfg(test)]
mod tests;

pub use history::{History, Intervals, Precedence};

use remaining::{Large, Small};
use std::collections::BTreeMap;
use std::hash::Hash;
use std::marker::PhantomData;

/// What the operations mean when they are executed one at a time.
pub trait Sequential {
    /// All that later answers depend on.
    type State: Clone + Eq + Hash;
    /// What a client asks for.
    type Input;
    /// What a client is answered.
    type Output: PartialEq;

    /// The state before the first operation.
    fn initial(&self) -> Self::State;

    /// The state after one operation, and its answer.
    fn step(&self, state: &Self::State, input: &Self::Input) -> (Self::State, Self::Output);

    /// Whether an operation changes no state whatsoever, however it is answered. Saying so where
    /// it is true saves time; where it is false, the verdict would be wrong.
    fn is_read(&self, _input: &Self::Input) -> bool {
        false
    }
}

/// A [`Sequential`] specification from a state and a function. See [`sequential`].
pub struct FromFn<S, I, O, F> {
    initial: S,
    step: F,
    is_read: fn(&I) -> bool,
    types: PhantomData<fn(&I) -> O>,
}

/// The specification that starts in `initial` and changes by `step`.
pub fn sequential<S, I, O, F>(initial: S, step: F) -> FromFn<S, I, O, F>
where
    F: Fn(&S, &I) -> (S, O),
{
    FromFn { initial, step, is_read: |_| false, types: PhantomData }
}

impl<S, I, O, F> FromFn<S, I, O, F> {
    /// The same specification, with [`Sequential::is_read`] answered by `is_read`.
    #[must_use]
    pub fn with_reads(self, is_read: fn(&I) -> bool) -> Self {
        Self { is_read, ..self }
    }
}

impl<S, I, O, F> Sequential for FromFn<S, I, O, F>
where
    S: Clone + Eq + Hash,
    O: PartialEq,
    F: Fn(&S, &I) -> (S, O),
{
    type State = S;
    type Input = I;
    type Output = O;

    fn initial(&self) -> S {
        self.initial.clone()
    }

    fn step(&self, state: &S, input: &I) -> (S, O) {
        (self.step)(state, input)
    }

    fn is_read(&self, input: &I) -> bool {
        (self.is_read)(input)
    }
}

/// The answer to "is it linearizable?". Operations are named by their number in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<S, O> {
    /// It is: these operations, in this order. Operations of unknown outcome that are missing
    /// need not have taken effect.
    Linearizable(Vec<usize>),
    /// It is not.
    Violated(Violation<S, O>),
    /// The limit was reached first. Never to be taken for a pass.
    Unknown,
}

/// The verdict on a history of the specification `M`.
pub type VerdictOf<M> = Verdict<<M as Sequential>::State, <M as Sequential>::Output>;

impl<S, O> Verdict<S, O> {
    /// Whether the history is known to be linearizable.
    pub fn is_linearizable(&self) -> bool {
        matches!(self, Self::Linearizable(_))
    }

    /// Whether the history is known not to be linearizable.
    pub fn is_violated(&self) -> bool {
        matches!(self, Self::Violated(_))
    }
}

/// As far as one gets with a history that is not linearizable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation<S, O> {
    /// Of all orders that agree with the answers, one that places the most operations of known
    /// outcome.
    pub prefix: Vec<usize>,
    /// The state after the prefix.
    pub state: S,
    /// The operations that could come next, each with the answer it should then have had.
    pub refused: Vec<(usize, O)>,
}

/// What a search may use.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// So many operations may be tried.
    tries: u64,
    /// So many bytes of dead ends may be remembered.
    bytes: usize,
}

impl Bounds {
    /// At most `tries`, and the memory that every search has.
    fn tries(tries: u64) -> Self {
        Bounds { tries, bytes: 1 << 30 }
    }
}

/// Decides whether `history` is linearizable for `spec`. At most `limit` operations are tried,
/// counting each place in the order where one is tried; without a limit the search ends by itself,
/// but that may take longer than anybody waits.
///
/// The search remembers its dead ends, in at most 1 GiB, not counting what the states of `spec`
/// hold on the heap. When that is full it begins to remember anew: the verdict stays exact, and
/// some dead ends are met again.
pub fn check<M, H>(spec: &M, history: &H, limit: Option<u64>) -> VerdictOf<M>
where
    M: Sequential,
    H: History<Input = M::Input, Output = M::Output>,
{
    let bounds = Bounds::tries(limit.unwrap_or(u64::MAX));
    // Histories inside models have a handful of operations and there are millions of them, so
    // they get a representation without a single allocation.
    if history.len() <= Small::CAPACITY {
        search::search(spec, history, &mut Small::new(history), bounds)
    } else {
        search::search(spec, history, &mut Large::new(history), bounds)
    }
}

/// Whether `history` is linearizable for `spec`: [`check`] without a limit.
pub fn is_linearizable<M, H>(spec: &M, history: &H) -> bool
where
    M: Sequential,
    H: History<Input = M::Input, Output = M::Output>,
{
    check(spec, history, None).is_linearizable()
}

/// In its first round [`check_parts`] tries so many operations of each part, then tenfold.
const FIRST_ROUND: u64 = 10_000;

/// Checks histories of independent objects, such as the keys of a store, one by one: all together
/// are linearizable if and only if each is. The limit is for each part.
///
/// It goes round by round over the parts that are undecided, with a limit that rises from round to
/// round, so that a part that is soon refuted need not wait for one that takes long. A part begins
/// anew in each round: no more than one search is in memory, and all rounds but the last take a
/// ninth of its tries together.
///
/// The verdict is that of the first violated part that is found, with its key; without one, that of
/// the first unknown part; otherwise `None`: every part is linearizable.
pub fn check_parts<M, H, K>(
    spec: &M,
    parts: &BTreeMap<K, H>,
    limit: Option<u64>,
) -> Option<(K, VerdictOf<M>)>
where
    M: Sequential,
    H: History<Input = M::Input, Output = M::Output>,
    K: Clone + Ord,
{
    let limit = limit.unwrap_or(u64::MAX);
    let mut undecided: Vec<(&K, &H)> = parts.iter().collect();
    let mut tries = FIRST_ROUND;
    loop {
        // Nobody waits for the last one.
        tries = if undecided.len() == 1 { limit } else { tries.min(limit) };
        let mut unknown = Vec::new();
        for (key, part) in undecided {
            match check(spec, part, Some(tries)) {
                Verdict::Linearizable(_) => {}
                Verdict::Unknown => unknown.push((key, part)),
                violated => return Some((key.clone(), violated)),
            }
        }
        let (first, _) = unknown.first()?;
        if tries == limit {
            return Some(((*first).clone(), Verdict::Unknown));
        }
        undecided = unknown;
        tries = tries.saturating_mul(10);
    }
}
