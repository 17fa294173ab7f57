//! Asks conditions about states: a state is made whole only if somebody wants to see it.

use super::doors::Doors;
use super::memo::Cache;
use super::moves::Move;
use super::options::Sees;
use super::parts::{Explorable, History};
use super::scratch::Scratch;
use super::shared::Shared;
use super::system::Rules;
use super::table::Tight;
use crate::spec::State;

/// One thread's way to ask conditions.
pub(super) struct Judge<'s, A: Explorable, C, G: History> {
    shared: &'s Shared<'s, A, C, G>,
    /// By property, the first state that this thread found to decide it.
    pub found: Vec<Option<u32>>,
    whole: Scratch<A, G>,
    view: Scratch<A, G>,
    /// By actor and seat.
    cores: Cache<(u32, u32), u32>,
    /// The numbers of several views, and their keys.
    views: Vec<u32>,
    keys: Vec<u64>,
}

impl<'s, A: Explorable, C, G: History> Judge<'s, A, C, G> {
    /// Starts with `state`, which is that of `leaves`.
    pub fn new(shared: &'s Shared<'s, A, C, G>, state: &State<A, G>, leaves: &[u32]) -> Self {
        Judge {
            shared,
            found: vec![None; shared.checks.len()],
            whole: Scratch::new(&shared.parts, state, leaves, true),
            view: Scratch::new(&shared.parts, state, leaves, false),
            cores: Cache::new(14),
            views: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// True if the state of `leaves` is inside the boundary.
    pub fn is_within(&mut self, leaves: &[u32]) -> bool {
        let Shared { system, parts, boundary, .. } = self.shared;
        let Some(boundary) = boundary else {
            return true;
        };
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
        (direction.allows)(&system.model.cfg, state, &action)
    }

    /// Asks the properties about new states, each its id and its leaves.
    pub fn judge(&mut self, doors: Doors<'s>, fresh: &[u32]) -> Doors<'s> {
        let states = fresh.chunks_exact(1 + self.shared.system.leaf_count());
        if self.is_wanted(Sees::Everything) {
            states.clone().for_each(|state| self.ask(Sees::Everything, state));
        }
        if !self.is_wanted(Sees::Actors) {
            return doors;
        }
        let doors = self.find_views(doors, fresh);
        doors.views.approach(&self.keys);
        let words = doors.views.layout().words();
        for (index, state) in states.enumerate() {
            // What somebody has seen before was judged then.
            if doors.views.insert(&self.keys[index * words..][..words], 0).1 {
                self.ask(Sees::Actors, state);
            }
        }
        doors
    }

    /// True if a property that sees this is undecided.
    fn is_wanted(&self, sees: Sees) -> bool {
        let mut all = self.shared.checks.iter().zip(&self.found);
        all.any(|(check, found)| found.is_none() && check.is_asked(sees))
    }

    fn ask(&mut self, sees: Sees, state: &[u32]) {
        let Shared { system, parts, checks, .. } = self.shared;
        let scratch = match sees {
            Sees::Everything => &mut self.whole,
            Sees::Actors => &mut self.view,
        };
        let whole = scratch.at(system, parts, &state[1..]);
        for (check, found) in checks.iter().zip(&mut self.found) {
            if found.is_none() && check.is_asked(sees) && check.is_decided_by(whole) {
                *found = Some(state[0]);
            }
        }
    }

    /// Finds the keys of what is seen of these states' actors, with their ghosts and faults.
    fn find_views(&mut self, mut doors: Doors<'s>, fresh: &[u32]) -> Doors<'s> {
        let Shared { system, parts, .. } = self.shared;
        self.views.clear();
        for state in fresh.chunks_exact(1 + system.leaf_count()) {
            let leaves = &state[1..];
            for (actor, seat) in leaves[..system.actors()].iter().enumerate() {
                let key = (actor as u32, *seat);
                let core = self.cores.get(key).unwrap_or_else(|| {
                    let core = parts.core(actor, *seat);
                    self.cores.put(key, core);
                    core
                });
                self.views.push(core);
            }
            self.views.push(leaves[system.ghost_leaf()]);
            self.views.push(parts.extras.get(leaves[system.extras_leaf()]).fault);
        }
        let size = system.actors() + 2;
        for (index, number) in self.views.iter().enumerate() {
            let tight = Tight { component: index % size, number: *number };
            if !doors.views.layout().has_room(tight.component, tight.number) {
                doors = doors.widen_views(self.shared, tight);
            }
        }
        let layout = doors.views.layout();
        self.keys.clear();
        for view in self.views.chunks_exact(size) {
            layout.append(view, &mut self.keys);
        }
        doors
    }
}
