//! One thread of the search: expands states, and judges those that are new.

use std::sync::Arc;

use stateright::Expectation;

use super::cost::Purse;
use super::level::{Block, Level};
use super::memo::Cache;
use super::moves::{Kind, Move, Moves, Planner};
use super::options::Sees;
use super::parts::{Explorable, History, NO_FAULT, NOTHING, Parts};
use super::react::{Reactions, SILENT};
use super::scratch::Scratch;
use super::system::{Rules, System};
use super::table::{Door, Table};
use super::tree::{PairCache, Tree};
use crate::spec::State;

/// States in a block of work.
const BLOCK: usize = 128;

/// A property as the search sees it.
pub(super) struct Check<'a, A: Explorable, G> {
    pub name: &'static str,
    pub expectation: Expectation,
    pub sees: Sees,
    pub condition: Condition<'a, A, G>,
}

/// A question about a whole state.
pub(super) type Condition<'a, A, G> = Box<dyn Fn(&State<A, G>) -> bool + Sync + 'a>;

impl<A: Explorable, G> Check<'_, A, G> {
    /// True if this state decides the property: it breaks it, or shows that it can be reached.
    fn is_decided_by(&self, state: &State<A, G>) -> bool {
        (self.condition)(state) == (self.expectation == Expectation::Sometimes)
    }
}

/// What all threads of a search share.
pub(super) struct Shared<'a, A: Explorable, C, G: History> {
    pub system: System<'a, A, C, G>,
    pub parts: Parts<A, G>,
    pub reactions: Reactions<A>,
    pub tree: Tree,
    /// The states, each with its parent's id.
    pub visited: Table,
    /// What properties that see only the actors see, as a tree over cores, ghost and fault.
    pub view_tree: Tree,
    pub views: Table,
    pub checks: Vec<Check<'a, A, G>>,
    pub boundary: Option<Condition<'a, A, G>>,
}

/// The shared tables, open to one thread.
struct Doors<'s> {
    visited: Door<'s>,
    pairs: Vec<Door<'s>>,
    views: Door<'s>,
    view_pairs: Vec<Door<'s>>,
}

impl<'s> Doors<'s> {
    fn open<A: Explorable, C, G: History>(shared: &'s Shared<'s, A, C, G>) -> Self {
        Doors {
            visited: shared.visited.open(),
            pairs: shared.tree.open(),
            views: shared.views.open(),
            view_pairs: shared.view_tree.open(),
        }
    }

    /// Makes room where it is wanted, with all doors closed meanwhile.
    fn reopen_if_crowded<A: Explorable, C, G: History>(
        self,
        shared: &'s Shared<'s, A, C, G>,
    ) -> Self {
        let mut trees = self.pairs.iter().chain(&self.view_pairs);
        if !self.visited.is_crowded()
            && !self.views.is_crowded()
            && !trees.any(|door| door.is_crowded())
        {
            return self;
        }
        drop(self);
        shared.visited.make_room();
        shared.tree.make_room();
        shared.views.make_room();
        shared.view_tree.make_room();
        Doors::open(shared)
    }
}

/// One thread of the search.
pub(super) struct Worker<'s, A: Explorable, C, G: History> {
    shared: &'s Shared<'s, A, C, G>,
    planner: Planner<'s, A, C, G>,
    /// By ghost and reaction.
    ghosts: Cache<(u32, u32), u32>,
    purse: Purse,
    pairs: PairCache,
    view_pairs: PairCache,
    /// By seat.
    cores: Cache<u32, u32>,
    scratch: Scratch<A, G>,
    view: Scratch<A, G>,
    /// By property, the first state that this thread found to decide it.
    pub found: Vec<Option<u32>>,
    /// Views met of late.
    recent_views: Cache<u64, ()>,
    /// States for the next level.
    pub next: Vec<Block>,
    states: u64,
    transitions: u64,
}

impl<'s, A: Explorable, C: Sync, G: History> Worker<'s, A, C, G> {
    /// A worker whose scratch state is `state`, that of `leaves`.
    pub fn new(shared: &'s Shared<'s, A, C, G>, state: &State<A, G>, leaves: &[u32]) -> Self {
        let Shared { system, parts, .. } = shared;
        Worker {
            shared,
            planner: Planner::new(system, parts, &shared.reactions),
            ghosts: Cache::new(14),
            purse: Purse::default(),
            pairs: shared.tree.cache(),
            view_pairs: shared.view_tree.cache(),
            cores: Cache::new(14),
            scratch: Scratch::new(parts, state, leaves, true),
            view: Scratch::new(parts, state, leaves, false),
            found: vec![None; shared.checks.len()],
            recent_views: Cache::new(14),
            next: Vec::new(),
            states: 0,
            transitions: 0,
        }
    }

    /// Works on `level` until nothing is left of it, or somebody says stop.
    /// The first level is that of the initial state.
    pub fn run(&mut self, level: &Level, is_first: bool) {
        let stride = 1 + self.shared.system.leaf_count();
        while let Some(block) = level.take() {
            // Held for a block, so that nobody who makes room waits for long.
            let mut doors = Doors::open(self.shared);
            for state in block.chunks_exact(stride) {
                doors = self.expand(doors, state[0], &state[1..], is_first);
            }
            level.count((block.len() / stride) as u64, self.states, self.transitions);
            (self.states, self.transitions) = (0, 0);
        }
    }

    /// Takes up the initial state, if it is inside the boundary.
    pub fn start(&mut self, leaves: &[u32]) -> u64 {
        let mut numbers = leaves.to_vec();
        numbers.resize(self.shared.tree.size(), 0);
        self.visit(&Doors::open(self.shared), NOBODY, &mut numbers, u128::MAX);
        self.transitions = 0;
        std::mem::take(&mut self.states)
    }

    fn expand(
        &mut self,
        mut doors: Doors<'s>,
        id: u32,
        leaves: &[u32],
        is_initial: bool,
    ) -> Doors<'s> {
        let shared = self.shared;
        let system = &shared.system;
        let mut numbers = leaves.to_vec();
        numbers.resize(shared.tree.size(), 0);
        shared.tree.fill(&doors.pairs, &mut numbers, u128::MAX, &mut self.pairs);
        let extras = shared.parts.extras.get(leaves[system.extras_leaf()]);
        if extras.fault != NO_FAULT {
            return doors;
        }
        let seats = leaves[..system.seats].iter().enumerate();
        let offers: Vec<Arc<Moves<'s>>> =
            seats.map(|(actor, seat)| self.planner.moves(actor, *seat)).collect();
        let down = offers.iter().filter(|offer| offer.crashed).count();
        let mut next = numbers.clone();
        for (actor, offer) in offers.iter().enumerate() {
            for step in &offer.moves {
                if !self.is_allowed(step, actor, down, leaves) {
                    continue;
                }
                next.copy_from_slice(&numbers);
                if let Some(changed) = self.take(step, actor, is_initial, &mut next) {
                    self.visit(&doors, id, &mut next, changed);
                    doors = doors.reopen_if_crowded(shared);
                }
            }
        }
        doors
    }

    /// True if the rules and the direction of the search have nothing against this step; what it
    /// costs is not looked at.
    fn is_allowed(&mut self, step: &Move<'_>, actor: usize, down: usize, leaves: &[u32]) -> bool {
        let Rules::Spec(spec) = self.shared.system.rules else {
            return step.kind != Kind::Crash || down < self.shared.system.model.max_crashes;
        };
        if step.kind == Kind::Crash && down >= usize::from(spec.faults.down_at_once) {
            return false;
        }
        let Some(direction) = &spec.direction else {
            return true;
        };
        let Shared { system, parts, .. } = self.shared;
        let action = step.action(parts, actor);
        let state = self.scratch.at(system, parts, leaves);
        (direction.allows)(&system.model.cfg, state, &action)
    }

    /// Turns the numbers of a state into those of the state after `step`. `None` if that is no step.
    fn take(
        &mut self,
        step: &Move<'_>,
        actor: usize,
        is_initial: bool,
        next: &mut [u32],
    ) -> Option<u128> {
        let Shared { system, parts, tree, .. } = self.shared;
        let (ghost, extras) = (system.ghost_leaf(), system.extras_leaf());
        let paid = self.purse.pay(system, parts, next[extras], step)?;
        let mut is_still = step.is_still && step.fault() == NO_FAULT;
        let mut changed = 0;
        for (other, parcel) in step.others() {
            let after = self.planner.arrive(next[*other], *parcel);
            if next[*other] != after {
                next[*other] = after;
                changed |= tree.above(*other);
                is_still = false;
            }
        }
        if is_initial {
            // In any later state the messages that nobody will heed are forgotten already.
            for other in (0..system.seats).filter(|other| *other != actor) {
                let after = self.planner.arrive(next[other], NOTHING);
                is_still &= next[other] == after;
                next[other] = after;
            }
            changed = u128::MAX;
        }
        if let Some(effect) = step.effect.filter(|effect| effect.reaction != SILENT) {
            let key = (next[ghost], effect.reaction);
            let after = self.ghosts.get(key).unwrap_or_else(|| {
                let after = self.shared.reactions.ghost(system, parts, key.0, key.1);
                self.ghosts.put(key, after);
                after
            });
            if next[ghost] != after {
                next[ghost] = after;
                changed |= tree.above(ghost);
                is_still = false;
            }
        }
        if is_still {
            return None;
        }
        next[actor] = step.seat;
        changed |= tree.above(actor);
        if next[extras] != paid {
            next[extras] = paid;
            changed |= tree.above(extras);
        }
        Some(changed)
    }

    /// A successor, or the initial state.
    fn visit(&mut self, doors: &Doors<'s>, parent: u32, numbers: &mut [u32], changed: u128) {
        let Shared { system, parts, tree, .. } = self.shared;
        let key = tree.fill(&doors.pairs, numbers, changed, &mut self.pairs);
        let leaves = &numbers[..system.leaf_count()];
        if let Some(is_within) = &self.shared.boundary
            && !doors.visited.contains(key)
            && !is_within(self.scratch.at(system, parts, leaves))
        {
            return;
        }
        self.transitions += 1;
        let (id, is_new) = doors.visited.insert(key, u64::from(parent));
        if is_new {
            self.states += 1;
            self.judge(doors, id, leaves);
            let stride = 1 + leaves.len();
            if self.next.last().is_none_or(|block| block.len() >= BLOCK * stride) {
                self.next.push(Vec::with_capacity(BLOCK * stride));
            }
            let block = self.next.last_mut().expect("just pushed");
            block.push(id);
            block.extend_from_slice(leaves);
        }
    }

    /// Asks the properties about a new state.
    fn judge(&mut self, doors: &Doors<'s>, id: u32, leaves: &[u32]) {
        let Shared { system, parts, checks, .. } = self.shared;
        let mut is_new_view = None;
        for (index, check) in checks.iter().enumerate() {
            if self.found[index].is_some() || check.expectation == Expectation::Eventually {
                continue;
            }
            let state = match check.sees {
                Sees::Everything => self.scratch.at(system, parts, leaves),
                Sees::Actors => {
                    if is_new_view.is_none() {
                        is_new_view = Some(self.is_new_view(doors, leaves));
                    }
                    if is_new_view == Some(false) {
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
        let view = view_tree.fill(&doors.view_pairs, &mut numbers, u128::MAX, &mut self.view_pairs);
        if self.recent_views.get(view).is_some() {
            return false;
        }
        self.recent_views.put(view, ());
        doors.views.insert(view, 0).1
    }
}

/// The parent of the initial state.
pub(super) const NOBODY: u32 = u32::MAX;
