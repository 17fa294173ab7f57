//! States kept as bytes, taken apart into pieces, each kept once.
//!
//! The collapse compression of SPIN (Holzmann 1997): few values of a part make many states, and a
//! state is then a short row of their numbers. The parts are what the state's own serialisation
//! shows: the fields of its structs and tuples. Nothing is decided by a hash.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cut::cut;
use super::form::Form;
use crate::engine::values::Values;

/// By place in a row, the pieces met there, as bytes.
pub(super) struct Packed(Vec<Values<Box<[u8]>>>);

/// A state as bytes, and where its pieces end.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The state read last, its row, and room for the next one.
#[derive(Debug, Default)]
pub(super) struct Desk {
    near: Pieces,
    near_row: Vec<u32>,
    next: Pieces,
}

impl Packed {
    /// Rows as states like `example` need them.
    ///
    /// # Panics
    /// If it cannot be serialised.
    pub fn new<S: Serialize>(example: Option<&S>) -> Self {
        let mut pieces = Pieces::default();
        if let Some(state) = example {
            pieces.take(state);
        }
        Packed(pieces.ends.iter().map(|_| Values::default()).collect())
    }
}

impl Pieces {
    fn take<S: Serialize>(&mut self, state: &S) {
        self.bytes.clear();
        self.ends.clear();
        if let Err(error) = cut(state, &mut self.bytes, &mut self.ends) {
            panic!("a state cannot be serialised: {error}");
        }
    }

    /// Joins what a row stands for.
    fn join(&mut self, values: &[Values<Box<[u8]>>], row: &[u32]) {
        self.bytes.clear();
        self.ends.clear();
        for (values, number) in values.iter().zip(row) {
            self.bytes.extend_from_slice(values.get(*number));
            self.ends.push(self.bytes.len());
        }
    }

    /// The piece at a place.
    fn get(&self, place: usize) -> &[u8] {
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        &self.bytes[begin..self.ends[place]]
    }

    /// The state that these are.
    fn state<S: DeserializeOwned>(&self) -> S {
        match postcard::from_bytes(&self.bytes) {
            Ok(state) => state,
            Err(error) => panic!("a state was serialised and cannot be read back: {error}"),
        }
    }
}

impl<S: Clone + PartialEq + Serialize + DeserializeOwned> Form<S> for Packed {
    type Desk = Desk;
    type Held = S;

    fn width(&self) -> usize {
        self.0.len()
    }

    fn counts(&self) -> Vec<usize> {
        self.0.iter().map(Values::len).collect()
    }

    fn read<'f>(&'f self, row: &[u32], desk: &mut Desk) -> Cow<'f, S> {
        desk.near.join(&self.0, row);
        desk.near_row.clear();
        desk.near_row.extend_from_slice(row);
        Cow::Owned(desk.near.state())
    }

    fn number(&self, state: S, desk: &mut Desk, row: &mut [u32]) -> S {
        let Desk { near, near_row, next } = desk;
        next.take(&state);
        debug_assert!(next.state::<S>() == state, "{UNFAITHFUL}");
        assert!(next.ends.len() == self.0.len(), "states are serialised with different fields");
        for (place, values) in self.0.iter().enumerate() {
            let piece = next.get(place);
            row[place] = match near_row.get(place) {
                Some(number) if near.get(place) == piece => *number,
                _ => values.intern_slice(piece),
            };
        }
        state
    }

    fn confirm(&self, held: &S, row: &[u32]) {
        let mut pieces = Pieces::default();
        pieces.join(&self.0, row);
        assert!(pieces.state::<S>() == *held, "{UNFAITHFUL}");
    }

    fn held<'f>(&'f self, held: &'f S) -> &'f S {
        held
    }
}

const UNFAITHFUL: &str = "a state does not come back from its serialisation as it was";
