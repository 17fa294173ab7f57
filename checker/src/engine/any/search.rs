//! The search: level by level, so that what is found first is found by a shortest path.

use std::ops::Range;
use std::time::Instant;

use stateright::Model;

use super::form::Form;
use super::options::AnyOptions;
use super::shared::Shared;
use super::worker::{Broken, Worker};
use crate::engine::level::Level;
use crate::engine::options::{Progress, Stop};
use crate::engine::search::{Watch, run_level};

/// What a search found, by numbers.
pub(super) struct Found {
    pub states: u64,
    pub transitions: u64,
    pub depth: u64,
    pub levels: Vec<u64>,
    /// By property, a first state that decides it.
    pub deciding: Vec<Option<u32>>,
    /// By property, a first state on which its condition panicked, and the words.
    pub panicked: Vec<Option<(u32, String)>>,
    /// The first panic of the model itself.
    pub broken: Option<Broken>,
    pub stopped: Option<Stop>,
}

/// Explores from the `initial` states.
pub(super) fn search<M, F>(
    shared: &Shared<'_, M, F>,
    initial: Vec<M::State>,
    options: &AnyOptions<M::State, M::Action>,
    progress: &mut dyn FnMut(&Progress),
) -> Found
where
    M: Model<State: Clone + PartialEq> + Sync,
    F: Form<M::State>,
{
    let (start, options) = (Instant::now(), options.common());
    let mut workers: Vec<Worker<'_, '_, M, F>> =
        (0..options.threads).map(|_| Worker::new(shared)).collect();
    let mut found = Found {
        states: workers[0].start(initial),
        transitions: 0,
        depth: 0,
        levels: Vec::new(),
        deciding: vec![None; shared.checks.len()],
        panicked: vec![None; shared.checks.len()],
        broken: None,
        stopped: None,
    };
    let mut watch = Watch::new(&options, progress, start, found.states);
    let mut left = 0;
    loop {
        collect(&mut workers, &mut found);
        if found.is_failure(shared) && !options.keep_going {
            found.stopped = Some(Stop::Violation);
        }
        let ids: Vec<Range<u32>> = workers.iter_mut().flat_map(|w| w.next.drain(..)).collect();
        if ids.is_empty() && left == 0 {
            // A limit was reached in the last moment: everything is explored all the same.
            found.stopped = found.stopped.filter(|stop| *stop == Stop::Violation);
        } else if options.max_depth == Some(found.depth) && !ids.is_empty() {
            found.stopped.get_or_insert(Stop::Depth);
        }
        if ids.is_empty() || found.stopped.is_some() {
            found.levels = watch.levels;
            return found;
        }
        let level = Level::new(&ids, options.threads, found.states, found.transitions)
            .up_to(options.max_states.unwrap_or(u64::MAX));
        let before = found.states;
        found.stopped = run_level(&level, &mut workers, &mut watch, &|| shared.soon());
        (found.states, found.transitions, left) = level.counts();
        if found.states > before {
            watch.levels.push(found.states - before);
            found.depth += 1;
        }
    }
}

/// Joins what the workers found.
fn collect<M: Model, F>(workers: &mut [Worker<'_, '_, M, F>], found: &mut Found) {
    for worker in workers.iter_mut() {
        for (all, one) in found.deciding.iter_mut().zip(&worker.found) {
            *all = all.or(*one);
        }
        for (all, one) in found.panicked.iter_mut().zip(&mut worker.panicked) {
            let one = one.take();
            *all = all.take().or(one);
        }
        let broken = worker.broken.take();
        found.broken = found.broken.take().or(broken);
    }
    for worker in workers {
        worker.found.clone_from_slice(&found.deciding);
    }
}

impl Found {
    /// True if something must always hold and does not, or something panicked.
    fn is_failure<M: Model, F>(&self, shared: &Shared<'_, M, F>) -> bool {
        let mut checks = shared.checks.iter().zip(&self.deciding);
        self.broken.is_some()
            || self.panicked.iter().any(Option::is_some)
            || checks
                .any(|(check, state)| check.expectation.discovery_is_failure() && state.is_some())
    }
}
