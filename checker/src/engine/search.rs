//! The search: level by level, so that what is found first is found by a shortest path.

use std::ops::Range;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::level::Level;
use super::options::{Options, Progress, Stop};
use super::parts::{Explorable, History};
use super::shared::Shared;
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
    pub transitions: u64,
    pub depth: u64,
    /// By property, a first state that decides it.
    pub deciding: Vec<Option<u32>>,
    pub stopped: Option<Stop>,
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
        transitions: 0,
        depth: 0,
        deciding: vec![None; shared.checks.len()],
        stopped: None,
    };
    let mut watch = Watch { options, progress, start };
    let mut left = 0;
    loop {
        let is_violated = collect(shared, &mut workers, &mut found.deciding);
        let ids: Vec<Range<u32>> = workers.iter_mut().flat_map(|w| w.next.drain(..)).collect();
        if is_violated && !options.keep_going {
            found.stopped = Some(Stop::Violation);
        }
        if ids.is_empty() || found.stopped.is_some() {
            if ids.is_empty() && left == 0 {
                // A limit was reached in the last moment: everything is explored all the same.
                found.stopped = found.stopped.filter(|stop| *stop == Stop::Violation);
            }
            return found;
        }
        let level = Level::new(&ids, found.states, found.transitions)
            .up_to(options.max_states.unwrap_or(u64::MAX));
        found.stopped = run_level(&level, &mut workers, found.depth, &mut watch);
        (found.states, found.transitions, left) = level.counts();
        if workers.iter().any(|worker| !worker.next.is_empty()) {
            found.depth += 1;
        }
    }
}

/// Joins what the workers found. True if something must always hold and does not.
fn collect<A: Explorable, C: Sync, G: History>(
    shared: &Shared<'_, A, C, G>,
    workers: &mut [Worker<'_, A, C, G>],
    deciding: &mut [Option<u32>],
) -> bool {
    for worker in workers.iter() {
        for (all, one) in deciding.iter_mut().zip(&worker.judge.found) {
            *all = all.or(*one);
        }
    }
    for worker in workers.iter_mut() {
        worker.judge.found.clone_from_slice(deciding);
    }
    let mut checks = shared.checks.iter().zip(deciding.iter());
    checks.any(|(check, state)| check.expectation.discovery_is_failure() && state.is_some())
}

/// Expands one level with all workers. Says why, if not all of it.
fn run_level<A: Explorable, C: Sync, G: History>(
    level: &Level,
    workers: &mut [Worker<'_, A, C, G>],
    depth: u64,
    watch: &mut Watch<'_>,
) -> Option<Stop> {
    if level.counts().2 < SMALL {
        workers[0].run(level, depth == 0);
        return watch.look(level, depth);
    }
    let mut stopped = None;
    std::thread::scope(|scope| {
        let (done, waiting) = channel();
        for worker in workers.iter_mut() {
            let done = done.clone();
            scope.spawn(move || {
                worker.run(level, depth == 0);
                drop(done);
            });
        }
        drop(done);
        // Nothing is ever sent: the channel closes when the last worker has ended.
        while waiting.recv_timeout(POLL) == Err::<(), _>(RecvTimeoutError::Timeout) {
            stopped = stopped.or_else(|| watch.look(level, depth));
            if stopped.is_some() {
                level.stop();
            }
        }
    });
    stopped.or_else(|| watch.look(level, depth))
}

/// Looks after limits, and tells how far the search has come.
struct Watch<'a> {
    options: &'a Options,
    progress: &'a mut dyn FnMut(&Progress),
    start: Instant,
}

impl Watch<'_> {
    /// Tells how far it is. Says why the search must stop, if it must.
    fn look(&mut self, level: &Level, depth: u64) -> Option<Stop> {
        let (states, transitions, queue) = level.counts();
        let elapsed = self.start.elapsed();
        (self.progress)(&Progress { states, transitions, depth, queue, elapsed });
        let Options { max_states, max_memory, max_time, .. } = self.options;
        if max_states.is_some_and(|limit| states >= limit) {
            return Some(Stop::States);
        }
        if max_time.is_some_and(|limit| elapsed >= limit) {
            return Some(Stop::Time);
        }
        let limit = (*max_memory)?;
        memory::resident().is_some_and(|held| held >= limit).then_some(Stop::Memory)
    }
}
