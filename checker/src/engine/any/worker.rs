//! One thread of the search: expands states, and judges those that are new.

use std::ops::Range;

use stateright::Model;

use super::form::Form;
use super::shared::{Doors, Shared, guarded};
use crate::engine::layout::Layout;
use crate::engine::level::Hand;
use crate::engine::level::Level;
use crate::engine::shared::NOBODY;
use crate::engine::table::Tight;

/// So many successors are looked up together: while one waits for memory, so do the others.
const BATCH: usize = 64;

/// One thread of the search, and what it found.
pub(super) struct Worker<'s, 'm, M: Model, F> {
    shared: &'s Shared<'m, M, F>,
    /// By property, a state that decides it.
    pub found: Vec<Option<u32>>,
    /// By property, a state on which its condition panicked, and the words.
    pub panicked: Vec<Option<(u32, String)>>,
    /// A panic of the model itself.
    pub broken: Option<Broken>,
    /// The ids of the states that this thread has found for the next level.
    pub next: Vec<Range<u32>>,
    pub states: u64,
    pub transitions: u64,
}

/// Where the model panicked.
#[derive(Clone, Debug)]
pub(super) struct Broken {
    /// The state whose successors were asked for, or [`NOBODY`].
    pub state: u32,
    pub step: Step,
    pub words: String,
}

/// By the index of its action, what was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Actions,
    NextState(usize),
    After(usize),
}

/// What a thread works with while a level lasts.
struct Desk<S: Clone, A, F: Form<S>> {
    form: F::Desk,
    actions: Vec<A>,
    /// The parent's row, that of a successor, that of its representative, and that of a new state.
    row: Vec<u32>,
    next: Vec<u32>,
    class: Vec<u32>,
    new: Vec<u32>,
    key: Vec<u64>,
    /// Successors that wait to be looked up: their keys, those of their representatives, their
    /// parents, and themselves.
    keys: Vec<u64>,
    classes: Vec<u64>,
    parents: Vec<u32>,
    held: Vec<F::Held>,
}

impl<S: Clone, A, F: Form<S>> Desk<S, A, F> {
    fn new(width: usize) -> Self {
        Desk {
            form: F::Desk::default(),
            actions: Vec::new(),
            row: vec![0; width],
            next: vec![0; width],
            class: vec![0; width],
            new: vec![0; width],
            key: Vec::new(),
            keys: Vec::new(),
            classes: Vec::new(),
            parents: Vec::new(),
            held: Vec::new(),
        }
    }
}

impl<S: Clone, A, F: Form<S>> Desk<S, A, F> {
    /// Appends the key of a successor, and of its representative, unless there is no room in it.
    fn append(&mut self, doors: &Doors<'_>) -> Result<(), Tight> {
        let layout = doors.visited.layout();
        tight(layout, &self.next)?;
        if let Some(classes) = &doors.classes {
            tight(classes.layout(), &self.class)?;
            classes.layout().append(&self.class, &mut self.classes);
        }
        layout.append(&self.next, &mut self.keys);
        Ok(())
    }
}

/// Says which of these numbers there is no room for.
#[inline]
fn tight(layout: &Layout, row: &[u32]) -> Result<(), Tight> {
    let mut numbers = row.iter().copied().enumerate();
    match numbers.find(|(component, number)| !layout.has_room(*component, *number)) {
        None => Ok(()),
        Some((component, number)) => Err(Tight { component, number }),
    }
}

type DeskOf<M, F> = Desk<<M as Model>::State, <M as Model>::Action, F>;

impl<'s, 'm, M: Model<State: Clone + PartialEq>, F: Form<M::State>> Worker<'s, 'm, M, F> {
    pub fn new(shared: &'s Shared<'m, M, F>) -> Self {
        let checks = shared.checks.len();
        Worker {
            shared,
            found: vec![None; checks],
            panicked: vec![None; checks],
            broken: None,
            next: Vec::new(),
            states: 0,
            transitions: 0,
        }
    }

    /// Takes up the initial states that are inside the boundary. Returns how many there are.
    pub fn start(&mut self, initial: Vec<M::State>) -> u64 {
        let mut desk = Desk::new(self.shared.form.width());
        let mut doors = Doors::open(self.shared);
        for (index, state) in initial.into_iter().enumerate() {
            doors = self.push(doors, &mut desk, (NOBODY, index), state);
        }
        drop(self.visit(doors, &mut desk));
        self.transitions = 0;
        std::mem::take(&mut self.states)
    }

    /// Puts the successors of a state among those that wait.
    fn expand(&mut self, mut doors: Doors<'s>, desk: &mut DeskOf<M, F>, id: u32) -> Doors<'s> {
        let Shared { model, form, .. } = self.shared;
        let layout = doors.visited.layout();
        desk.key.resize(layout.words(), 0);
        doors.visited.read(id, &mut desk.key);
        layout.unpack(&desk.key, &mut desk.row);
        let state = form.read(&desk.row, &mut desk.form);
        let mut actions = std::mem::take(&mut desk.actions);
        if let Err(words) = guarded(|| model.actions(&state, &mut actions)) {
            self.breaks(id, Step::Actions, words);
            actions.clear();
        }
        for (index, action) in actions.drain(..).enumerate() {
            match guarded(|| model.next_state(&state, action)) {
                Ok(None) => {}
                // It is there, and inside the boundary.
                Ok(Some(next)) if next == *state => self.transitions += 1,
                Ok(Some(next)) => doors = self.push(doors, desk, (id, index), next),
                Err(words) => self.breaks(id, Step::NextState(index), words),
            }
        }
        desk.actions = actions;
        doors
    }

    /// Puts a state among those that wait, if it is inside the boundary. It comes from `id` by the
    /// action of this index. Looks them up when they are many.
    fn push(
        &mut self,
        mut doors: Doors<'s>,
        desk: &mut DeskOf<M, F>,
        (id, index): (u32, usize),
        state: M::State,
    ) -> Doors<'s> {
        let Shared { form, symmetry, .. } = self.shared;
        let class = match self.shared.is_within(&state) {
            Ok(false) => return doors,
            Ok(true) => symmetry.map(|symmetry| guarded(|| symmetry(&state))).transpose(),
            Err(words) => Err(words),
        };
        match class {
            Err(words) => {
                self.breaks(id, Step::After(index), words);
                return doors;
            }
            Ok(class) => {
                if let Some(class) = class {
                    form.number(class, &mut desk.form, &mut desk.class);
                }
            }
        }
        self.transitions += 1;
        let held = form.number(state, &mut desk.form, &mut desk.next);
        while let Err(tight) = desk.append(&doors) {
            doors = self.visit(doors, desk).widen(self.shared, tight);
        }
        desk.parents.push(id);
        desk.held.push(held);
        if desk.held.len() >= BATCH { self.visit(doors, desk) } else { doors }
    }

    /// Looks up the successors that wait, and takes up those that are new.
    fn visit(&mut self, doors: Doors<'s>, desk: &mut DeskOf<M, F>) -> Doors<'s> {
        let words = doors.visited.layout().words();
        match &doors.classes {
            None => doors.visited.approach(&desk.keys),
            Some(classes) => classes.approach(&desk.classes),
        }
        for place in 0..desk.held.len() {
            if let Some(classes) = &doors.classes {
                let words = classes.layout().words();
                if !classes.insert(&desk.classes[place * words..][..words], 0).1 {
                    continue;
                }
            }
            let key = &desk.keys[place * words..][..words];
            let (id, is_new) = doors.visited.insert(key, desk.parents[place]);
            if is_new {
                doors.visited.layout().unpack(key, &mut desk.new);
                self.shared.form.confirm(&desk.held[place], &mut desk.form, &desk.new);
                self.take_up(id, &desk.held[place]);
            }
        }
        desk.keys.clear();
        desk.classes.clear();
        desk.parents.clear();
        desk.held.clear();
        doors.reopen_if_crowded(self.shared)
    }

    /// Judges a new state, and leaves it for the next level.
    fn take_up(&mut self, id: u32, held: &F::Held) {
        let Shared { form, checks, .. } = self.shared;
        self.states += 1;
        match self.next.last_mut() {
            Some(last) if last.end == id => last.end += 1,
            _ => self.next.push(id..id + 1),
        }
        let state = form.held(held);
        for (index, check) in checks.iter().enumerate() {
            if self.found[index].is_some() {
                continue;
            }
            match self.shared.is_decided(check, state) {
                Ok(true) => self.found[index] = Some(id),
                Ok(false) => {}
                Err(words) => _ = self.panicked[index].get_or_insert((id, words)),
            }
        }
    }

    fn breaks(&mut self, state: u32, step: Step, words: String) {
        self.broken.get_or_insert(Broken { state, step, words });
    }
}

impl<M, F> Hand for Worker<'_, '_, M, F>
where
    M: Model<State: Clone + PartialEq> + Sync,
    F: Form<M::State>,
{
    fn run(&mut self, level: &Level, thread: usize) {
        let mut desk = Desk::new(self.shared.form.width());
        while let Some(block) = level.take(thread) {
            // Held for a block, so that nobody who makes room waits for long.
            let mut doors = Doors::open(self.shared);
            for id in block.clone() {
                doors = self.expand(doors, &mut desk, id);
            }
            drop(self.visit(doors, &mut desk));
            level.count(block.len() as u64, self.states, self.transitions);
            (self.states, self.transitions) = (0, 0);
        }
    }
}
