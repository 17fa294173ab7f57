//! States kept as bytes, taken apart into pieces, each kept once.
//!
//! The collapse compression of SPIN (Holzmann 1997): few values of a part make many states, and a
//! state is then a short row of their numbers. The parts are what the state's own serialisation
//! shows: the fields of its structs and tuples. Nothing is decided by a hash.

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cut::{Sink, cut};
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
struct Pieces {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// The state read last, its row, and room for the next one.
#[derive(Debug, Default)]
pub(super) struct Desk {
    near: Pieces,
    near_row: Vec<u32>,
    bytes: Vec<u8>,
    read: Pieces,
}

impl Packed {
    /// Rows as states like `example` need them.
    ///
    /// # Panics
    /// If it cannot be serialised.
    pub fn new<S: Serialize>(example: Option<&S>) -> Self {
        let mut count = Count(0);
        if let Some(state) = example {
            cut_or_panic(state, &mut Vec::new(), &mut count);
        }
        Packed((0..count.0).map(|_| Place::new()).collect())
    }
}

/// How many pieces there are.
struct Count(usize);

impl Sink for Count {
    fn piece(&mut self, _: &[u8]) {
        self.0 += 1;
    }
}

/// Numbers the pieces of a state that is likely to be near another.
struct Numbering<'a> {
    places: &'a [Place],
    near: &'a Pieces,
    near_row: &'a [u32],
    row: &'a mut [u32],
    /// The piece that comes next.
    at: usize,
}

impl Sink for Numbering<'_> {
    #[inline]
    fn piece(&mut self, piece: &[u8]) {
        let at = self.at;
        assert!(at < self.places.len(), "{UNEQUAL}");
        let place = &self.places[at];
        self.row[at] = match place.short(piece) {
            Some(number) => number,
            None => match self.near_row.get(at) {
                Some(number) if self.near.get(at) == piece => *number,
                _ => place.number(piece),
            },
        };
        self.at += 1;
    }
}

fn cut_or_panic<S: Serialize>(state: &S, bytes: &mut Vec<u8>, sink: &mut impl Sink) {
    if let Err(error) = cut(state, bytes, sink) {
        panic!("a state cannot be serialised: {error}");
    }
}

impl Place {
    fn new() -> Self {
        Place { values: Values::default(), short: zeros(1 + (1 << 8) + (1 << 16)) }
    }

    /// The number of a piece, if it is short and has been met.
    #[inline]
    fn short(&self, piece: &[u8]) -> Option<u32> {
        // Whoever has the number must see the value.
        self.short[index(piece)?].load(Ordering::Acquire).checked_sub(1)
    }

    fn number(&self, piece: &[u8]) -> u32 {
        let number = self.values.intern_slice(piece);
        if let Some(index) = index(piece) {
            self.short[index].store(number + 1, Ordering::Release);
        }
        number
    }
}

/// The place of a short piece among all short pieces.
#[inline]
fn index(piece: &[u8]) -> Option<usize> {
    match *piece {
        [] => Some(0),
        [one] => Some(1 + usize::from(one)),
        [one, two] => Some(1 + (1 << 8) + usize::from(u16::from_le_bytes([one, two]))),
        _ => None,
    }
}

impl Pieces {
    /// Joins what a row stands for.
    fn join(&mut self, places: &[Place], row: &[u32]) {
        self.bytes.clear();
        self.ends.clear();
        for (place, number) in places.iter().zip(row) {
            self.bytes.extend_from_slice(place.values.get(*number));
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
        self.0.iter().map(|place| place.values.len()).collect()
    }

    fn read<'f>(&'f self, row: &[u32], desk: &mut Desk) -> Cow<'f, S> {
        desk.near.join(&self.0, row);
        desk.near_row.clear();
        desk.near_row.extend_from_slice(row);
        Cow::Owned(desk.near.state())
    }

    fn number(&self, state: S, desk: &mut Desk, row: &mut [u32]) -> S {
        let Desk { near, near_row, bytes, .. } = desk;
        let mut numbering = Numbering { places: &self.0, near, near_row, row, at: 0 };
        cut_or_panic(&state, bytes, &mut numbering);
        assert!(numbering.at == self.0.len(), "{UNEQUAL}");
        if cfg!(debug_assertions) {
            self.confirm(&state, desk, row);
        }
        state
    }

    fn confirm(&self, held: &S, desk: &mut Desk, row: &[u32]) {
        desk.read.join(&self.0, row);
        assert!(desk.read.state::<S>() == *held, "{UNFAITHFUL}");
    }

    fn held<'f>(&'f self, held: &'f S) -> &'f S {
        held
    }
}

const UNFAITHFUL: &str = "a state does not come back from its serialisation as it was";
const UNEQUAL: &str = "states are serialised with different fields";
