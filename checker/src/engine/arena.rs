//! Values by number that many threads put down and read without a lock.

use super::column::{CHUNKS, locate};
use super::sync::{AtomicU64, OnceLock, Ordering};

/// A growing row of places, each empty until somebody fills it. What is in it stays where it is.
#[derive(Debug)]
pub struct Places<T> {
    chunks: [OnceLock<Chunk<T>>; CHUNKS],
}

type Chunk<T> = Box<[OnceLock<T>]>;

impl<T> Default for Places<T> {
    fn default() -> Self {
        Places { chunks: std::array::from_fn(|_| OnceLock::new()) }
    }
}

impl<T> Places<T> {
    /// What is at `number`, if anything is.
    pub fn get(&self, number: u32) -> Option<&T> {
        let (chunk, _, place) = locate(number);
        self.chunks[chunk].get()?[place].get()
    }

    /// What is at `number`, which is empty: `value`, or what another thread has just put there.
    pub fn put(&self, number: u32, value: T) -> &T {
        self.place(number).get_or_init(|| value)
    }

    fn place(&self, number: u32) -> &OnceLock<T> {
        let (chunk, size, place) = locate(number);
        let new = || (0..size).map(|_| OnceLock::new()).collect();
        &self.chunks[chunk].get_or_init(new)[place]
    }
}

/// A growing row of values.
#[derive(Debug)]
pub struct Arena<T> {
    places: Places<T>,
    count: AtomicU64,
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { places: Places::default(), count: AtomicU64::new(0) }
    }
}

impl<T> Arena<T> {
    /// Adds `value`, and returns its number.
    ///
    /// # Panics
    /// If the arena is full, after about four thousand million values.
    pub fn push(&self, value: T) -> u32 {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let number = u32::try_from(number).expect("fewer than 2^32 values");
        assert!(self.places.place(number).set(value).is_ok(), "every number is given once");
        number
    }

    /// The value with this number, which its `push` has returned.
    pub fn get(&self, number: u32) -> &T {
        self.places.get(number).expect("whoever has the number has seen the value put down")
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }
}
