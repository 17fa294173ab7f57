//! One thread of the search: expands states, and has those judged that are new.

use std::sync::Arc;

use super::cost::Purse;
use super::doors::Doors;
use super::judge::Judge;
use super::level::{Block, Level};
use super::memo::Cache;
use super::moves::{Kind, Move, Moves, Planner};
use super::parts::{Explorable, History, NO_FAULT, NOTHING};
use super::react::SILENT;
use super::shared::{NOBODY, Shared};
use super::system::Rules;
use super::tree::{PairCache, Rows};
use crate::spec::State;

/// States in a block of work.
const BLOCK: usize = 128;
/// So many successors are looked up together: while one waits for memory, so do the others.
const BATCH: usize = 64;

/// One thread of the search.
pub(super) struct Worker<'s, A: Explorable, C, G: History> {
    shared: &'s Shared<'s, A, C, G>,
    pub judge: Judge<'s, A, C, G>,
    planner: Planner<'s, A, C, G>,
    /// By ghost and reaction.
    ghosts: Cache<(u32, u32), u32>,
    purse: Purse,
    pairs: PairCache,
    /// Successors that wait to be looked up, and their parents.
    rows: Rows,
    parents: Vec<u32>,
    /// States for the next level.
    pub next: Vec<Block>,
    states: u64,
    transitions: u64,
}

impl<'s, A: Explorable, C: Sync, G: History> Worker<'s, A, C, G> {
    /// A worker that starts with `state`, which is that of `leaves`.
    pub fn new(shared: &'s Shared<'s, A, C, G>, state: &State<A, G>, leaves: &[u32]) -> Self {
        Worker {
            shared,
            judge: Judge::new(shared, state, leaves),
            planner: Planner::new(&shared.system, &shared.parts, &shared.reactions),
            ghosts: Cache::new(14),
            purse: Purse::default(),
            pairs: shared.tree.cache(),
            rows: Rows::new(&shared.tree),
            parents: Vec::new(),
            next: Vec::new(),
            states: 0,
            transitions: 0,
        }
    }

    /// Works on `level` until nothing is left of it, or somebody says stop. The first level is that
    /// of the initial state.
    pub fn run(&mut self, level: &Level, is_first: bool) {
        let stride = 1 + self.shared.system.leaf_count();
        while let Some(block) = level.take() {
            // Held for a block, so that nobody who makes room waits for long.
            let mut doors = Doors::open(self.shared);
            let mut rows = Rows::new(&self.shared.tree);
            let states = block.chunks_exact(stride);
            states.clone().for_each(|state| rows.push_leaves(&state[1..]));
            self.shared.tree.fill_all(&doors.pairs, &mut rows, &mut self.pairs);
            for (index, state) in states.enumerate() {
                doors = self.expand(doors, state[0], rows.row(index), is_first);
            }
            self.visit(doors);
            level.count((block.len() / stride) as u64, self.states, self.transitions);
            (self.states, self.transitions) = (0, 0);
        }
    }

    /// Takes up the initial state, if it is inside the boundary. Returns how many states that are.
    pub fn start(&mut self, leaves: &[u32]) -> u64 {
        self.rows.push_leaves(leaves);
        self.parents.push(NOBODY);
        self.visit(Doors::open(self.shared));
        self.transitions = 0;
        std::mem::take(&mut self.states)
    }

    /// Puts the successors of a state among those that wait; looks them up when they are many.
    fn expand(
        &mut self,
        mut doors: Doors<'s>,
        id: u32,
        numbers: &[u32],
        is_initial: bool,
    ) -> Doors<'s> {
        let Shared { system, parts, .. } = self.shared;
        let leaves = &numbers[..system.leaf_count()];
        if parts.extras.get(leaves[system.extras_leaf()]).fault != NO_FAULT {
            return doors;
        }
        let seats = leaves[..system.seats].iter().enumerate();
        let offers: Vec<Arc<Moves<'s>>> =
            seats.map(|(actor, seat)| self.planner.moves(actor, *seat)).collect();
        let down = offers.iter().filter(|offer| offer.crashed).count();
        let may_crash = down
            < match system.rules {
                Rules::Spec(spec) => spec.faults.down_at_once.into(),
                Rules::Stateright => system.model.max_crashes,
            };
        let mut next = numbers.to_vec();
        for (actor, offer) in offers.iter().enumerate() {
            for step in &offer.moves {
                if (step.kind == Kind::Crash && !may_crash)
                    || !self.judge.is_directed(step, actor, leaves)
                {
                    continue;
                }
                next.copy_from_slice(numbers);
                if let Some(changed) = self.take(step, actor, is_initial, &mut next) {
                    self.rows.push(&next, changed);
                    self.parents.push(id);
                }
                if self.parents.len() >= BATCH {
                    doors = self.visit(doors);
                }
            }
        }
        doors
    }

    /// Turns the numbers of a state into those of the state after `step`, as far as leaves go.
    /// Returns which nodes are then to be renumbered; `None` if that is no step.
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
        let mut set = |leaf: usize, number: u32, next: &mut [u32]| {
            if next[leaf] != number {
                next[leaf] = number;
                changed |= tree.above(leaf);
                is_still = false;
            }
        };
        for (other, parcel) in step.others() {
            set(*other, self.planner.arrive(next[*other], *parcel), next);
        }
        if is_initial {
            // In any later state the messages that nobody will heed are forgotten already.
            for other in (0..system.seats).filter(|other| *other != actor) {
                set(other, self.planner.arrive(next[other], NOTHING), next);
            }
        }
        if let Some(effect) = step.effect.filter(|effect| effect.reaction != SILENT) {
            let key = (next[ghost], effect.reaction);
            let after = self.ghosts.get(key).unwrap_or_else(|| {
                let after = self.shared.reactions.ghost(system, parts, key.0, key.1);
                self.ghosts.put(key, after);
                after
            });
            set(ghost, after, next);
        }
        if is_still {
            return None;
        }
        for (leaf, number) in [(actor, step.seat), (extras, paid)] {
            if next[leaf] != number {
                next[leaf] = number;
                changed |= tree.above(leaf);
            }
        }
        Some(changed)
    }

    /// Looks up the successors that wait, and takes up those that are new.
    fn visit(&mut self, mut doors: Doors<'s>) -> Doors<'s> {
        let Shared { system, tree, .. } = self.shared;
        let keys = tree.fill_all(&doors.pairs, &mut self.rows, &mut self.pairs);
        doors.visited.approach(&keys);
        let rows = std::mem::replace(&mut self.rows, Rows::new(tree));
        for (index, key) in keys.into_iter().enumerate() {
            let leaves = &rows.row(index)[..system.leaf_count()];
            if self.shared.boundary.is_some()
                && !doors.visited.contains(key)
                && !self.judge.is_within(leaves)
            {
                continue;
            }
            self.transitions += 1;
            let (id, is_new) = doors.visited.insert(key, self.parents[index]);
            if is_new {
                self.states += 1;
                self.judge.judge(&doors, id, leaves);
                self.enqueue(id, leaves);
                doors = doors.reopen_if_crowded(self.shared);
            }
        }
        self.rows = rows;
        self.rows.clear();
        self.parents.clear();
        doors.reopen_if_crowded(self.shared)
    }

    fn enqueue(&mut self, id: u32, leaves: &[u32]) {
        let size = BLOCK * (1 + leaves.len());
        if self.next.last().is_none_or(|block| block.len() >= size) {
            self.next.push(Vec::with_capacity(size));
        }
        let block = self.next.last_mut().expect("just pushed");
        block.push(id);
        block.extend_from_slice(leaves);
    }
}
