//! Asks conditions about states: a state is made whole only if somebody wants to see it.

use stateright::Expectation;

use super::doors::Doors;
use super::memo::Cache;
use super::moves::Move;
use super::options::Sees;
use super::parts::{Explorable, History};
use super::scratch::Scratch;
use super::shared::Shared;
use super::system::Rules;
use super::tree::PairCache;
use crate::spec::State;

/// One thread's way to ask conditions.
pub(super) struct Judge<'s, A: Explorable, C, G: History> {
    shared: &'s Shared<'s, A, C, G>,
    /// By property, the first state that this thread found to decide it.
    pub found: Vec<Option<u32>>,
    whole: Scratch<A, G>,
    view: Scratch<A, G>,
    /// By seat.
    cores: Cache<u32, u32>,
    view_pairs: PairCache,
    /// Views met of late.
    recent: Cache<u64, ()>,
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
            view_pairs: shared.view_tree.cache(),
            recent: Cache::new(14),
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
    pub fn is_directed(&mut self, step: &Move<'_>, actor: usize, leaves: &[u32]) -> bool {
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

    /// Asks the properties about a new state.
    pub fn judge(&mut self, doors: &Doors<'s>, id: u32, leaves: &[u32]) {
        let Shared { system, parts, checks, .. } = self.shared;
        let mut is_new_view = None;
        for (index, check) in checks.iter().enumerate() {
            if self.found[index].is_some() || check.expectation == Expectation::Eventually {
                continue;
            }
            let state = match check.sees {
                Sees::Everything => self.whole.at(system, parts, leaves),
                Sees::Actors => {
                    if !*is_new_view.get_or_insert_with(|| self.is_new_view(doors, leaves)) {
                        continue;
                    }
                    self.view.at(system, parts, leaves)
                }
            };
            if check.is_decided_by(state) {
                self.found[index] = Some(id);
            }
        }
    }

    /// True if nobody has seen these actors with this ghost and fault before.
    fn is_new_view(&mut self, doors: &Doors<'s>, leaves: &[u32]) -> bool {
        let Shared { system, parts, view_tree, .. } = self.shared;
        let mut numbers = Vec::with_capacity(view_tree.size());
        for seat in &leaves[..system.actors()] {
            let core = self.cores.get(*seat).unwrap_or_else(|| {
                let local = parts.open_seat(*seat).0;
                let core = parts.cores.intern((local.state, local.storage, local.crashed));
                self.cores.put(*seat, core);
                core
            });
            numbers.push(core);
        }
        numbers.push(leaves[system.ghost_leaf()]);
        numbers.push(parts.extras.get(leaves[system.extras_leaf()]).fault);
        numbers.resize(view_tree.size(), 0);
        let (pairs, cache) = (&doors.view_pairs, &mut self.view_pairs);
        let view = view_tree.fill(pairs, &mut numbers, u128::MAX, cache);
        if self.recent.get(view).is_some() {
            return false;
        }
        self.recent.put(view, ());
        doors.views.insert(view, 0).1
    }
}
