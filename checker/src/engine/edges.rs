//! The graph of what was explored, for questions about runs.

use std::ops::Range;

use super::calls::Called;
use super::doors::Doors;
use super::kind::{Kind, action};
use super::memo::Cache;
use super::parent::{GROUP, Parent};
use super::parts::{Explorable, History};
use super::shared::{INITIAL, Shared};
use super::sync::Arc;
use super::values::Values;
use super::worker::{Origin, Worker};
use crate::caught::caught;
use crate::liveness::{Action, Graph, GraphBuilder, States};
use crate::spec::{Condition, Sees, Spec, State};

/// What counts as the same action: a kind of step, of whom, and with what.
pub(super) type Label = (Kind, u8, u32);

/// What was explored, as questions about runs want it.
pub(super) struct Explored {
    pub graph: Graph,
    /// By index of the graph's actions.
    pub labels: Values<Label>,
    /// By condition, the states in which it is true.
    pub truths: Vec<States>,
    /// By condition, a state in which it panics, and its words.
    pub panics: Vec<Panic>,
    /// The states in which a run ends because what must end does not.
    pub unbounded: States,
}

/// The first state in which a condition panics, and its words.
type Panic = Option<(u32, Arc<str>)>;

/// A condition on states, and what it looks at.
pub(super) struct Asked<A: Explorable, C, G: History> {
    pub sees: Sees,
    pub condition: Condition<A, C, G>,
}

/// What one thread found out about some states.
struct Part {
    /// How many edges leave each state.
    degrees: Vec<(u32, u32)>,
    /// Label and target.
    edges: Vec<(u32, u32)>,
    truths: Vec<Vec<u32>>,
    panics: Vec<Panic>,
    unbounded: Vec<u32>,
}

/// Looks up every step again, now that every state has its number.
pub(super) fn explored<A: Explorable, C: Sync, G: History>(
    shared: &Shared<'_, A, C, G>,
    spec: &Spec<A, C, G>,
    initial: &State<A, G>,
    asked: &[Asked<A, C, G>],
    threads: usize,
) -> Explored {
    let labels = Values::default();
    let leaves = shared.system.leaves(&shared.parts, initial);
    let parts: Vec<Part> = std::thread::scope(|scope| {
        let shares = shares(shared.visited.used(), threads);
        let work = shares.into_iter().map(|ids| {
            let worker = Worker::new(shared, initial, &leaves);
            let mut clerk = Clerk::new(worker, spec, asked, &labels);
            scope.spawn(move || {
                ids.into_iter().for_each(|ids| clerk.write(ids));
                clerk.part
            })
        });
        let running: Vec<_> = work.collect();
        running.into_iter().map(|one| one.join().expect("no condition panics here")).collect()
    });
    let owed = (0..labels.len() as u32).map(|number| {
        let (kind, actor, about) = *labels.get(number);
        let fairness = spec.fairness_of(&action(&shared.parts, kind, about, actor.into()));
        Action { fairness, tick: matches!(kind, Kind::Tick | Kind::SlowTick) }
    });
    let states = parts.iter().map(|part| part.degrees.len()).sum();
    let edges = parts.iter().map(|part| part.edges.len()).sum();
    let mut graph = GraphBuilder::new(owed.collect(), vec![INITIAL], states, edges);
    let mut truths = vec![States::new(); asked.len()];
    let mut panics = vec![None; asked.len()];
    let mut unbounded = States::new();
    for part in parts {
        let mut edges = part.edges.into_iter();
        for (state, degree) in part.degrees {
            graph.row(state, edges.by_ref().take(degree as usize));
        }
        for (all, mine) in truths.iter_mut().zip(part.truths) {
            mine.into_iter().for_each(|state| all.insert(state));
        }
        for (all, mine) in panics.iter_mut().zip(part.panics) {
            *all = all.take().or(mine);
        }
        part.unbounded.into_iter().for_each(|state| unbounded.insert(state));
    }
    Explored { graph: graph.finish(), labels, truths, panics, unbounded }
}

/// Cuts the ids into as many shares of about one size, in their order.
pub(super) fn shares(ids: Vec<Range<u32>>, count: usize) -> Vec<Vec<Range<u32>>> {
    let all: usize = ids.iter().map(ExactSizeIterator::len).sum();
    let size = all.div_ceil(count.max(1)).max(1) as u32;
    let mut shares = vec![Vec::new()];
    let mut room = size;
    for mut ids in ids {
        while !ids.is_empty() {
            if room == 0 {
                shares.push(Vec::new());
                room = size;
            }
            let cut = ids.end.min(ids.start.saturating_add(room));
            room -= cut - ids.start;
            shares.last_mut().expect("never empty").push(ids.start..cut);
            ids.start = cut;
        }
    }
    shares
}

/// One thread that writes down what follows what.
struct Clerk<'s, 'q, A: Explorable, C, G: History> {
    worker: Worker<'s, A, C, G>,
    shared: &'s Shared<'s, A, C, G>,
    spec: &'q Spec<A, C, G>,
    asked: &'q [Asked<A, C, G>],
    labels: &'q Values<Label>,
    /// The numbers of labels met of late.
    recent: Cache<Label, u32>,
    /// By condition, what is known of each view: 0 if nothing, then false, then true.
    known: Vec<Vec<u8>>,
    part: Part,
}

impl<'s, 'q, A: Explorable, C: Sync, G: History> Clerk<'s, 'q, A, C, G> {
    fn new(
        mut worker: Worker<'s, A, C, G>,
        spec: &'q Spec<A, C, G>,
        asked: &'q [Asked<A, C, G>],
        labels: &'q Values<Label>,
    ) -> Self {
        worker.hops = Some(Vec::new());
        let (truths, panics) = (vec![Vec::new(); asked.len()], vec![None; asked.len()]);
        let (degrees, edges, unbounded) = Default::default();
        Clerk {
            shared: worker.shared,
            worker,
            spec,
            asked,
            labels,
            recent: Cache::new(12),
            known: vec![Vec::new(); asked.len()],
            part: Part { degrees, edges, truths, panics, unbounded },
        }
    }

    /// Writes down all about the states of these ids.
    fn write(&mut self, ids: Range<u32>) {
        let mut parents = Parent::group(self.shared.system.leaf_count());
        let mut doors = Doors::open(self.shared);
        let mut states = Vec::new();
        for first in ids.clone().step_by(GROUP) {
            let group = first..ids.end.min(first.saturating_add(GROUP as u32));
            doors = self.worker.expand_group(doors, group.clone(), &mut parents);
            doors = self.worker.visit(doors);
            self.write_edges(group.clone());
            states.clear();
            for parent in &parents[..group.len()] {
                states.push(parent.id);
                states.extend_from_slice(&parent.leaves);
            }
            doors = self.write_truths(doors, &states);
            doors = doors.reopen_if_crowded(self.shared);
        }
    }

    fn write_edges(&mut self, ids: Range<u32>) {
        let hops = self.worker.hops.as_mut().expect("it only looks up");
        let mut hops = hops.drain(..).peekable();
        for id in ids {
            let before = self.part.edges.len();
            while let Some((Origin { kind, actor, about, .. }, to)) =
                hops.next_if(|(origin, _)| origin.parent == id)
            {
                // Fairness does not tell these apart.
                let kind = match kind {
                    Kind::Due { .. } => Kind::Due { restless: false },
                    Kind::Early { .. } => Kind::Early { ripe: false },
                    kind => kind,
                };
                let label = (kind, actor, about);
                let number = self.recent.get(label).unwrap_or_else(|| {
                    let number = self.labels.intern(label);
                    self.recent.put(label, number);
                    number
                });
                self.part.edges.push((number, to));
            }
            self.part.degrees.push((id, (self.part.edges.len() - before) as u32));
        }
    }

    /// Writes down which conditions are true in these states, each its id and its leaves.
    fn write_truths(&mut self, mut doors: Doors<'s>, states: &[u32]) -> Doors<'s> {
        let Shared { system, parts, views, .. } = self.shared;
        let stride = 1 + system.leaf_count();
        for state in states.chunks_exact(stride) {
            if system.is_unbounded(parts.extras.get(state[1 + system.extras_leaf()])) {
                self.part.unbounded.push(state[0]);
            }
        }
        // Once for all conditions that see the same.
        let mut seen = vec![Vec::new(); views.len()];
        for (index, view) in views.iter().enumerate() {
            if self.asked.iter().any(|asked| asked.sees == view.sees) {
                (doors, seen[index]) = self.worker.judge.view(doors, index, states);
            }
        }
        for (index, asked) in self.asked.iter().enumerate() {
            let judge = &mut self.worker.judge;
            let view = views.iter().position(|view| view.sees == asked.sees);
            let numbers: &[u32] = view.map_or(&[], |view| &seen[view]);
            for (place, state) in states.chunks_exact(stride).enumerate() {
                let mut ask = || {
                    let _running = self.worker.calls.enter(Called::OfRuns, &state[1..]);
                    let shown = judge.show(view, &state[1..]);
                    caught(|| self.spec.is_true(asked.condition, shown)).unwrap_or_else(|words| {
                        self.part.panics[index].get_or_insert((state[0], words));
                        false
                    })
                };
                let is_true = match numbers.get(place) {
                    None => ask(),
                    Some(number) => {
                        let known = &mut self.known[index];
                        let number = *number as usize;
                        if known.len() <= number {
                            known.resize(number + 1, 0);
                        }
                        if known[number] == 0 {
                            known[number] = 1 + u8::from(ask());
                        }
                        known[number] == 2
                    }
                };
                if is_true {
                    self.part.truths[index].push(state[0]);
                }
            }
        }
        doors
    }
}
