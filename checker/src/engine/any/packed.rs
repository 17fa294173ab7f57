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
use crate::engine::sync::{AtomicU32, Ordering, zeros};
use crate::engine::values::Values;

/// By place in a row, the pieces met there.
pub(super) struct Packed(Vec<Place>);

/// The pieces met at one place, as bytes.
struct Place {
    values: Values<Box<[u8]>>,
    /// By piece of at most two bytes, its number counted from 1, if it has been met.
    short: Box<[AtomicU32]>,
}

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
        Packed(pieces.ends.iter().map(|_| Place::new()).collect())
    }
}

impl Place {
    fn new() -> Self {
        Place { values: Values::default(), short: zeros(1 + (1 << 8) + (1 << 16)) }
    }

    /// The number of a piece, where `near` is likely to be its bytes and its number.
    #[inline]
    fn number(&self, piece: &[u8], near: Option<(&[u8], u32)>) -> u32 {
        let index = match *piece {
            [] => 0,
            [one] => 1 + usize::from(one),
            [one, two] => 1 + (1 << 8) + usize::from(u16::from_le_bytes([one, two])),
            _ => {
                let near = near.filter(|(bytes, _)| *bytes == piece);
                return near.map_or_else(|| self.values.intern_slice(piece), |(_, number)| number);
            }
        };
        // Whoever has the number must see the value.
        if let Some(number) = self.short[index].load(Ordering::Acquire).checked_sub(1) {
            return number;
        }
        let number = self.values.intern_slice(piece);
        self.short[index].store(number + 1, Ordering::Release);
        number
    }
}

impl Pieces {
    fn take<S: Serialize>(&mut self, state: &S) {
        if let Err(error) = cut(state, &mut self.bytes, &mut self.ends) {
            panic!("a state cannot be serialised: {error}");
        }
    }

    /// Joins what a row stands for.
    fn join(&mut self, places: &[Place], row: &[u32]) {
        self.bytes.clear();
        self.ends.clear();
        for (place, number) in places.iter().zip(row) {
            self.bytes.extend_from_slice(place.values.get(*number));
            self.ends.push(self.bytes.len());
        }
    }

    #[inline]
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|(begin, end)| &self.bytes[begin..*end])
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
        self.0.iter().map(|place| place.values.len()).collect()
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
        let mut near = near.iter().zip(near_row.iter().copied());
        for ((place, piece), number) in self.0.iter().zip(next.iter()).zip(row) {
            *number = place.number(piece, near.next());
        }
        state
    }

    fn confirm(&self, held: &S, desk: &mut Desk, row: &[u32]) {
        desk.next.join(&self.0, row);
        assert!(desk.next.state::<S>() == *held, "{UNFAITHFUL}");
    }

    fn held<'f>(&'f self, held: &'f S) -> &'f S {
        held
    }
}

const UNFAITHFUL: &str = "a state does not come back from its serialisation as it was";
