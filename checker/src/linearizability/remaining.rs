//! Which operations of a history are placed, and which may come next.
//!
//! The search asks the same questions of two representations: [`Small`] is a word and needs no
//! allocation; [`Large`] keeps the operations that are ready up to date, because scanning thousands
//! of them at each step would be too slow. Both also remember the dead ends of the search, as
//! sets of (operations placed, number of the state), because that is where their keys differ.

use super::History;
use std::collections::HashSet;

/// The operations placed so far, as the search sees them.
pub(super) trait Remaining {
    /// Whether all operations of known outcome are placed.
    fn is_finished(&self) -> bool;
    /// How many operations of known outcome are not placed.
    fn known_left(&self) -> usize;
    /// The first operation from number `from` on that may come next.
    fn next(&self, from: usize) -> Option<usize>;
    /// Places an operation that may come next.
    fn take(&mut self, op: usize);
    /// Undoes the latest [`take`](Self::take) that is not undone.
    fn put_back(&mut self, op: usize);
    /// Remembers that there is no way on from here in state number `state`.
    fn remember_dead_end(&mut self, state: u32);
    /// Whether that has been remembered.
    fn is_dead_end(&mut self, state: u32) -> bool;
    /// What the dead ends take, in bytes.
    fn dead_end_bytes(&self) -> usize;
    /// Remembers none any more.
    fn forget_dead_ends(&mut self);
}

/// At most 64 operations, a bit each.
pub(super) struct Small {
    /// For every operation a set from which all its predecessors follow. What is placed always
    /// includes the predecessors of what is placed, so these need not be the whole set.
    predecessors: [u64; Self::CAPACITY],
    known: u64,
    all: u64,
    placed: u64,
    dead_ends: HashSet<(u64, u32)>,
}

impl Small {
    /// The most operations there can be.
    pub(super) const CAPACITY: usize = u64::BITS as usize;

    /// Nothing placed.
    pub(super) fn new(history: &impl History) -> Self {
        let mut predecessors = [0; Self::CAPACITY];
        let (mut known, mut all) = (0, 0);
        for (op, before) in predecessors.iter_mut().enumerate().take(history.len()) {
            history.predecessors(op, |earlier| *before |= 1 << earlier);
            all |= 1 << op;
            known |= u64::from(history.output(op).is_some()) << op;
        }
        Self { predecessors, known, all, placed: 0, dead_ends: HashSet::new() }
    }
}

impl Remaining for Small {
    fn is_finished(&self) -> bool {
        self.known & !self.placed == 0
    }

    fn known_left(&self) -> usize {
        (self.known & !self.placed).count_ones() as usize
    }

    fn next(&self, from: usize) -> Option<usize> {
        let below = u64::MAX.checked_shl(from as u32).unwrap_or(0);
        let mut open = self.all & !self.placed & below;
        while open != 0 {
            let op = open.trailing_zeros() as usize;
            if self.predecessors[op] & !self.placed == 0 {
                return Some(op);
            }
            open &= open - 1;
        }
        None
    }

    fn take(&mut self, op: usize) {
        self.placed |= 1 << op;
    }

    fn put_back(&mut self, op: usize) {
        self.placed &= !(1 << op);
    }

    fn remember_dead_end(&mut self, state: u32) {
        self.dead_ends.insert((self.placed, state));
    }

    fn is_dead_end(&mut self, state: u32) -> bool {
        self.dead_ends.contains(&(self.placed, state))
    }

    fn dead_end_bytes(&self) -> usize {
        self.dead_ends.len() * size_of::<(u64, u32)>()
    }

    fn forget_dead_ends(&mut self) {
        self.dead_ends.clear();
    }
}

/// Any number of operations.
pub(super) struct Large {
    /// All successors that a predecessor names, operation after operation.
    successors: Vec<usize>,
    /// For every operation where its successors begin; one more for the end.
    successor_starts: Vec<usize>,
    /// For every operation how many of its named predecessors are not placed.
    waiting: Vec<u32>,
    known: Vec<bool>,
    known_left: usize,
    placed: Vec<u64>,
    ready: Vec<u64>,
    dead_ends: HashSet<Box<[u64]>>,
    dead_end_bytes: usize,
    /// Room for the key that is looked up, kept to save an allocation each time.
    key: Vec<u64>,
}

impl Large {
    /// Nothing placed.
    pub(super) fn new(history: &impl History) -> Self {
        let count = history.len();
        let mut edges = Vec::new();
        let mut waiting = vec![0; count];
        for (op, waits_for) in waiting.iter_mut().enumerate() {
            history.predecessors(op, |earlier| {
                edges.push((earlier, op));
                *waits_for += 1;
            });
        }
        edges.sort_unstable();
        let successor_starts =
            (0..=count).map(|op| edges.partition_point(|&(earlier, _)| earlier < op)).collect();
        let known: Vec<_> = (0..count).map(|op| history.output(op).is_some()).collect();
        let mut ready = vec![0; count.div_ceil(64)];
        for (op, _) in waiting.iter().enumerate().filter(|&(_, &waits_for)| waits_for == 0) {
            flip(&mut ready, op);
        }
        Self {
            successors: edges.into_iter().map(|(_, op)| op).collect(),
            successor_starts,
            waiting,
            known_left: known.iter().filter(|&&known| known).count(),
            known,
            placed: vec![0; count.div_ceil(64)],
            ready,
            dead_ends: HashSet::new(),
            dead_end_bytes: 0,
            key: Vec::new(),
        }
    }

    fn successors(&self, op: usize) -> std::ops::Range<usize> {
        self.successor_starts[op]..self.successor_starts[op + 1]
    }

    /// Writes state and placed operations as a key that is short because it omits the words that
    /// are full at the front and empty at the end; nearly all are when the history is long.
    fn write_key(&mut self, state: u32) {
        let full = self.placed.iter().take_while(|&&word| word == u64::MAX).count();
        let empty = self.placed.iter().rev().take_while(|&&word| word == 0).count();
        let end = (self.placed.len() - empty).max(full);
        self.key.clear();
        self.key.push(u64::from(state) << 32 | full as u64);
        self.key.extend_from_slice(&self.placed[full..end]);
    }
}

impl Remaining for Large {
    fn is_finished(&self) -> bool {
        self.known_left == 0
    }

    fn known_left(&self) -> usize {
        self.known_left
    }

    fn next(&self, from: usize) -> Option<usize> {
        let first = from / 64;
        let below = u64::MAX << (from % 64);
        let mut word = self.ready.get(first)? & below;
        for index in first.. {
            if word != 0 {
                return Some(index * 64 + word.trailing_zeros() as usize);
            }
            word = *self.ready.get(index + 1)?;
        }
        None
    }

    fn take(&mut self, op: usize) {
        flip(&mut self.placed, op);
        flip(&mut self.ready, op);
        self.known_left -= usize::from(self.known[op]);
        for place in self.successors(op) {
            let successor = self.successors[place];
            self.waiting[successor] -= 1;
            if self.waiting[successor] == 0 {
                flip(&mut self.ready, successor);
            }
        }
    }

    fn put_back(&mut self, op: usize) {
        for place in self.successors(op) {
            let successor = self.successors[place];
            if self.waiting[successor] == 0 {
                flip(&mut self.ready, successor);
            }
            self.waiting[successor] += 1;
        }
        self.known_left += usize::from(self.known[op]);
        flip(&mut self.ready, op);
        flip(&mut self.placed, op);
    }

    fn remember_dead_end(&mut self, state: u32) {
        self.write_key(state);
        if self.dead_ends.insert(self.key.as_slice().into()) {
            self.dead_end_bytes += size_of::<Box<[u64]>>() + size_of_val(self.key.as_slice());
        }
    }

    fn is_dead_end(&mut self, state: u32) -> bool {
        self.write_key(state);
        self.dead_ends.contains(self.key.as_slice())
    }

    fn dead_end_bytes(&self) -> usize {
        self.dead_end_bytes
    }

    fn forget_dead_ends(&mut self) {
        self.dead_ends.clear();
        self.dead_end_bytes = 0;
    }
}

fn flip(set: &mut [u64], op: usize) {
    set[op / 64] ^= 1 << (op % 64);
}
