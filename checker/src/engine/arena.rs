//! Values by number that many threads add to and read without a lock.

use super::sync::{AtomicU64, OnceLock, Ordering};

/// The first chunk has so many places; each further one twice as many as the one before.
const FIRST: u64 = 64;
const CHUNKS: usize = 26;

/// A growing row of values. What is in it stays where it is.
#[derive(Debug)]
pub struct Arena<T> {
    chunks: [OnceLock<Chunk<T>>; CHUNKS],
    count: AtomicU64,
}

type Chunk<T> = Box<[OnceLock<T>]>;

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena { chunks: std::array::from_fn(|_| OnceLock::new()), count: AtomicU64::new(0) }
    }
}

impl<T> Arena<T> {
    /// Adds `value`, and returns its number.
    ///
    /// # Panics
    /// If the arena is full, after about four thousand million values.
    pub fn push(&self, value: T) -> u32 {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let (chunk, place) = locate(number);
        let chunk = self.chunks[chunk]
            .get_or_init(|| (0..FIRST << chunk).map(|_| OnceLock::new()).collect());
        assert!(chunk[place].set(value).is_ok(), "every number is given once");
        u32::try_from(number).expect("fewer than 2^32 values")
    }

    /// The value with this number, which its `push` has returned.
    pub fn get(&self, number: u32) -> &T {
        let (chunk, place) = locate(u64::from(number));
        let value = self.chunks[chunk].get().and_then(|chunk| chunk[place].get());
        value.expect("whoever has the number has seen the value put down")
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }
}

fn locate(number: u64) -> (usize, usize) {
    let from_first = number / FIRST + 1;
    let chunk = from_first.ilog2();
    let before = FIRST * ((1 << chunk) - 1);
    (chunk as usize, (number - before) as usize)
}
