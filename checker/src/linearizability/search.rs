//! The search for an order: Wing and Gong (1993), with Lowe's memory of dead ends (2017).
//!
//! Depth first: place any operation that may come next and whose answer fits, go on from there,
//! take it back if there is no way on. What matters for the rest is only which operations are
//! placed and the state they led to, so the same pair is never explored twice.

use super::remaining::Remaining;
use super::{Bounds, History, Sequential, Verdict, VerdictOf, Violation};
use std::collections::HashMap;
use std::hash::Hash;

/// Decides whether `history` is linearizable, within `bounds`.
pub(super) fn search<M, H>(
    spec: &M,
    history: &H,
    remaining: &mut impl Remaining,
    bounds: Bounds,
) -> VerdictOf<M>
where
    M: Sequential,
    H: History<Input = M::Input, Output = M::Output>,
{
    let mut tries = bounds.tries;
    let mut numbers = Numbers(HashMap::new());
    let mut furthest = Furthest { known_left: usize::MAX, path: Vec::new() };
    let mut state = spec.initial();
    // The operations placed, each with the state before it and whether there was no choice.
    let mut path = Vec::with_capacity(history.len());
    let mut from = 0;
    while !remaining.is_finished() {
        if let Some(op) = remaining.next(from) {
            let Some(left) = tries.checked_sub(1) else {
                return Verdict::Unknown;
            };
            tries = left;
            from = op + 1;
            let Some(next) = outcome(spec, history, &state, op) else {
                continue;
            };
            remaining.take(op);
            if numbers.get(&next).is_some_and(|number| remaining.is_dead_end(number)) {
                remaining.put_back(op);
                continue;
            }
            // A read that fits: if there is any way on, then also one that begins with this
            // read, so there is no need to try others in its place. (Not so for a write that
            // happens to change nothing here; it may be needed later.)
            let forced = spec.is_read(history.input(op));
            path.push((op, std::mem::replace(&mut state, next), forced));
            from = 0;
        } else {
            furthest.update(remaining.known_left(), &path);
            if remaining.dead_end_bytes() + numbers.bytes() >= bounds.bytes {
                // Exact all the same: what is forgotten is only explored again.
                remaining.forget_dead_ends();
                numbers.0.clear();
            }
            remaining.remember_dead_end(numbers.get_or_insert(state));
            let Some((op, before, forced)) = path.pop() else {
                return Verdict::Violated(explain(spec, history, remaining, furthest.path));
            };
            remaining.put_back(op);
            state = before;
            from = if forced { usize::MAX } else { op + 1 };
        }
    }
    Verdict::Linearizable(path.into_iter().map(|(op, ..)| op).collect())
}

/// The state after `op`, unless its answer does not fit or placing it here is pointless.
fn outcome<M, H>(spec: &M, history: &H, state: &M::State, op: usize) -> Option<M::State>
where
    M: Sequential,
    H: History<Input = M::Input, Output = M::Output>,
{
    let (next, output) = spec.step(state, history.input(op));
    match history.output(op) {
        Some(seen) => (output == *seen).then_some(next),
        // No answer to explain and no effect: whatever follows can follow without it, and it can
        // still be placed later.
        None => (next != *state).then_some(next),
    }
}

/// Numbers for states, so that a dead end does not hold a copy of its state.
struct Numbers<S>(HashMap<S, u32>);

impl<S: Eq + Hash> Numbers<S> {
    fn get(&self, state: &S) -> Option<u32> {
        self.0.get(state).copied()
    }

    fn get_or_insert(&mut self, state: S) -> u32 {
        let next = u32::try_from(self.0.len()).expect("fewer than 2^32 states fit in memory");
        *self.0.entry(state).or_insert(next)
    }

    /// What the entries take, but for what states hold on the heap.
    fn bytes(&self) -> usize {
        self.0.len() * size_of::<(S, u32)>()
    }
}

/// The dead end that left the fewest operations of known outcome.
struct Furthest {
    known_left: usize,
    path: Vec<usize>,
}

impl Furthest {
    fn update<S>(&mut self, known_left: usize, path: &[(usize, S, bool)]) {
        if known_left < self.known_left {
            self.known_left = known_left;
            self.path.clear();
            self.path.extend(path.iter().map(|(op, ..)| op));
        }
    }
}

/// Why there is no way on after `prefix`. Expects nothing to be placed.
fn explain<M, H>(
    spec: &M,
    history: &H,
    remaining: &mut impl Remaining,
    prefix: Vec<usize>,
) -> Violation<M::State, M::Output>
where
    M: Sequential,
    H: History<Input = M::Input, Output = M::Output>,
{
    let mut state = spec.initial();
    for &op in &prefix {
        remaining.take(op);
        state = spec.step(&state, history.input(op)).0;
    }
    let mut refused = Vec::new();
    let mut from = 0;
    while let Some(op) = remaining.next(from) {
        from = op + 1;
        if history.output(op).is_some() {
            refused.push((op, spec.step(&state, history.input(op)).1));
        }
    }
    Violation { prefix, state, refused }
}
