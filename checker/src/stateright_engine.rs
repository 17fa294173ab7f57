//! Searches a spec with Stateright's breadth-first search, and closes its traps: limits that read
//! as a pass, a time limit that one thread ignores, discoveries that longer ones overwrite.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use stateright::actor::Actor;
use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};

use crate::caught::caught;
use crate::engine::{Answer, Explorable, History};
use crate::found::{Search, counterexample_in};
use crate::memory;
use crate::report::{INTERRUPTED, Limits, Progress, grouped};
use crate::spec::{ActionOf, MOST_PROPERTIES, Spec, State, for_each_property};

/// True in every state, so that the search never thinks that it has seen all it wants to.
const TO_THE_END: &str = "explored to the end";

/// If nothing new is found for so long, something does not return.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same once the search was told to stop.
const AFTERWARDS: Duration = Duration::from_secs(5);

/// How often limits are looked at.
const POLL: Duration = Duration::from_millis(20);

/// A spec whose search can be stopped, and which reports each discovery once: the first, which on
/// one thread is the shortest.
struct Supervised<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    spec: Arc<Spec<A, C, G>>,
    properties: Vec<Property<Spec<A, C, G>>>,
    /// If set, only this property is looked at.
    only: Option<usize>,
    found: Vec<AtomicBool>,
    /// The words of a condition that panicked.
    panics: Vec<OnceLock<Arc<str>>>,
    stop: Arc<AtomicBool>,
}

impl<A, C, G> Supervised<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    fn new(spec: &Arc<Spec<A, C, G>>, only: Option<usize>, stop: &Arc<AtomicBool>) -> Self {
        let properties = spec.properties();
        let found = properties.iter().map(|_| AtomicBool::new(false)).collect();
        let panics = properties.iter().map(|_| OnceLock::new()).collect();
        let (spec, stop) = (Arc::clone(spec), Arc::clone(stop));
        Supervised { spec, properties, only, found, panics, stop }
    }

    /// The condition of property `index`, until it was discovered.
    fn watch(&self, index: usize, state: &State<A, G>) -> bool {
        let property = &self.properties[index];
        let undiscovered = property.expectation == Expectation::Always;
        if self.found[index].load(Ordering::Relaxed) {
            return undiscovered;
        }
        let answer = caught(|| (property.condition)(&self.spec, state));
        if answer == Ok(undiscovered) {
            return undiscovered;
        }
        let is_first = !self.found[index].swap(true, Ordering::Relaxed);
        if let Err(words) = answer
            && is_first
        {
            drop(self.panics[index].set(words));
        }
        is_first != undiscovered
    }
}

impl<A, C, G> Model for Supervised<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    type State = State<A, G>;
    type Action = ActionOf<A>;

    fn init_states(&self) -> Vec<Self::State> {
        self.spec.init_states()
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        if !self.stop.load(Ordering::Relaxed) {
            self.spec.actions(state, actions);
        }
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        self.spec.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let table: [Condition<A, C, G>; MOST_PROPERTIES] = for_each_property!(watched);
        let is_looked_at = |index: &usize| self.only.is_none_or(|only| only == *index);
        let mut properties: Vec<Property<Self>> = (0..self.properties.len())
            .filter(is_looked_at)
            .map(|index| Property {
                expectation: self.properties[index].expectation.clone(),
                name: self.properties[index].name,
                condition: table[index],
            })
            .collect();
        properties.push(Property::always(TO_THE_END, |_, _| true));
        properties
    }
}

type Condition<A, C, G> = fn(&Supervised<A, C, G>, &State<A, G>) -> bool;

fn watched<A, C, G, const I: usize>(model: &Supervised<A, C, G>, state: &State<A, G>) -> bool
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    model.watch(I, state)
}

/// Explores `spec` within `limits`.
pub(crate) fn explore<A, C, G>(
    spec: &Arc<Spec<A, C, G>>,
    limits: &Limits,
    progress: &mut dyn FnMut(&Progress),
) -> Search<A, G>
where
    A: Explorable + Send + 'static,
    C: Send + Sync + 'static,
    G: History + 'static,
{
    let start = Instant::now();
    let mut main = search(spec, None, limits, start, progress);
    let broken: Vec<usize> = (spec.property_infos().iter().zip(&main.found).enumerate())
        .filter(|(_, (info, answer))| counterexample_in(info, answer).is_some())
        .map(|(index, _)| index)
        .collect();
    // Several threads do not find the shortest counterexample; one does.
    let one = Limits { threads: 1, ..limits.clone() };
    if limits.threads > 1 && !broken.is_empty() && !limits.keep_going {
        return search(spec, None, &one, start, progress);
    }
    if limits.threads > 1 {
        for index in broken {
            let mut again = search(spec, Some(index), &one, start, progress);
            let answer = std::mem::replace(&mut again.found[index], Answer::NotFound);
            if !matches!(answer, Answer::NotFound) {
                main.found[index] = answer;
            }
        }
    }
    main
}

fn search<A, C, G>(
    spec: &Arc<Spec<A, C, G>>,
    only: Option<usize>,
    limits: &Limits,
    start: Instant,
    progress: &mut dyn FnMut(&Progress),
) -> Search<A, G>
where
    A: Explorable + Send + 'static,
    C: Send + Sync + 'static,
    G: History + 'static,
{
    let stop = Arc::new(AtomicBool::new(false));
    let model = Supervised::new(spec, only, &stop);
    let names: Vec<&'static str> = model.properties.iter().map(|property| property.name).collect();
    let end = if limits.keep_going {
        HasDiscoveries::AllOf(BTreeSet::from([TO_THE_END]))
    } else {
        HasDiscoveries::AnyFailures
    };
    let mut checker = model.checker().threads(limits.threads).finish_when(end).spawn_bfs();
    let workers = checker.handles();
    let cut_short = supervise(&checker, workers, limits, start, &stop, progress);
    // The paths are found by walking the model again.
    stop.store(false, Ordering::Relaxed);
    let mut discoveries = checker.discoveries();
    let Progress { states, transitions, depth, .. } = progress_of(&checker, start);
    let panics = &checker.model().panics;
    let answer = |index: usize| match discoveries.remove(names[index]) {
        None => Answer::NotFound,
        Some(path) => match panics[index].get() {
            None => Answer::Found(path),
            Some(words) => Answer::Panicked(path, Arc::clone(words)),
        },
    };
    let found = (0..names.len()).map(answer).collect();
    let (runs, worst, details) = (Vec::new(), None, None);
    Search { found, runs, worst, states, whole: states, transitions, depth, cut_short, details }
}

/// Waits for the search to end, and stops it at a limit. Why it was cut short, if it was. If
/// something does not return, its thread is left behind.
fn supervise<M: Model>(
    checker: &impl Checker<M>,
    mut workers: Vec<JoinHandle<()>>,
    limits: &Limits,
    start: Instant,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Progress),
) -> Option<String> {
    let mut cut_short: Option<String> = None;
    let (mut counts, mut since) = (0, Instant::now());
    while !workers.is_empty() {
        std::thread::sleep(POLL);
        let (ended, running): (Vec<_>, _) =
            workers.into_iter().partition(|worker| worker.is_finished());
        workers = running;
        if ended.into_iter().any(|worker| worker.join().is_err()) {
            // The others may wait for it for ever.
            return Some("the search panicked".to_owned());
        }
        let now = progress_of(checker, start);
        progress(&now);
        if cut_short.is_none() {
            cut_short = limit_reached(limits, &now);
            stop.store(cut_short.is_some(), Ordering::Relaxed);
            if cut_short.is_some() || counts != now.transitions {
                (counts, since) = (now.transitions, Instant::now());
            }
        }
        let patience = if cut_short.is_some() { AFTERWARDS } else { PATIENCE };
        if since.elapsed() >= patience {
            let stuck = "something does not return; the default engine tells what";
            return Some(cut_short.map_or(stuck.to_owned(), |it| format!("{it}, and {stuck}")));
        }
    }
    cut_short
}

fn progress_of<M: Model>(checker: &impl Checker<M>, start: Instant) -> Progress {
    Progress {
        states: checker.unique_state_count() as u64,
        // Stateright counts the initial state as generated, and as depth 1.
        transitions: checker.state_count().saturating_sub(1) as u64,
        depth: checker.max_depth().saturating_sub(1) as u64,
        queue: None,
        left: None,
        memory: memory::resident(),
        elapsed: start.elapsed(),
    }
}

/// Why the search must stop now, if it must.
fn limit_reached(limits: &Limits, now: &Progress) -> Option<String> {
    if limits.interrupt.load(Ordering::Relaxed) {
        return Some(INTERRUPTED.to_owned());
    }
    if limits.max_states.is_some_and(|limit| now.states >= limit) {
        return Some(format!("{} states reached", grouped(now.states)));
    }
    if limits.max_time.is_some_and(|limit| now.elapsed >= limit) {
        return Some(format!("{:.1} s passed", now.elapsed.as_secs_f64()));
    }
    let memory = now.memory? >> 20;
    let limit = limits.max_memory.filter(|limit| memory >= *limit)?;
    Some(format!("{memory} MiB of memory in use, {limit} allowed"))
}
