//! One level of the search: the work that its threads share, and their common count.

use std::ops::Range;

use super::sync::{AtomicBool, AtomicU64, Ordering};

/// States in a block of work.
const BLOCK: u32 = 256;

/// The states of one level, handed out in blocks of ids. Once it is empty or stopped, all are done.
#[derive(Debug)]
pub struct Level {
    /// One a thread: what is near each other was found near each other, and has much in common.
    shares: Vec<Share>,
    is_stopped: AtomicBool,
    /// Distinct states found so far, in all levels.
    states: AtomicU64,
    /// Successors generated so far, in all levels.
    transitions: AtomicU64,
    /// States of this level that nobody has expanded yet.
    queue: AtomicU64,
    /// With so many distinct states it stops.
    max_states: u64,
}

/// Whoever expands states on a thread of its own.
pub(super) trait Hand: Send {
    /// Works on `level` as this `thread` until nothing is left of it, or somebody says stop.
    fn run(&mut self, level: &Level, thread: usize);
}

/// Where one thread begins.
#[derive(Debug)]
struct Share {
    blocks: Vec<Range<u32>>,
    /// The first block that nobody has taken.
    next: AtomicU64,
}

impl Level {
    /// The ids of a level's states, for so many threads, and what was counted before it.
    pub fn new(ids: &[Range<u32>], threads: usize, states: u64, transitions: u64) -> Self {
        let blocks = ids.iter().flat_map(|ids| {
            let starts = ids.clone().step_by(BLOCK as usize);
            starts.map(|start| start..ids.end.min(start.saturating_add(BLOCK)))
        });
        let blocks: Vec<Range<u32>> = blocks.collect();
        let shares = blocks.chunks(blocks.len().div_ceil(threads).max(1));
        Level {
            shares: shares.map(Share::new).collect(),
            is_stopped: AtomicBool::new(false),
            states: AtomicU64::new(states),
            transitions: AtomicU64::new(transitions),
            queue: AtomicU64::new(ids.iter().map(|ids| ids.len() as u64).sum()),
            max_states: u64::MAX,
        }
    }

    /// Stops once there are `limit` distinct states.
    pub fn up_to(self, limit: u64) -> Self {
        Level { max_states: limit, ..self }
    }

    /// The next block for this thread, of its own share as long as there is one; `None` if there is
    /// none anywhere, or nobody should go on.
    pub fn take(&self, thread: usize) -> Option<Range<u32>> {
        if self.is_stopped() {
            return None;
        }
        let (others, own) = self.shares.split_at(thread.min(self.shares.len()));
        own.iter().chain(others).find_map(Share::take)
    }

    /// Counts what came of expanding so many states.
    pub fn count(&self, expanded: u64, states: u64, transitions: u64) {
        self.queue.fetch_sub(expanded, Ordering::Relaxed);
        let before = self.states.fetch_add(states, Ordering::Relaxed);
        if before + states >= self.max_states {
            self.stop();
        }
        self.transitions.fetch_add(transitions, Ordering::Relaxed);
    }

    /// Nobody takes another block.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::Relaxed);
    }

    /// True once somebody said stop.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }

    /// States and successors counted so far, and states that wait in this level.
    pub fn counts(&self) -> (u64, u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.states), load(&self.transitions), load(&self.queue))
    }
}

impl Share {
    fn new(blocks: &[Range<u32>]) -> Self {
        Share { blocks: blocks.to_vec(), next: AtomicU64::new(0) }
    }

    fn take(&self) -> Option<Range<u32>> {
        let block = self.next.fetch_add(1, Ordering::Relaxed);
        self.blocks.get(block as usize).cloned()
    }
}
