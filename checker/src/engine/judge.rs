//! Asks conditions about states: a state is made whole only if somebody wants to see it.

use super::audit::Auditor;
use super::calls::{Called, Slot};
use super::checks::Decision;
use super::doors::Doors;
use super::memo::Cache;
use super::moves::Move;
use super::parts::{Explorable, History};
use super::scratch::Scratch;
use super::shared::Shared;
use super::sync::Arc;
use super::system::Rules;
use super::table::Tight;
use crate::spec::{Sees, State};

/// One thread's way to ask conditions.
pub(super) struct Judge<'s, A: Explorable, C, G: History> {
    shared: &'s Shared<'s, A, C, G>,
    /// By property, the first state that this thread found to decide it.
    pub found: Vec<Option<Decision>>,
    /// A state of which everything is shown, and by view one that shows what is seen there.
    whole: Scratch<A, G>,
    shown: Vec<Scratch<A, G>>,
    audit: Option<Auditor<'s, A, G>>,
    /// By actor and seat.
    cores: Cache<(u32, u32), u32>,
    calls: Arc<Slot>,
    /// What is seen of several states, and its keys.
    numbers: Vec<u32>,
    keys: Vec<u64>,
}

impl<'s, A: Explorable, C, G: History> Judge<'s, A, C, G> {
    /// Starts with `state`, which is that of `leaves`.
    pub fn new(
        shared: &'s Shared<'s, A, C, G>,
        state: &State<A, G>,
        leaves: &[u32],
        calls: Arc<Slot>,
    ) -> Self {
        let scratch = |sees| Scratch::new(&shared.parts, state, leaves, sees);
        Judge {
            shared,
            found: vec![None; shared.checks.len()],
            whole: scratch(Sees::EVERYTHING),
            shown: shared.views.iter().map(|view| scratch(view.sees)).collect(),
            audit: (!shared.audited.is_empty()).then(|| Auditor::new(&shared.audited, scratch)),
            cores: Cache::new(14),
            calls,
            numbers: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// True if the state of `leaves` is inside the boundary.
    pub fn is_within(&mut self, leaves: &[u32]) -> bool {
        let Shared { system, parts, boundary, .. } = self.shared;
        let Some(boundary) = boundary else {
            return true;
        };
        let _running = self.calls.enter(Called::Boundary, leaves);
        boundary(self.whole.at(system, parts, leaves))
    }

    /// True if the direction of the search, if it has one, takes this step of `actor`.
    pub fn is_directed(&mut self, step: &Move, actor: usize, leaves: &[u32]) -> bool {
        let Shared { system, parts, .. } = self.shared;
        let Rules::Spec(spec) = system.rules else {
            return true;
        };
        let Some(direction) = &spec.direction else {
            return true;
        };
        let action = step.action(parts, actor);
        let state = self.whole.at(system, parts, leaves);
        let _running = self.calls.enter(Called::Direction, leaves);
        (direction.allows)(&system.model.cfg, state, &action)
    }

    /// Asks the properties about new states, each its id and its leaves.
    pub fn judge(&mut self, mut doors: Doors<'s>, fresh: &[u32]) -> Doors<'s> {
        let states = fresh.chunks_exact(1 + self.shared.system.leaf_count());
        if self.is_wanted(Sees::EVERYTHING) {
            states.clone().for_each(|state| self.ask(Sees::EVERYTHING, None, state));
        }
        if let Some(audit) = &mut self.audit {
            let Shared { system, parts, .. } = self.shared;
            states.clone().for_each(|state| audit.look(system, parts, &state[1..]));
        }
        for (index, view) in self.shared.views.iter().enumerate() {
            if !self.is_wanted(view.sees) {
                continue;
            }
            doors = self.find_views(doors, index, fresh);
            let door = &doors.views[index];
            door.approach(&self.keys);
            let words = door.layout().words();
            for (place, state) in states.clone().enumerate() {
                // What somebody has seen before was judged then.
                if door.insert(&self.keys[place * words..][..words], 0).1 {
                    self.ask(view.sees, Some(index), state);
                }
            }
        }
        doors
    }

    /// True if a property that sees this is undecided.
    fn is_wanted(&self, sees: Sees) -> bool {
        let mut all = self.shared.checks.iter().zip(&self.found);
        all.any(|(check, found)| found.is_none() && check.is_asked(sees))
    }

    /// What is seen of the state of `leaves` in the view of this index, or else all of it.
    pub fn show(&mut self, view: Option<usize>, leaves: &[u32]) -> &State<A, G> {
        let Shared { system, parts, .. } = self.shared;
        let scratch = match view {
            None => &mut self.whole,
            Some(index) => &mut self.shown[index],
        };
        scratch.at(system, parts, leaves)
    }

    /// The numbers of what is seen of these states in a view, each its id and its leaves.
    pub fn view(
        &mut self,
        doors: Doors<'s>,
        index: usize,
        states: &[u32],
    ) -> (Doors<'s>, Vec<u32>) {
        let doors = self.find_views(doors, index, states);
        let door = &doors.views[index];
        let keys = self.keys.chunks_exact(door.layout().words());
        let numbers = keys.map(|key| door.insert(key, 0).0).collect();
        (doors, numbers)
    }

    fn ask(&mut self, sees: Sees, view: Option<usize>, state: &[u32]) {
        let (id, leaves) = (state[0], &state[1..]);
        let calls = Arc::clone(&self.calls);
        for (index, check) in self.shared.checks.iter().enumerate() {
            if self.found[index].is_none() && check.is_asked(sees) {
                let _running = calls.enter(Called::Property(index), leaves);
                self.found[index] = check.decide(id, self.show(view, leaves));
            }
        }
    }

    /// Finds the keys of what is seen of these states.
    fn find_views(&mut self, mut doors: Doors<'s>, index: usize, fresh: &[u32]) -> Doors<'s> {
        let Shared { system, parts, views, .. } = self.shared;
        let view = &views[index];
        let Judge { cores, numbers, keys, .. } = self;
        numbers.clear();
        for state in fresh.chunks_exact(1 + system.leaf_count()) {
            let core = |actor: usize, seat: u32| {
                let key = (actor as u32, seat);
                cores.get(key).unwrap_or_else(|| {
                    let core = parts.core(actor, seat);
                    cores.put(key, core);
                    core
                })
            };
            view.append(system, parts, &state[1..], core, numbers);
        }
        for (place, number) in numbers.iter().enumerate() {
            let tight = Tight { component: place % view.size, number: *number };
            if !doors.views[index].layout().has_room(tight.component, tight.number) {
                doors = doors.widen_view(self.shared, view, tight);
            }
        }
        keys.clear();
        let layout = doors.views[index].layout();
        numbers.chunks_exact(view.size).for_each(|view| layout.append(view, keys));
        doors
    }
}
