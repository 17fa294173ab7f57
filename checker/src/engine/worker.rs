//! One thread of the search: expands states, and has those judged that are new.

use std::ops::Range;

use super::cost::Purse;
use super::doors::Doors;
use super::judge::Judge;
use super::level::Level;
use super::memo::Cache;
use super::moves::{Kind, Move, Moves, Planner};
use super::parts::{Event, Explorable, History, NO_FAULT, NOTHING};
use super::react::SILENT;
use super::renamings::Least;
use super::shared::{NOBODY, Shared};
use super::table::Tight;
use super::tally::Tally;
use crate::spec::State;

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
    pub least: Option<Least<'s, A, C, G>>,
    /// The keys of successors that wait to be looked up, and where they come from.
    keys: Vec<u64>,
    origins: Vec<Origin>,
    /// New states that wait to be judged: each its id and its leaves.
    fresh: Vec<u32>,
    /// The ids of the states that this thread has found for the next level.
    pub next: Vec<Range<u32>>,
    pub tally: Tally,
    states: u64,
    transitions: u64,
}

/// The step that a successor comes from.
struct Origin {
    parent: u32,
    kind: Kind,
    event: Event,
}

/// A state that is being expanded.
struct Parent<'s> {
    id: u32,
    key: Vec<u64>,
    leaves: Vec<u32>,
    offers: Vec<&'s Moves>,
    is_initial: bool,
}

/// So many states are read together before they are expanded.
const GROUP: usize = 16;

impl<'s, A: Explorable, C: Sync, G: History> Worker<'s, A, C, G> {
    /// A worker that starts with `state`, which is that of `leaves`.
    pub fn new(shared: &'s Shared<'s, A, C, G>, state: &State<A, G>, leaves: &[u32]) -> Self {
        let Shared { system, parts, reactions, plans, .. } = shared;
        Worker {
            shared,
            judge: Judge::new(shared, state, leaves),
            planner: Planner::new(system, parts, reactions, plans),
            ghosts: Cache::new(16),
            purse: Purse::default(),
            least: Least::new(shared),
            keys: Vec::new(),
            origins: Vec::new(),
            fresh: Vec::new(),
            next: Vec::new(),
            tally: Tally::default(),
            states: 0,
            transitions: 0,
        }
    }

    /// Takes up the initial state, if it is inside the boundary. Returns how many states that are.
    pub fn start(&mut self, leaves: &[u32]) -> u64 {
        let doors = Doors::open(self.shared);
        // The first value of each component needs no room.
        doors.visited.layout().append(leaves, &mut self.keys);
        let origin = Origin { parent: NOBODY, kind: Kind::Recover, event: Event::Recover };
        self.origins.push(origin);
        self.visit(doors);
        (self.transitions, self.tally) = (0, Tally::default());
        std::mem::take(&mut self.states)
    }

    /// Works on `level` until nothing is left of it, or somebody says stop. The first level is that
    /// of the initial state.
    pub fn run(&mut self, level: &Level, is_first: bool) {
        let mut parents: Vec<Parent<'s>> =
            (0..GROUP).map(|_| Parent::new(self.shared.system.leaf_count(), is_first)).collect();
        while let Some(block) = level.take() {
            // Held for a block, so that nobody who makes room waits for long.
            let mut doors = Doors::open(self.shared);
            for first in block.clone().step_by(GROUP) {
                let group = &mut parents[..GROUP.min((block.end - first) as usize)];
                for (id, parent) in (first..).zip(group.iter_mut()) {
                    parent.id = id;
                    parent.read(&doors);
                }
                for parent in group.iter_mut() {
                    self.offer(parent);
                }
                for parent in group {
                    doors = self.expand(doors, parent);
                }
            }
            drop(self.visit(doors));
            level.count(block.len() as u64, self.states, self.transitions);
            (self.states, self.transitions) = (0, 0);
        }
    }

    /// Finds out what the seats of a state offer.
    fn offer(&mut self, parent: &mut Parent<'s>) {
        parent.offers.clear();
        for (actor, seat) in parent.leaves[..self.shared.system.seats].iter().enumerate() {
            parent.offers.push(self.planner.moves(actor, *seat));
        }
    }

    /// Puts the successors of a state among those that wait; looks them up when they are many.
    fn expand(&mut self, mut doors: Doors<'s>, parent: &mut Parent<'s>) -> Doors<'s> {
        let Shared { system, parts, .. } = self.shared;
        if parts.extras.get(parent.leaves[system.extras_leaf()]).fault != NO_FAULT {
            return doors;
        }
        // Since it was read, another thread may have laid keys out anew.
        parent.read(&doors);
        let down = parent.offers.iter().filter(|offer| offer.crashed).count();
        let may_crash = down < system.down_at_once();
        for actor in 0..system.seats {
            let offer = parent.offers[actor];
            for step in &offer.moves {
                if (step.kind == Kind::Crash && !may_crash)
                    || !self.judge.is_directed(step, actor, &parent.leaves)
                {
                    continue;
                }
                while let Err(tight) = self.push(&doors, parent, step, actor) {
                    doors = self.visit(doors).widen(self.shared, tight);
                    parent.read(&doors);
                }
                if self.origins.len() >= BATCH {
                    doors = self.visit(doors);
                    // Another thread may have laid keys out anew.
                    parent.read(&doors);
                }
            }
        }
        doors
    }

    /// Adds the state after `step` to those that wait, if that is a step.
    fn push(
        &mut self,
        doors: &Doors<'s>,
        parent: &Parent<'s>,
        step: &Move,
        actor: usize,
    ) -> Result<(), Tight> {
        let Shared { system, parts, .. } = self.shared;
        let (leaves, extras) = (&parent.leaves, system.extras_leaf());
        let Some(paid) = self.purse.pay(system, parts, leaves[extras], step) else {
            return Ok(());
        };
        let start = self.keys.len();
        self.keys.extend_from_slice(&parent.key);
        let mut is_still = step.is_still && step.fault == NO_FAULT;
        let change = |keys: &mut Vec<u64>, leaf: usize, number: u32| {
            if leaves[leaf] == number {
                return Ok(false);
            }
            let layout = doors.visited.layout();
            if !layout.has_room(leaf, number) {
                keys.truncate(start);
                return Err(Tight { component: leaf, number });
            }
            layout.change(&mut keys[start..], leaf, leaves[leaf], number);
            Ok(true)
        };
        for (other, parcel) in step.others.iter() {
            let seat = self.planner.arrive(*other, leaves[*other], *parcel);
            is_still &= !change(&mut self.keys, *other, seat)?;
        }
        if parent.is_initial {
            // In any later state the messages that nobody will heed are forgotten already.
            let is_told = |other: &usize| step.others.iter().any(|(told, _)| told == other);
            for other in (0..system.seats).filter(|other| *other != actor && !is_told(other)) {
                let seat = self.planner.receive(other, leaves[other], NOTHING);
                is_still &= !change(&mut self.keys, other, seat)?;
            }
        }
        if step.reaction != SILENT {
            let ghost = self.ghost(leaves[system.ghost_leaf()], step.reaction);
            is_still &= !change(&mut self.keys, system.ghost_leaf(), ghost)?;
        }
        if is_still {
            self.keys.truncate(start);
            return Ok(());
        }
        change(&mut self.keys, actor, step.seat)?;
        change(&mut self.keys, extras, paid)?;
        self.origins.push(Origin { parent: parent.id, kind: step.kind, event: step.event });
        Ok(())
    }

    /// The ghost after a step with this reaction.
    fn ghost(&mut self, ghost: u32, reaction: u32) -> u32 {
        let Shared { system, parts, reactions, .. } = self.shared;
        let key = (ghost, reaction);
        self.ghosts.get(key).unwrap_or_else(|| {
            let after = reactions.ghost(system, parts, ghost, reaction);
            self.ghosts.put(key, after);
            after
        })
    }

    /// Looks up the successors that wait, and takes up those that are new.
    fn visit(&mut self, mut doors: Doors<'s>) -> Doors<'s> {
        if let Some(least) = &mut self.least {
            doors = least.settle(doors, &mut self.keys);
        }
        let layout = doors.visited.layout();
        doors.visited.approach(&self.keys);
        let mut leaves = vec![0; layout.len()];
        let states = self.keys.chunks_exact(layout.words()).zip(&self.origins);
        for (place, (key, origin)) in states.enumerate() {
            if self.shared.boundary.is_some() && doors.visited.find(key).is_none() {
                layout.unpack(key, &mut leaves);
                if !self.judge.is_within(&leaves) {
                    continue;
                }
            }
            self.transitions += 1;
            let (id, is_new) = doors.visited.insert(key, origin.parent);
            self.tally.count(origin.kind, origin.event, is_new);
            if is_new {
                self.states += 1;
                if let Some(least) = &mut self.least {
                    least.count(place);
                }
                layout.unpack(key, &mut leaves);
                self.fresh.push(id);
                self.fresh.extend_from_slice(&leaves);
                match self.next.last_mut() {
                    Some(last) if last.end == id => last.end += 1,
                    _ => self.next.push(id..id + 1),
                }
            }
        }
        self.keys.clear();
        self.origins.clear();
        let doors = self.judge.judge(doors, &self.fresh);
        self.fresh.clear();
        doors.reopen_if_crowded(self.shared)
    }
}

impl Parent<'_> {
    fn new(leaves: usize, is_initial: bool) -> Self {
        Parent { id: 0, key: Vec::new(), leaves: vec![0; leaves], offers: Vec::new(), is_initial }
    }

    /// Reads the key as it is laid out now.
    fn read(&mut self, doors: &Doors<'_>) {
        let layout = doors.visited.layout();
        self.key.resize(layout.words(), 0);
        doors.visited.read(self.id, &mut self.key);
        layout.unpack(&self.key, &mut self.leaves);
    }
}
