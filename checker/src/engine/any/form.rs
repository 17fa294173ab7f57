//! How the states of any model are kept: as rows of numbers, each of which stands for a part.

use std::borrow::Cow;
use std::hash::Hash;

use crate::engine::values::Values;

/// A way to keep states. Equal states have the same row, different ones different rows.
pub(super) trait Form<S: Clone>: Sync {
    /// What a thread keeps of the state whose successors it numbers.
    type Desk: Default;
    /// A state that was numbered, until it has been judged.
    type Held;

    /// How many numbers a row has.
    fn width(&self) -> usize;

    /// By place in a row, how many values there are by now.
    fn counts(&self) -> Vec<usize>;

    /// The state of a row; its successors are numbered next.
    fn read<'f>(&'f self, row: &[u32], desk: &mut Self::Desk) -> Cow<'f, S>;

    /// Writes the row of a state, which is likely to be near the one read last.
    fn number(&self, state: S, desk: &mut Self::Desk, row: &mut [u32]) -> Self::Held;

    /// Makes sure that the row of a state that is new tells all of it.
    fn confirm(&self, held: &Self::Held, desk: &mut Self::Desk, row: &[u32]);

    /// A state that was numbered.
    fn held<'f>(&'f self, held: &'f Self::Held) -> &'f S;
}

/// States kept whole, each once: a row is one number.
pub(super) struct Whole<S>(Values<S>);

impl<S> Whole<S> {
    pub fn new() -> Self {
        Whole(Values::default())
    }
}

impl<S: Clone + Eq + Hash + Send + Sync> Form<S> for Whole<S> {
    type Desk = ();
    type Held = u32;

    fn width(&self) -> usize {
        1
    }

    fn counts(&self) -> Vec<usize> {
        vec![self.0.len()]
    }

    fn read<'f>(&'f self, row: &[u32], (): &mut ()) -> Cow<'f, S> {
        Cow::Borrowed(self.0.get(row[0]))
    }

    fn number(&self, state: S, (): &mut (), row: &mut [u32]) -> u32 {
        row[0] = self.0.intern(state);
        row[0]
    }

    fn confirm(&self, _: &u32, (): &mut (), _: &[u32]) {}

    fn held<'f>(&'f self, held: &'f u32) -> &'f S {
        self.0.get(*held)
    }
}
