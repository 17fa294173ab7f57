//! What runs do: properties that must hold eventually, decided on the graph of what was explored.

use std::ops::Range;

use stateright::{Expectation, Model};

use super::form::Form;
use super::outcome::AnyAnswer;
use super::replay::{action_of, path_along, path_to, state_of};
use super::shared::{Shared, guarded};
use crate::engine::edges::shares;
use crate::engine::outcome::{Miss, Run};
use crate::engine::shared::NOBODY;
use crate::liveness::{self, Action, Fairness, Goal, Graph, GraphBuilder, Violation};

/// By property, what is known of it, if it must hold eventually.
type Answers<M> = Vec<Option<AnyAnswer<<M as Model>::State, <M as Model>::Action>>>;

/// Decides the properties that must hold eventually. Everything was explored.
pub(super) fn decide<M, F>(
    shared: &Shared<'_, M, F>,
    fairness: fn(&M::Action) -> Fairness,
    threads: usize,
) -> Answers<M>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq> + Sync,
    F: Form<M::State>,
{
    let is_asked = |expectation: &Expectation| *expectation == Expectation::Eventually;
    if !shared.checks.iter().any(|check| is_asked(&check.expectation)) {
        return shared.checks.iter().map(|_| None).collect();
    }
    let parts: Vec<Part> = std::thread::scope(|scope| {
        let work = shares(shared.visited.used(), threads).into_iter();
        let running: Vec<_> =
            work.map(|ids| scope.spawn(move || Clerk::new(shared).write(ids))).collect();
        running.into_iter().map(|one| one.join().expect("what panics is guarded")).collect()
    });
    let graph = graph(shared, &parts, fairness);
    let answer = |index: usize| {
        let truths = parts.iter().flat_map(|part| &part.truths[index]);
        let missed = liveness::violation(&graph, Goal::Eventually(&truths.copied().collect()));
        let mut panics = parts.iter().filter_map(|part| part.panics[index].as_ref());
        // On a run that misses it the condition may have panicked: that is told instead.
        match (panics.next(), missed) {
            (Some((id, words)), _) => AnyAnswer::Panicked(words.clone(), path_to(shared, *id)),
            (None, Some(violation)) => AnyAnswer::Missed(run_of(shared, &violation)),
            (None, None) => AnyAnswer::Holds,
        }
    };
    let checks = shared.checks.iter().enumerate();
    checks.map(|(index, check)| is_asked(&check.expectation).then(|| answer(index))).collect()
}

/// What one thread found out about some states.
struct Part {
    /// How many edges leave each state.
    degrees: Vec<(u32, u32)>,
    /// An action, as this thread numbers them, and the state after it.
    edges: Vec<(u32, u32)>,
    /// By the number of an action, a state in which it may be taken, and its index there.
    actions: Vec<(u32, usize)>,
    /// The initial states.
    initial: Vec<u32>,
    /// By property, the states in which its condition is true.
    truths: Vec<Vec<u32>>,
    /// By property, the first state on which its condition panicked, and the words.
    panics: Vec<Option<(u32, String)>>,
}

/// One thread that writes down what follows what.
struct Clerk<'s, 'm, M: Model, F> {
    shared: &'s Shared<'m, M, F>,
    known: Numbers<M::Action>,
    part: Part,
}

impl<'s, 'm, M, F> Clerk<'s, 'm, M, F>
where
    M: Model<State: Clone, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    fn new(shared: &'s Shared<'m, M, F>) -> Self {
        let checks = shared.checks.len();
        let part = Part {
            degrees: Vec::new(),
            edges: Vec::new(),
            actions: Vec::new(),
            initial: Vec::new(),
            truths: vec![Vec::new(); checks],
            panics: vec![None; checks],
        };
        Clerk { shared, known: Numbers { values: Vec::new(), last: 0 }, part }
    }

    /// Writes down all about the states of these ids.
    fn write(mut self, ids: Vec<Range<u32>>) -> Part {
        let Shared { visited, form, .. } = self.shared;
        let door = visited.open();
        let layout = door.layout();
        let (mut key, mut row) = (vec![0; layout.words()], vec![0; layout.len()]);
        let mut desk = F::Desk::default();
        for id in ids.into_iter().flatten() {
            door.read(id, &mut key);
            layout.unpack(&key, &mut row);
            let state = form.read(&row, &mut desk);
            if door.note(id) == NOBODY {
                self.part.initial.push(id);
            }
            let before = self.part.edges.len();
            self.write_edges(id, &state, |next| {
                form.number(next, &mut desk, &mut row);
                key.clear();
                layout.append(&row, &mut key);
                door.find(&key).expect("everything is explored")
            });
            self.part.degrees.push((id, (self.part.edges.len() - before) as u32));
            self.write_truths(id, &state);
        }
        self.part
    }

    fn write_edges(&mut self, id: u32, state: &M::State, mut find: impl FnMut(M::State) -> u32) {
        let mut actions = Vec::new();
        self.shared.model.actions(state, &mut actions);
        for (index, action) in actions.into_iter().enumerate() {
            let Some(next) = self.shared.model.next_state(state, action.clone()) else { continue };
            if self.shared.is_within(&next) != Ok(true) {
                continue;
            }
            let (number, is_new) = self.known.number(action);
            if is_new {
                self.part.actions.push((id, index));
            }
            self.part.edges.push((number, find(next)));
        }
    }

    fn write_truths(&mut self, id: u32, state: &M::State) {
        for (index, check) in self.shared.checks.iter().enumerate() {
            if check.expectation != Expectation::Eventually {
                continue;
            }
            match guarded(|| (check.condition)(self.shared.model, state)) {
                Ok(true) => self.part.truths[index].push(id),
                Ok(false) => {}
                Err(words) => _ = self.part.panics[index].get_or_insert((id, words)),
            }
        }
    }
}

/// Actions by number. Nothing is asked of them but that they can be compared.
struct Numbers<A> {
    values: Vec<A>,
    /// Actions are mostly met in the same order: the next is likely to be the one after this.
    last: usize,
}

impl<A: PartialEq> Numbers<A> {
    /// The number of an action, and true if it was not met before.
    fn number(&mut self, action: A) -> (u32, bool) {
        let count = self.values.len();
        let mut places = (self.last + 1..count).chain(0..count.min(self.last + 1));
        let known = places.find(|place| self.values[*place] == action);
        self.last = known.unwrap_or(count);
        if known.is_none() {
            self.values.push(action);
        }
        (self.last as u32, known.is_none())
    }
}

/// Joins what the threads wrote down.
fn graph<M, F>(
    shared: &Shared<'_, M, F>,
    parts: &[Part],
    fairness: fn(&M::Action) -> Fairness,
) -> Graph
where
    M: Model<State: Clone, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    let mut known = Numbers { values: Vec::new(), last: 0 };
    let mut common: Vec<Vec<u32>> = Vec::new();
    for part in parts {
        let names = part.actions.iter().map(|(id, index)| {
            known.number(action_of(shared.model, &state_of(shared, *id), *index)).0
        });
        common.push(names.collect());
    }
    let owed = known.values.iter().map(|action| Action { fairness: fairness(action), tick: false });
    let sum = |of: fn(&Part) -> usize| parts.iter().map(of).sum();
    let initial = parts.iter().flat_map(|part| part.initial.iter().copied()).collect();
    let (states, edges) = (sum(|part| part.degrees.len()), sum(|part| part.edges.len()));
    let mut graph = GraphBuilder::new(owed.collect(), initial, states, edges);
    for (part, names) in parts.iter().zip(&common) {
        let mut edges = part.edges.iter().map(|(action, to)| (names[*action as usize], *to));
        for (state, degree) in &part.degrees {
            graph.row(*state, edges.by_ref().take(*degree as usize));
        }
    }
    graph.finish()
}

/// The run along which a property is missed.
fn run_of<M, F>(shared: &Shared<'_, M, F>, violation: &Violation) -> Run<M::State, M::Action>
where
    M: Model<State: Clone + PartialEq, Action: Clone + PartialEq>,
    F: Form<M::State>,
{
    let miss = if violation.cycle().is_empty() { Miss::Stop } else { Miss::Lasso };
    let stem = violation.stem();
    let edges = stem.edges.iter().chain(violation.cycle());
    let ids: Vec<u32> = std::iter::once(stem.start).chain(edges.map(|edge| edge.to)).collect();
    Run { miss, path: path_along(shared, &ids), stem: stem.edges.len() }
}
