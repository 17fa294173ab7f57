//! Records by id that many threads write once and read without a lock.

use super::sync::{AtomicU32, OnceLock, Ordering, side_by_side, zeros};

/// Four chunks of one size, then four of twice the size: little is unused, and nothing ever moves.
const FIRST_BITS: u32 = 6;
pub const CHUNKS: usize = 4 * 26;

/// A growing row of records of 32-bit numbers, all zero until written.
#[derive(Debug)]
pub struct Column {
    /// How many numbers a record has.
    width: usize,
    chunks: Box<[OnceLock<Box<[AtomicU32]>>]>,
}

impl Column {
    /// An empty row of records of `width` numbers.
    pub fn new(width: usize) -> Self {
        Column { width, chunks: (0..CHUNKS).map(|_| OnceLock::new()).collect() }
    }

    /// The record of `id`, to be read: who asks has been told of `id` after it was written.
    pub fn get(&self, id: u32) -> &[AtomicU32] {
        let (chunk, _, place) = locate(id);
        let chunk = self.chunks[chunk].get().expect("whoever has the id has seen it written");
        &chunk[place * self.width..][..self.width]
    }

    /// The record of `id`, to be written.
    pub fn open(&self, id: u32) -> &[AtomicU32] {
        let (chunk, size, place) = locate(id);
        let new = || zeros(size * self.width);
        &self.chunks[chunk].get_or_init(new)[place * self.width..][..self.width]
    }

    /// How many numbers the chunk has room for that a record beyond so many would be in.
    pub fn next_chunk(&self, count: u64) -> usize {
        locate(u32::try_from(count).unwrap_or(u32::MAX)).1 * self.width
    }

    /// Gives records another `width`, and each its content, by so many `hands`. Of `convert`, each
    /// asks for its own; it is shown a record where it was and where it will be, which may overlap.
    pub fn convert<C: FnMut(&[AtomicU32], &[AtomicU32])>(
        &mut self,
        width: usize,
        hands: usize,
        convert: impl Fn() -> C + Sync,
    ) {
        let before = self.width;
        let mut shares: Vec<Vec<_>> = (0..hands).map(|_| Vec::new()).collect();
        for (index, chunk) in self.chunks.iter_mut().enumerate() {
            shares[index % hands].push(chunk);
        }
        side_by_side(shares, |chunks| {
            let mut convert = convert();
            for chunk in chunks {
                let Some(numbers) = chunk.take() else {
                    continue;
                };
                let count = numbers.len() / before;
                let numbers = resized(numbers, count * before.max(width));
                let mut move_record = |record: usize| {
                    convert(
                        &numbers[record * before..][..before],
                        &numbers[record * width..][..width],
                    );
                };
                // None is written over before it was read.
                match width < before {
                    true => (0..count).for_each(&mut move_record),
                    false => (0..count).rev().for_each(&mut move_record),
                }
                assert!(chunk.set(resized(numbers, count * width)).is_ok(), "it was taken");
            }
        });
        self.width = width;
    }
}

/// Makes room for more, where they are if possible: large pieces of memory that are given back
/// leave holes, which little fits into.
pub fn resized(numbers: Box<[AtomicU32]>, count: usize) -> Box<[AtomicU32]> {
    let mut numbers = numbers.into_vec();
    numbers.reserve_exact(count.saturating_sub(numbers.len()));
    numbers.resize_with(count, || AtomicU32::new(0));
    numbers.into()
}

/// Copies what `key` says into the numbers of a record, the lower half of a word first.
pub fn write(record: &[AtomicU32], key: &[u64]) {
    for (index, number) in record.iter().enumerate() {
        number.store(half(key, index), Ordering::Relaxed);
    }
}

/// Copies the numbers of a record into the words of a `key`.
pub fn read(record: &[AtomicU32], key: &mut [u64]) {
    for (word, halves) in key.iter_mut().zip(record.chunks(2)) {
        let [low, high] = [0, 1].map(|half: usize| {
            halves.get(half).map_or(0, |number| u64::from(number.load(Ordering::Relaxed)))
        });
        *word = high << 32 | low;
    }
}

/// True if a record says the same as `key`.
pub fn equals(record: &[AtomicU32], key: &[u64]) -> bool {
    let mut numbers = record.iter().enumerate();
    numbers.all(|(index, number)| number.load(Ordering::Relaxed) == half(key, index))
}

fn half(key: &[u64], index: usize) -> u32 {
    (key[index / 2] >> (index % 2 * 32)) as u32
}

/// The chunk of `id`, the chunk's size, and where in it.
pub fn locate(id: u32) -> (usize, usize, usize) {
    let from_start = u64::from(id) + (4 << FIRST_BITS);
    let bits = from_start.ilog2() - 2;
    let quarter = (from_start >> bits) as usize & 3;
    let chunk = (bits - FIRST_BITS) as usize * 4 + quarter;
    (chunk, 1 << bits, from_start as usize & ((1 << bits) - 1))
}
