//! One thread of the search: expands states, and has those judged that are new.

use std::ops::Range;

use super::calls::{Called, Slot};
use super::checks::Decision;
use super::cost::Purse;
use super::doors::Doors;
use super::judge::Judge;
use super::kind::Kind;
use super::least::Least;
use super::level::Hand;
use super::level::Level;
use super::memo::Cache;
use super::moves::Move;
use super::parent::{GROUP, Now, Parent};
use super::parts::{Explorable, History, NO_FAULT, NOTHING};
use super::planner::Planner;
use super::reaction::{SILENT, Seen};
use super::shared::{INITIAL, NOBODY, Shared};
use super::sync::Arc;
use super::table::Tight;
use super::tally::Tally;
use crate::spec::State;

/// So many successors are looked up together: while one waits for memory, so do the others.
const BATCH: usize = 64;

/// One thread of the search.
pub(super) struct Worker<'s, A: Explorable, C, G: History> {
    pub shared: &'s Shared<'s, A, C, G>,
    pub judge: Judge<'s, A, C, G>,
    planner: Planner<'s, A, C, G>,
    /// By ghost and reaction.
    ghosts: Cache<(u32, u32), Seen>,
    purse: Purse,
    pub calls: Arc<Slot>,
    pub least: Option<Least<'s, A, C, G>>,
    /// The keys of successors that wait to be looked up, and where they come from.
    keys: Vec<u64>,
    origins: Vec<Origin>,
    /// New states that wait to be judged: each its id and its leaves.
    fresh: Vec<u32>,
    /// The ids of the states that this thread has found for the next level.
    pub next: Vec<Range<u32>>,
    pub tally: Tally,
    /// Once everything is explored: steps that were looked up, instead of states taken up.
    pub hops: Option<Vec<(Origin, u32)>>,
    states: u64,
    transitions: u64,
}

/// The step that a successor comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin {
    pub parent: u32,
    pub kind: Kind,
    pub about: u32,
    pub actor: u8,
}

impl<'s, A: Explorable, C: Sync, G: History> Worker<'s, A, C, G> {
    /// A worker that starts with `state`, which is that of `leaves`.
    pub fn new(shared: &'s Shared<'s, A, C, G>, state: &State<A, G>, leaves: &[u32]) -> Self {
        let Shared { system, parts, reactions, plans, .. } = shared;
        let calls = shared.calls.slot();
        Worker {
            shared,
            judge: Judge::new(shared, state, leaves, Arc::clone(&calls)),
            planner: Planner::new(system, parts, reactions, plans, Arc::clone(&calls)),
            calls,
            ghosts: Cache::new(16),
            purse: Purse::default(),
            least: Least::new(shared),
            keys: Vec::new(),
            origins: Vec::new(),
            fresh: Vec::new(),
            next: Vec::new(),
            tally: Tally::default(),
            hops: None,
            states: 0,
            transitions: 0,
        }
    }

    /// Takes up the initial state, if it is inside the boundary. Returns how many states that are.
    pub fn start(&mut self, leaves: &[u32]) -> u64 {
        let doors = Doors::open(self.shared);
        // The first value of each component needs no room.
        doors.visited.layout().append(leaves, &mut self.keys);
        self.origins.push(Origin { parent: NOBODY, kind: Kind::Recover, about: 0, actor: 0 });
        self.visit(doors);
        (self.transitions, self.tally) = (0, Tally::default());
        std::mem::take(&mut self.states)
    }

    /// Expands a few states together: while one waits for memory, so do the others.
    pub fn expand_group(
        &mut self,
        mut doors: Doors<'s>,
        ids: Range<u32>,
        parents: &mut [Parent<'s>],
    ) -> Doors<'s> {
        let group = &mut parents[..ids.len()];
        for (id, parent) in ids.zip(group.iter_mut()) {
            parent.id = id;
            parent.read(&doors);
        }
        for parent in group.iter_mut() {
            self.offer(parent);
        }
        for parent in group {
            doors = self.expand(doors, parent);
        }
        doors
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
        if let Some(check) = self.shared.heeds_obsolete
            && parent.offers.iter().any(|offer| offer.heeds_obsolete)
        {
            self.judge.found[check].get_or_insert(Decision { state: parent.id, panic: None });
        }
        if system.is_end(parts.extras.get(parent.leaves[system.extras_leaf()])) {
            return doors;
        }
        // The states before it in its group may have closed the doors since it was read.
        parent.read(&doors);
        let now = Now::of(system, &parent.offers);
        let mut is_dead = !now.time_may_pass && !parent.offers.iter().any(|offer| offer.has_timer);
        for actor in 0..system.seats {
            let offer = parent.offers[actor];
            for step in &offer.moves {
                if !now.allows(step.kind) {
                    continue;
                }
                if !self.judge.is_directed(step, actor, &parent.leaves) {
                    // Nobody is stuck only because the search does not look there.
                    is_dead &= step.kind.is_fault();
                    continue;
                }
                let is_step = loop {
                    let pushed = match step.kind {
                        Kind::Cut | Kind::Heal => self.push_links(&doors, parent, step),
                        _ => self.push(&doors, parent, step, actor),
                    };
                    match pushed {
                        Ok(is_step) => break is_step,
                        Err(tight) => doors = self.look_up(doors, parent, Some(tight)),
                    }
                };
                is_dead &= !is_step || step.kind.is_fault();
                if self.origins.len() >= BATCH {
                    doors = self.look_up(doors, parent, None);
                }
            }
        }
        if let Some(tick) = now.tick()
            && self.judge.is_directed(&tick, 0, &parent.leaves)
        {
            while let Err(tight) = self.push_tick(&doors, parent, &tick) {
                doors = self.look_up(doors, parent, Some(tight));
            }
        }
        if let Some(check) = self.shared.deadlock.filter(|_| is_dead) {
            self.judge.found[check].get_or_insert(Decision { state: parent.id, panic: None });
        }
        doors
    }

    /// Looks up the successors that wait, and makes room for what is tight. The doors are closed
    /// meanwhile, and another thread may lay keys out anew: the state is read again.
    fn look_up(
        &mut self,
        doors: Doors<'s>,
        parent: &mut Parent<'s>,
        tight: Option<Tight>,
    ) -> Doors<'s> {
        let mut doors = self.visit(doors);
        if let Some(tight) = tight {
            doors = doors.widen(self.shared, tight);
        }
        parent.read(&doors);
        doors
    }

    /// Adds the state after a tick, if there is budget left for it.
    fn push_tick(
        &mut self,
        doors: &Doors<'s>,
        parent: &Parent<'s>,
        tick: &Move,
    ) -> Result<(), Tight> {
        let Shared { system, parts, .. } = self.shared;
        let (ghost, extras) = (system.ghost_leaf(), system.extras_leaf());
        let paid = self.purse.pay(system, parts, parent.leaves[extras], tick, NO_FAULT);
        let Some(paid) = paid else { return Ok(()) };
        let seats = parent.offers.iter().map(|offer| offer.time.ticked);
        self.push_leaves(doors, parent, seats.chain([parent.leaves[ghost], paid]), tick)
    }

    /// Adds the state after the links of a cut go down or heal, which is a step of nobody.
    fn push_links(
        &mut self,
        doors: &Doors<'s>,
        parent: &Parent<'s>,
        step: &Move,
    ) -> Result<bool, Tight> {
        let Shared { system, parts, .. } = self.shared;
        let extras = system.extras_leaf();
        let mut leaves = parent.leaves.clone();
        for (actor, seat) in leaves[..system.seats].iter_mut().enumerate() {
            *seat = self.planner.relinked(actor, *seat, step.kind, step.about as usize);
        }
        let paid = self.purse.pay(system, parts, leaves[extras], step, NO_FAULT);
        leaves[extras] = paid.expect("a cut is charged to no budget");
        self.push_leaves(doors, parent, leaves.into_iter(), step)?;
        Ok(true)
    }

    /// Adds the state of these leaves, which a step of nobody leads to.
    fn push_leaves(
        &mut self,
        doors: &Doors<'s>,
        parent: &Parent<'s>,
        leaves: impl Iterator<Item = u32>,
        step: &Move,
    ) -> Result<(), Tight> {
        let (start, layout) = (self.keys.len(), doors.visited.layout());
        self.keys.extend_from_slice(&parent.key);
        for (component, number) in leaves.enumerate() {
            if !layout.has_room(component, number) {
                self.keys.truncate(start);
                return Err(Tight { component, number });
            }
            layout.change(&mut self.keys[start..], component, parent.leaves[component], number);
        }
        let Move { kind, about, .. } = *step;
        self.origins.push(Origin { parent: parent.id, kind, about, actor: 0 });
        Ok(())
    }

    /// Adds the state after `step` to those that wait. False if that is no step.
    fn push(
        &mut self,
        doors: &Doors<'s>,
        parent: &Parent<'s>,
        step: &Move,
        actor: usize,
    ) -> Result<bool, Tight> {
        let Shared { system, parts, reactions, .. } = self.shared;
        let (leaves, extras) = (&parent.leaves, system.extras_leaf());
        let fault = if step.is_faulty { reactions.fault(step.reaction) } else { NO_FAULT };
        let Some(mut paid) = self.purse.pay(system, parts, leaves[extras], step, fault) else {
            return Ok(false);
        };
        let start = self.keys.len();
        self.keys.extend_from_slice(&parent.key);
        let mut is_still = step.is_still && !step.is_faulty;
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
        // Most steps send nothing to anybody else.
        let posts = (step.post != NOTHING).then(|| parts.posts.get(step.post));
        for (other, parcel) in posts.into_iter().flatten() {
            let seat = self.planner.arrive(parent.offers[*other], *other, leaves[*other], *parcel);
            is_still &= !change(&mut self.keys, *other, seat)?;
        }
        if parent.id == INITIAL {
            // In any later state the messages that nobody will heed are forgotten already.
            let is_told =
                |other: &usize| posts.into_iter().flatten().any(|(told, _)| told == other);
            for other in (0..system.seats).filter(|other| *other != actor && !is_told(other)) {
                let seat = self.planner.receive(other, leaves[other], NOTHING);
                is_still &= !change(&mut self.keys, other, seat)?;
            }
        }
        if step.reaction != SILENT {
            let (ghost, fault) = self.ghost(leaves[system.ghost_leaf()], step.reaction);
            is_still &= !change(&mut self.keys, system.ghost_leaf(), ghost)? && fault == NO_FAULT;
            if fault != NO_FAULT {
                paid = self.purse.pay(system, parts, leaves[extras], step, fault).unwrap_or(paid);
            }
        }
        if is_still {
            self.keys.truncate(start);
            return Ok(false);
        }
        change(&mut self.keys, actor, step.seat)?;
        change(&mut self.keys, extras, paid)?;
        let (parent, kind, about) = (parent.id, step.kind, step.about);
        self.origins.push(Origin { parent, kind, about, actor: actor as u8 });
        Ok(true)
    }

    /// What becomes of a ghost that sees a step with this reaction.
    fn ghost(&mut self, ghost: u32, reaction: u32) -> Seen {
        let Shared { system, parts, reactions, .. } = self.shared;
        let key = (ghost, reaction);
        self.ghosts.get(key).unwrap_or_else(|| {
            let _running = self.calls.enter(Called::Ghost, &[ghost, reaction]);
            let after = reactions.ghost(system, parts, ghost, reaction);
            self.ghosts.put(key, after);
            after
        })
    }

    /// Looks up the successors that wait, and takes up those that are new.
    pub fn visit(&mut self, mut doors: Doors<'s>) -> Doors<'s> {
        if let Some(least) = &mut self.least {
            doors = least.settle(doors, &mut self.keys);
        }
        let layout = doors.visited.layout();
        doors.visited.approach(&self.keys);
        if let Some(hops) = &mut self.hops {
            for (key, origin) in self.keys.chunks_exact(layout.words()).zip(&self.origins) {
                hops.push((*origin, doors.visited.find(key).expect("everything is explored")));
            }
            self.keys.clear();
            self.origins.clear();
            return doors;
        }
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
            self.tally.count(origin.kind, origin.about, is_new);
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

impl<A: Explorable, C: Sync, G: History> Hand for Worker<'_, A, C, G> {
    fn run(&mut self, level: &Level, thread: usize) {
        let mut parents = Parent::group(self.shared.system.leaf_count());
        while let Some(block) = level.take(thread) {
            // Held for a block, so that nobody who makes room waits for long.
            let mut doors = Doors::open(self.shared);
            for first in block.clone().step_by(GROUP) {
                let group = first..block.end.min(first.saturating_add(GROUP as u32));
                doors = self.expand_group(doors, group, &mut parents);
            }
            drop(self.visit(doors));
            level.count(block.len() as u64, self.states, self.transitions);
            (self.states, self.transitions) = (0, 0);
        }
    }
}
