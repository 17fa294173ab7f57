//! The rules of timely timing once more, written down as they are told and with no other aim, to
//! compare with.

use std::collections::{BTreeMap, BTreeSet};

use quorate_checker::spec::{Action, Clock, Cut, CutState, Faults, State, Timely};

use super::toy::{Do, Step, Timer, Toy};

/// All there is, in sets and maps.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct World {
    counts: Vec<u8>,
    ages: BTreeMap<(usize, Timer), u8>,
    /// From whom, to whom, what.
    in_flight: BTreeSet<(usize, usize, u8)>,
    /// Who is down, and for how long.
    down: BTreeMap<usize, u8>,
    /// The cuts whose links are down, and for how long where they heal; and those that have healed.
    cut: BTreeMap<usize, u8>,
    healed: BTreeSet<usize>,
    /// Who is paused, and for how long.
    paused: BTreeMap<usize, u8>,
    /// Crashes, drops, duplicates, early firings, slow ticks, pauses.
    spent: [u8; 6],
    calm: u8,
}

impl World {
    /// What the spec's state says.
    pub fn of(state: &State<Toy, ()>) -> Self {
        let system = &state.system;
        let mut world = World {
            counts: system.actor_states.iter().map(|count| **count).collect(),
            calm: state.calm,
            ..World::default()
        };
        let spent = state.spent;
        world.spent =
            [spent.crashes, spent.drops, spent.duplicates, spent.early, spent.slow, spent.pauses];
        for (actor, clock) in state.clocks.iter().enumerate() {
            assert_eq!(system.crashed[actor], matches!(clock, Clock::Down(_) | Clock::Gone));
            let mut set: Vec<Timer> = system.timers_set[actor].iter().copied().collect();
            set.sort_unstable();
            match clock {
                Clock::Up(ages) | Clock::Paused(ages, _) => {
                    if let Clock::Paused(_, ticks) = clock {
                        world.paused.insert(actor, *ticks);
                    }
                    assert!(ages.keys().eq(&set), "a timer is set and has an age, or neither");
                    world.ages.extend(ages.iter().map(|(timer, age)| ((actor, *timer), *age)));
                }
                Clock::Down(downtime) => drop(world.down.insert(actor, *downtime)),
                Clock::Gone => drop(world.down.insert(actor, 0)),
            }
        }
        for (index, cut) in state.cuts.iter().enumerate() {
            match cut {
                CutState::Ahead => {}
                CutState::Down(ticks) => drop(world.cut.insert(index, *ticks)),
                CutState::Healed => drop(world.healed.insert(index)),
            }
        }
        for it in system.network.iter_all() {
            world.in_flight.insert((it.src.into(), it.dst.into(), *it.msg));
        }
        world
    }
}

/// The rules, for these toys.
pub struct Naive {
    pub toys: Vec<Toy>,
    pub timely: Timely<Timer>,
    pub faults: Faults,
    pub links_down: BTreeSet<(usize, usize)>,
    pub cuts: Vec<Cut>,
}

impl Naive {
    /// Every step, and where it leads, if that is elsewhere.
    pub fn successors(&self, world: &World) -> Vec<(Step, World)> {
        if self.timely.restless.as_ref().is_some_and(|it| world.calm >= it.bound) {
            return Vec::new();
        }
        let mut found = Vec::new();
        self.network(world, &mut found);
        self.timers(world, &mut found);
        self.crashes(world, &mut found);
        self.cuts(world, &mut found);
        self.pauses(world, &mut found);
        found.retain(|(_, next)| {
            let spent = (world.spent, world.calm);
            World { spent: spent.0, calm: spent.1, ..next.clone() } != *world
        });
        found.sort();
        found
    }

    fn is_quiet(&self, world: &World) -> bool {
        world.in_flight.iter().all(|(_, to, _)| !Self::takes_steps(world, *to))
    }

    fn takes_steps(world: &World, actor: usize) -> bool {
        !world.down.contains_key(&actor) && !world.paused.contains_key(&actor)
    }

    fn network(&self, world: &World, found: &mut Vec<(Step, World)>) {
        for (from, to, message) in &world.in_flight {
            let (src, dst, msg) = ((*from).into(), (*to).into(), *message);
            let without = |world: &World| {
                let mut world = world.clone();
                world.in_flight.remove(&(*from, *to, *message));
                world
            };
            let fault = |budget: usize| {
                let mut world = World { calm: 0, ..world.clone() };
                world.spent[budget] += 1;
                world
            };
            if world.spent[1] < self.faults.drops {
                found.push((Action::Drop { src, dst, msg }, without(&fault(1))));
            }
            if !Self::takes_steps(world, *to) {
                continue;
            }
            let handle = |world| self.act(world, *to, self.toys[*to].messages.get(message));
            found.push((Action::Deliver { src, dst, msg }, handle(without(world))));
            if world.spent[2] < self.faults.duplicates {
                found.push((Action::Duplicate { src, dst, msg }, handle(fault(2))));
            }
        }
    }

    fn timers(&self, world: &World, found: &mut Vec<(Step, World)>) {
        let mut is_at_end = false;
        for ((actor, timer), age) in &world.ages {
            if world.paused.contains_key(actor) {
                continue;
            }
            let range = (self.timely.range)(timer);
            let is_due = range.contains(age) || age > range.end();
            is_at_end |= age >= range.end();
            let mut next = world.clone();
            next.ages.remove(&(*actor, *timer));
            let mut next = self.act(next, *actor, self.toys[*actor].timers.get(timer));
            if is_due && self.is_quiet(world) {
                next.calm +=
                    u8::from(self.timely.restless.as_ref().is_some_and(|it| (it.timers)(timer)));
                found.push((Action::Timeout((*actor).into(), *timer), next));
            } else if world.spent[3] < self.timely.early && (is_due || !self.is_punctual(*timer)) {
                next.spent[3] += 1;
                next.calm = 0;
                found.push((Action::EarlyTimeout((*actor).into(), *timer), next));
            }
        }
        let recovering = if self.timely.recovery.is_some() { world.down.len() } else { 0 };
        for downtime in world.down.values() {
            is_at_end |= self.timely.recovery.as_ref().is_some_and(|r| downtime == r.end());
        }
        let healing = |cut: &usize| self.cuts[*cut].heals.clone();
        let healing: Vec<_> = world.cut.keys().filter_map(healing).collect();
        for (cut, ticks) in &world.cut {
            is_at_end |= self.cuts[*cut].heals.as_ref().is_some_and(|it| ticks == it.end());
        }
        for ticks in world.paused.values() {
            is_at_end |= self.timely.pauses.as_ref().is_some_and(|it| ticks == it.ticks.end());
        }
        let waiting = world.ages.len() + recovering + healing.len() + world.paused.len();
        let is_slow = !self.is_quiet(world);
        if (!is_slow || world.spent[4] < self.timely.slow) && !is_at_end && waiting > 0 {
            let mut next = world.clone();
            if is_slow {
                next.spent[4] += 1;
                next.calm = 0;
            }
            for (cut, ticks) in &mut next.cut {
                *ticks += u8::from(self.cuts[*cut].heals.is_some());
            }
            next.ages.values_mut().for_each(|age| *age += 1);
            next.paused.values_mut().for_each(|ticks| *ticks += 1);
            if self.timely.recovery.is_some() {
                next.down.values_mut().for_each(|downtime| *downtime += 1);
            }
            found.push((if is_slow { Action::SlowTick } else { Action::Tick }, next));
        }
    }

    fn is_punctual(&self, timer: Timer) -> bool {
        self.timely.punctual.as_ref().is_some_and(|it| (it.timers)(&timer))
    }

    fn crashes(&self, world: &World, found: &mut Vec<(Step, World)>) {
        for actor in 0..self.toys.len() {
            let mut next = World { calm: 0, ..world.clone() };
            if world.paused.contains_key(&actor) {
                continue;
            }
            match world.down.get(&actor) {
                None => {
                    let down = world.down.len() < usize::from(self.faults.down_at_once);
                    if world.spent[0] == self.faults.crashes || !down {
                        continue;
                    }
                    next.spent[0] += 1;
                    next.ages.retain(|(other, _), _| *other != actor);
                    next.down.insert(actor, 0);
                    if self.timely.recovery.is_none() {
                        next.in_flight.retain(|(_, to, _)| *to != actor);
                    }
                    next.counts[actor] = self.count_at_start(actor);
                    found.push((Action::Crash(actor.into()), next));
                }
                Some(downtime) => {
                    if self.timely.recovery.as_ref().is_some_and(|r| r.contains(downtime)) {
                        next.down.remove(&actor);
                        next.counts[actor] = 0;
                        let next = self.act(next, actor, Some(&self.toys[actor].start));
                        found.push((Action::Recover(actor.into()), next));
                    }
                }
            }
        }
    }

    fn cuts(&self, world: &World, found: &mut Vec<(Step, World)>) {
        for (index, cut) in self.cuts.iter().enumerate() {
            let mut next = World { calm: 0, ..world.clone() };
            let links: Vec<(usize, usize)> =
                cut.links.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect();
            match world.cut.get(&index) {
                Some(ticks) => {
                    if cut.heals.as_ref().is_some_and(|range| range.contains(ticks)) {
                        next.cut.remove(&index);
                        next.healed.insert(index);
                        found.push((Action::Heal(index as u8), next));
                    }
                }
                None if world.healed.contains(&index) => {}
                None => {
                    next.cut.insert(index, 0);
                    next.in_flight.retain(|(from, to, _)| !links.contains(&(*from, *to)));
                    found.push((Action::Cut(index as u8), next));
                }
            }
        }
    }

    fn pauses(&self, world: &World, found: &mut Vec<(Step, World)>) {
        let Some(pauses) = &self.timely.pauses else { return };
        for actor in 0..self.toys.len() {
            let mut next = World { calm: 0, ..world.clone() };
            match world.paused.get(&actor) {
                Some(ticks) if pauses.ticks.contains(ticks) => {
                    next.paused.remove(&actor);
                    found.push((Action::Resume(actor.into()), next));
                }
                None if Self::takes_steps(world, actor) && world.spent[5] < pauses.count => {
                    next.paused.insert(actor, 0);
                    next.spent[5] += 1;
                    found.push((Action::Pause(actor.into()), next));
                }
                _ => {}
            }
        }
    }

    fn is_cut(&self, world: &World, from: usize, to: usize) -> bool {
        let mut down = world.cut.keys().map(|cut| &self.cuts[*cut].links);
        down.any(|links| links.contains(&(from.into(), to.into())))
    }

    fn count_at_start(&self, actor: usize) -> u8 {
        let counts = self.toys[actor].start.iter().filter(|one| **one == Do::Count).count();
        counts as u8 % 3
    }

    fn act(&self, mut world: World, actor: usize, what: Option<&Vec<Do>>) -> World {
        for one in what.into_iter().flatten() {
            match one {
                Do::Set(timer) => drop(world.ages.insert((actor, *timer), 0)),
                Do::Cancel(timer) => drop(world.ages.remove(&(actor, *timer))),
                Do::Send(to, message) => {
                    let is_cut = self.is_cut(&world, actor, *to);
                    let is_gone = self.timely.recovery.is_none() && world.down.contains_key(to);
                    if !is_gone && !is_cut && !self.links_down.contains(&(actor, *to)) {
                        world.in_flight.insert((actor, *to, *message));
                    }
                }
                Do::Count => world.counts[actor] = (world.counts[actor] + 1) % 3,
                Do::Choose => unreachable!("no toy that is drawn chooses"),
            }
        }
        world
    }
}
