//! The search: level by level, so that what is found first is found by a shortest path.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::checks::Decision;
use super::level::{Hand, Level};
use super::options::{Options, Progress, Stop};
use super::outcome::Sizes;
use super::parts::{Explorable, History};
use super::shared::Shared;
use super::tally::Tally;
use super::worker::Worker;
use crate::memory;
use crate::spec::State;

/// How often limits are looked at, and progress is told.
const POLL: Duration = Duration::from_millis(50);
/// A level of fewer states than this is not worth a second thread.
const SMALL: u64 = 256;

/// What a search found, by numbers.
pub(super) struct Found {
    pub states: u64,
    /// With all their renamings.
    pub whole: u64,
    pub transitions: u64,
    pub depth: u64,
    /// By property, a first state that decides it.
    pub deciding: Vec<Option<Decision>>,
    pub stopped: Option<Stop>,
    pub levels: Vec<u64>,
    pub tally: Tally,
    /// The sizes when half of the states had been found.
    pub half: Sizes,
}

/// Explores from `initial`, whose leaves are `leaves`.
pub(super) fn search<A: Explorable, C: Sync, G: History>(
    shared: &Shared<'_, A, C, G>,
    initial: &State<A, G>,
    leaves: &[u32],
    options: &Options,
    progress: &mut dyn FnMut(&Progress),
) -> Found {
    let start = Instant::now();
    let threads = options.threads.max(1);
    let mut workers: Vec<Worker<'_, A, C, G>> =
        (0..threads).map(|_| Worker::new(shared, initial, leaves)).collect();
    let mut found = Found {
        states: workers[0].start(leaves),
        whole: 0,
        transitions: 0,
        depth: 0,
        deciding: vec![None; shared.checks.len()],
        stopped: None,
        levels: Vec::new(),
        tally: Tally::default(),
        half: Sizes::default(),
    };
    let mut sizes = Vec::new();
    let mut watch = Watch::new(options, progress, start, found.states);
    let mut left = 0;
    loop {
        let is_violated = collect(shared, &mut workers, &mut found.deciding);
        let ids: Vec<Range<u32>> = workers.iter_mut().flat_map(|w| w.next.drain(..)).collect();
        if is_violated && !options.keep_going {
            found.stopped = Some(Stop::Violation);
        }
        if options.max_depth == Some(found.depth) && !ids.is_empty() {
            found.stopped.get_or_insert(Stop::Depth);
        }
        if ids.is_empty() || found.stopped.is_some() {
            if ids.is_empty() && left == 0 {
                // A limit was reached in the last moment: everything is explored all the same.
                found.stopped = found.stopped.filter(|stop| *stop == Stop::Violation);
            }
            found.levels = watch.levels;
            found.half = half(&found.levels, &sizes);
            workers.iter().for_each(|worker| found.tally.join(&worker.tally));
            let wholes = workers.iter().map(|worker| worker.least.as_ref().map(|it| it.whole));
            found.whole = wholes.sum::<Option<u64>>().unwrap_or(found.states);
            return found;
        }
        sizes.push(shared.sizes());
        workers.iter_mut().for_each(|worker| worker.tally.next_level());
        let level = Level::new(&ids, threads, found.states, found.transitions)
            .up_to(options.max_states.unwrap_or(u64::MAX));
        let before = found.states;
        let soon = || shared.visited.soon();
        found.stopped = run_level(&level, &mut workers, &mut watch, &soon);
        (found.states, found.transitions, left) = level.counts();
        if found.states > before {
            watch.levels.push(found.states - before);
            found.depth += 1;
        }
    }
}

/// Of the `sizes` before each level, those when half of the states had been found.
fn half(levels: &[u64], sizes: &[Sizes]) -> Sizes {
    let all: u64 = levels.iter().sum();
    let so_far = levels.iter().scan(0, |sum, level| {
        *sum += level;
        Some(*sum)
    });
    let mut pairs = so_far.zip(sizes);
    pairs.find(|(states, _)| states * 2 >= all).map_or(Sizes::default(), |(_, sizes)| *sizes)
}

/// Joins what the workers found. True if something must always hold and does not, or panics.
fn collect<A: Explorable, C: Sync, G: History>(
    shared: &Shared<'_, A, C, G>,
    workers: &mut [Worker<'_, A, C, G>],
    deciding: &mut [Option<Decision>],
) -> bool {
    for worker in workers.iter() {
        for (all, one) in deciding.iter_mut().zip(&worker.judge.found) {
            if all.is_none() {
                all.clone_from(one);
            }
        }
    }
    for worker in workers.iter_mut() {
        worker.judge.found.clone_from_slice(deciding);
    }
    let mut checks = shared.checks.iter().zip(deciding.iter());
    checks.any(|(check, decision)| decision.as_ref().is_some_and(|it| check.is_failed_by(it)))
}

/// Expands one level with all workers. Says why, if not all of it. `soon` tells how many bytes the
/// search is about to need.
pub(super) fn run_level(
    level: &Level,
    workers: &mut [impl Hand],
    watch: &mut Watch<'_>,
    soon: &dyn Fn() -> u64,
) -> Option<Stop> {
    let mut look = || watch.look(level, soon());
    if level.counts().2 < SMALL {
        workers[0].run(level, 0);
        return look();
    }
    let mut stopped = None;
    std::thread::scope(|scope| {
        let (done, waiting) = channel();
        for (thread, worker) in workers.iter_mut().enumerate() {
            let done = done.clone();
            scope.spawn(move || {
                let _guard = StopIfPanicking(level);
                worker.run(level, thread);
                drop(done);
            });
        }
        drop(done);
        // Nothing is ever sent: the channel closes when the last worker has ended.
        while waiting.recv_timeout(POLL) == Err::<(), _>(RecvTimeoutError::Timeout) {
            stopped = stopped.or_else(&mut look);
            if stopped.is_some() {
                level.stop();
            }
        }
    });
    stopped.or_else(look)
}

/// Stops the level when its thread panics, so that the others do not go on for nothing.
struct StopIfPanicking<'l>(&'l Level);

impl Drop for StopIfPanicking<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

/// Looks after limits, and tells how far the search has come.
pub(super) struct Watch<'a> {
    options: &'a Options,
    progress: &'a mut dyn FnMut(&Progress),
    start: Instant,
    /// By depth, the states found, but for those of the level that is being found.
    pub levels: Vec<u64>,
}

impl<'a> Watch<'a> {
    /// From `start` on; so many states are there already.
    pub fn new(
        options: &'a Options,
        progress: &'a mut dyn FnMut(&Progress),
        start: Instant,
        states: u64,
    ) -> Self {
        Watch { options, progress, start, levels: vec![states] }
    }

    /// Tells how far it is. Says why the search must stop, if it must: before the bytes that it
    /// needs `soon` would be too many.
    fn look(&mut self, level: &Level, soon: u64) -> Option<Stop> {
        let (states, transitions, queue) = level.counts();
        let (elapsed, memory) = (self.start.elapsed(), memory::resident());
        (self.progress)(&Progress {
            states,
            transitions,
            depth: self.levels.len() as u64 - 1,
            queue,
            left: left(&self.levels, states),
            memory,
            elapsed,
        });
        let Options { max_states, max_memory, max_time, interrupt, .. } = self.options;
        if interrupt.load(Ordering::Relaxed) {
            return Some(Stop::Interrupt);
        }
        if max_states.is_some_and(|limit| states >= limit) {
            return Some(Stop::States);
        }
        if max_time.is_some_and(|limit| elapsed >= limit) {
            return Some(Stop::Time);
        }
        let limit = (*max_memory)?;
        memory.is_some_and(|held| held + soon >= limit).then_some(Stop::Memory)
    }
}

/// How many states are still to be found, if levels go on shrinking as the last ones do, and
/// `states` have been found.
fn left(levels: &[u64], states: u64) -> Option<u64> {
    let [.., first, second, last] = levels else { return None };
    if second >= first || last >= second {
        return None;
    }
    // The slower of the last two.
    let ratio = (*last as f64 / *second as f64).max(*second as f64 / *first as f64);
    let to_come = *last as f64 * ratio / (1.0 - ratio);
    let found = states.saturating_sub(levels.iter().sum());
    Some((to_come as u64).saturating_sub(found))
}

#[cfg(test)]
mod tests {
    use super::left;

    #[test]
    fn what_is_left_is_told_where_levels_shrink() {
        assert_eq!(left(&[1, 4, 8], 13), None);
        assert_eq!(left(&[1, 400, 200, 100], 701), Some(100));
        assert_eq!(left(&[1, 400, 200, 100], 731), Some(70));
        assert_eq!(left(&[1, 400, 100, 50], 551), Some(50));
    }
}
