//! Numbers by number that many threads write once and read without a lock.

use super::sync::{AtomicU64, OnceLock, Ordering};

/// Four chunks of one size, then four of twice the size: little is unused, and nothing ever moves.
const FIRST_BITS: u32 = 6;
const CHUNKS: usize = 4 * 26;

/// A growing row of 64-bit numbers, zero until written.
#[derive(Debug)]
pub struct Column {
    chunks: Box<[OnceLock<Box<[AtomicU64]>>]>,
}

impl Default for Column {
    fn default() -> Self {
        Column { chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect() }
    }
}

impl Column {
    /// Writes the number at `place`. Who reads it must have been told of `place` after that.
    pub fn set(&self, place: u32, number: u64) {
        self.cell(place).store(number, Ordering::Relaxed);
    }

    /// Sets these bits at `place`, where others may be set at the same time.
    pub fn add(&self, place: u32, bits: u64) {
        self.cell(place).fetch_or(bits, Ordering::Relaxed);
    }

    /// The number at `place`, where one was written.
    pub fn get(&self, place: u32) -> u64 {
        let (chunk, _, offset) = locate(place);
        let chunk = self.chunks[chunk].get().expect("whoever has the place has seen it written");
        chunk[offset].load(Ordering::Relaxed)
    }

    fn cell(&self, place: u32) -> &AtomicU64 {
        let (chunk, size, offset) = locate(place);
        let new = || (0..size).map(|_| AtomicU64::new(0)).collect();
        &self.chunks[chunk].get_or_init(new)[offset]
    }
}

/// The chunk of `place`, its size, and where in it.
fn locate(place: u32) -> (usize, usize, usize) {
    let from_start = u64::from(place) + (4 << FIRST_BITS);
    let bits = from_start.ilog2() - 2;
    let quarter = (from_start >> bits) as usize & 3;
    let chunk = (bits - FIRST_BITS) as usize * 4 + quarter;
    (chunk, 1 << bits, from_start as usize & ((1 << bits) - 1))
}
