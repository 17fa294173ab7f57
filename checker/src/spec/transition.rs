//! What a step does to a state.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use stateright::actor::{
    Actor, ActorModelState, Envelope, Id, Network, Out, RandomChoices, Timers,
};
use stateright::util::HashableHashSet;

use super::{Action, ActionOf, Clock, CutState, Event, Spec, Spent, State};

/// A state, and the messages that are forgotten on the way to it.
type AndForgotten<A, G> = (State<A, G>, Vec<Envelope<<A as Actor>::Msg>>);

impl<A, C, G> Spec<A, C, G>
where
    A: Actor,
    A::Msg: Ord,
    A::Timer: Ord,
    G: Clone + Debug + Hash + PartialEq,
{
    /// Every actor started, nothing spent.
    pub(super) fn initial(&self) -> State<A, G> {
        let count = self.system.actors.len();
        let mut system = ActorModelState {
            actor_states: Vec::with_capacity(count),
            history: self.system.init_history.clone(),
            timers_set: vec![Timers::new(); count],
            random_choices: vec![RandomChoices::default(); count],
            network: self.system.init_network.clone(),
            crashed: vec![false; count],
            actor_storages: vec![None; count],
        };
        let mut outs = Vec::with_capacity(count);
        for (index, actor) in self.system.actors.iter().enumerate() {
            let mut out = Out::new();
            let storage = self.storages.get(index).cloned().flatten();
            let state = actor.on_start(index.into(), &storage, &mut out);
            system.actor_storages[index] = storage;
            system.actor_states.push(Arc::new(state));
            outs.push(out);
        }
        let mut state = State::of_system(system, self.servers);
        state.operators = self.operators;
        if self.timely.is_some() {
            state.clocks = vec![Clock::default(); count];
        }
        state.cuts = vec![CutState::Ahead; self.cuts.len()];
        state.cut_links = self.cuts.iter().map(|cut| cut.links.clone()).collect();
        if self.faults.rollbacks > 0 {
            state.backups = vec![None; count];
        }
        for (index, out) in outs.into_iter().enumerate() {
            self.carry_out(index, out, &mut state);
            state.fault = state.fault.take().or_else(|| self.storage_fault(index.into(), &state));
        }
        state
    }

    /// The steps that may be tried in `state`, in a fixed order. A few of them change nothing.
    pub(super) fn enabled(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        if state.fault.is_some() || self.is_unbounded(state) {
            return;
        }
        self.undirected(state, actions);
        actions.sort_unstable();
        if let Some(direction) = &self.direction {
            actions.retain(|action| (direction.allows)(&self.system.cfg, state, action));
        }
    }

    /// The steps that may be tried, whatever the direction of the search.
    fn undirected(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        self.network_actions(state, actions);
        self.actor_actions(state, actions);
    }

    /// True if nobody can do anything any more, faults aside, and no timer is set.
    pub(super) fn is_deadlocked(&self, state: &State<A, G>) -> bool {
        if state.fault.is_some() || self.is_unbounded(state) {
            return false;
        }
        let mut actions = Vec::new();
        self.undirected(state, &mut actions);
        let is_set = state.system.timers_set.iter().any(|timers| timers.iter().next().is_some());
        !is_set
            && !actions
                .iter()
                .any(|action| !action.is_fault() && self.after(state, action).is_some())
    }

    fn network_actions(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        for Envelope { src, dst, msg } in state.system.network.iter_deliverable() {
            if state.spent.drops < self.faults.drops {
                actions.push(Action::Drop { src, dst, msg: msg.clone() });
            }
            if !state.takes_steps(usize::from(dst)) {
                continue;
            }
            actions.push(Action::Deliver { src, dst, msg: msg.clone() });
            if state.spent.duplicates < self.faults.duplicates {
                actions.push(Action::Duplicate { src, dst, msg: msg.clone() });
            }
        }
    }

    fn actor_actions(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        let system = &state.system;
        let down = system.crashed.iter().filter(|crashed| **crashed).count();
        let Spent { crashes, rollbacks, backups, .. } = state.spent;
        let may_go_down = down < usize::from(self.faults.down_at_once);
        let may_crash = crashes < self.faults.crashes && may_go_down;
        let may_roll_back = rollbacks < self.faults.rollbacks && may_go_down;
        // Nobody ever asks for a copy that cannot be used.
        let may_back_up = backups < self.faults.backups && rollbacks < self.faults.rollbacks;
        for index in 0..system.actor_states.len() {
            let id = Id::from(index);
            if !state.takes_steps(index) {
                continue;
            }
            if may_crash && self.is_server(id) {
                actions.push(Action::Crash(id));
            }
            if may_roll_back && self.is_server(id) {
                actions.push(Action::Rollback(id));
            }
            if may_back_up && self.is_server(id) {
                actions.push(Action::Backup(id));
            }
            for (key, choices) in system.random_choices[index].map.iter() {
                for random in choices {
                    let (key, random) = (key.clone(), random.clone());
                    actions.push(Action::SelectRandom { actor: id, key, random });
                }
            }
        }
        for (index, (cut, now)) in self.cuts.iter().zip(&state.cuts).enumerate() {
            if *now == CutState::Ahead {
                actions.push(Action::Cut(index as u8));
            }
            if cut.may_heal(*now, self.timely.is_some()) {
                actions.push(Action::Heal(index as u8));
            }
        }
        match &self.timely {
            Some(timely) => self.timely_actions(timely, state, actions),
            None => self.asynchronous_actions(state, actions),
        }
    }

    /// Who is down may recover, and whatever timer is set may fire within its budget.
    fn asynchronous_actions(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        let crashed = state.system.crashed.iter().enumerate().filter(|(_, crashed)| **crashed);
        actions.extend(crashed.map(|(index, _)| Action::Recover(index.into())));
        for (index, timers) in state.system.timers_set.iter().enumerate() {
            for timer in timers.iter() {
                let within_budget = self
                    .timeout_kind(timer)
                    .is_none_or(|kind| state.spent.timeouts[kind] < self.timeouts[kind].count);
                if within_budget {
                    actions.push(Action::Timeout(index.into(), timer.clone()));
                }
            }
        }
    }

    /// The state after `action`, or `None` if that equals `state` or differs only in what is
    /// counted: budgets spent, and `calm`.
    pub(super) fn after(&self, state: &State<A, G>, action: &ActionOf<A>) -> Option<State<A, G>> {
        self.after_and_forgotten(state, action).map(|(next, _)| next)
    }

    /// The state after `action`, and the messages that are forgotten on the way there.
    pub(super) fn after_and_forgotten(
        &self,
        state: &State<A, G>,
        action: &ActionOf<A>,
    ) -> Option<AndForgotten<A, G>> {
        let mut next = state.clone();
        self.charge(action, &mut next.spent);
        let mut forgotten = Vec::new();
        match action {
            Action::Deliver { src, dst, msg } => {
                forgotten = self.deliver(*src, *dst, msg, state, &mut next)?;
            }
            Action::Duplicate { src, dst, msg } => {
                self.act(*dst, Event::Deliver { src: *src, msg }, state, &mut next);
            }
            Action::Drop { src, dst, msg } => remove(*src, *dst, msg, &mut next),
            Action::Timeout(id, timer) | Action::EarlyTimeout(id, timer) => {
                self.fire(*id, timer, state, &mut next);
            }
            Action::SelectRandom { actor, key, random } => {
                next.system.random_choices[usize::from(*actor)].remove(key);
                self.act(*actor, Event::Random(random), state, &mut next);
            }
            Action::Crash(id) => self.crash(*id, state, &mut next),
            Action::Backup(id) => {
                let index = usize::from(*id);
                next.backups[index].clone_from(&state.system.actor_storages[index]);
            }
            Action::Rollback(id) => self.roll_back(*id, state, &mut next),
            Action::Recover(id) => self.recover(*id, state, &mut next),
            Action::Pause(id) => next.clocks[usize::from(*id)].pause(),
            Action::Resume(id) => next.clocks[usize::from(*id)].resume(),
            Action::Cut(cut) => self.take_down((*cut).into(), &mut next),
            Action::Heal(cut) => next.cuts[usize::from(*cut)] = CutState::Healed,
            Action::Tick | Action::SlowTick => self.tick(&mut next),
        }
        forgotten.extend(self.forget(&mut next));
        next.calm = self.calm_after(state.calm, action);
        let is_step = next.fault.is_some()
            || next.system != state.system
            || next.clocks != state.clocks
            || next.backups != state.backups
            || next.cuts != state.cuts;
        is_step.then_some((next, forgotten))
    }

    /// What an action costs.
    fn charge(&self, action: &ActionOf<A>, spent: &mut Spent) {
        match action {
            Action::Duplicate { .. } => spent.duplicates += 1,
            Action::Drop { .. } => spent.drops += 1,
            Action::EarlyTimeout(..) => spent.early += 1,
            Action::Crash(_) => spent.crashes += 1,
            Action::Backup(_) => spent.backups += 1,
            Action::Rollback(_) => spent.rollbacks += 1,
            Action::Pause(_) => spent.pauses += 1,
            Action::SlowTick => spent.slow += 1,
            Action::Timeout(_, timer) => {
                if let Some(kind) = self.timeout_kind(timer) {
                    spent.timeouts[kind] += 1;
                }
            }
            // A cut is counted where it is told what has become of it.
            Action::Cut(_) | Action::Heal(_) => {}
            Action::Deliver { .. } | Action::SelectRandom { .. } => {}
            Action::Recover(_) | Action::Resume(_) | Action::Tick => {}
        }
    }

    /// Delivers a message, and returns what is forgotten; `None` if that is not a step.
    ///
    /// On the clock it is gone, heeded or not, for time waits for what is in flight. Otherwise one
    /// that is ignored stays in flight, as in Stateright: to lose it would be a step that changes
    /// nothing but the network. What may still come of it, should its receiver change its mind,
    /// is behaviour that is added; none is lost, as nothing need ever arrive.
    fn deliver(
        &self,
        src: Id,
        dst: Id,
        msg: &A::Msg,
        state: &State<A, G>,
        next: &mut State<A, G>,
    ) -> Option<Vec<Envelope<A::Msg>>> {
        if self.timely.is_some() {
            // Gone first: what the actor sends to itself on handling it is a new message.
            remove(src, dst, msg, next);
            self.act(dst, Event::Deliver { src, msg }, state, next);
            return Some(Vec::new());
        }
        self.act(dst, Event::Deliver { src, msg }, state, next);
        let mut forgotten = self.forget(next);
        if next.fault.is_none() && next.system == state.system {
            // Nobody can tell whether an ignored message has arrived: it stays in flight.
            return None;
        }
        // It has arrived, whatever its receiver would make of a second one.
        forgotten.retain(|gone| (gone.src, gone.dst, &gone.msg) != (src, dst, msg));
        remove(src, dst, msg, next);
        Some(forgotten)
    }

    /// The links of a cut go down.
    fn take_down(&self, cut: usize, next: &mut State<A, G>) {
        next.cuts[cut] = CutState::Down(0);
        let links = &self.cuts[cut].links;
        in_flight(&mut next.system.network).retain(|it| !links.contains(&(it.src, it.dst)));
    }

    /// Time passes.
    fn tick(&self, next: &mut State<A, G>) {
        next.clocks.iter_mut().for_each(Clock::tick);
        for (cut, state) in self.cuts.iter().zip(&mut next.cuts) {
            *state = cut.ticked(*state);
        }
    }

    fn fire(&self, id: Id, timer: &A::Timer, state: &State<A, G>, next: &mut State<A, G>) {
        let index = usize::from(id);
        next.system.timers_set[index].cancel(timer);
        if let Some(clock) = next.clocks.get_mut(index) {
            clock.clear(timer);
        }
        self.act(id, Event::Timeout(timer), state, next);
    }

    fn roll_back(&self, id: Id, state: &State<A, G>, next: &mut State<A, G>) {
        let index = usize::from(id);
        let mut older = state.clone();
        older.system.actor_storages[index].clone_from(&state.backups[index]);
        next.system.actor_storages[index].clone_from(&state.backups[index]);
        self.crash(id, &older, next);
    }

    fn recover(&self, id: Id, state: &State<A, G>, next: &mut State<A, G>) {
        let index = usize::from(id);
        next.system.crashed[index] = false;
        if let Some(clock) = next.clocks.get_mut(index) {
            *clock = Clock::default();
        }
        self.act(id, Event::Recover, state, next);
    }

    fn crash(&self, id: Id, state: &State<A, G>, next: &mut State<A, G>) {
        let index = usize::from(id);
        next.system.crashed[index] = true;
        next.system.timers_set[index].cancel_all();
        next.system.random_choices[index].map.clear();
        if let Some(timely) = &self.timely {
            next.clocks[index] = Clock::crashed(timely);
            if next.clocks[index] == Clock::Gone {
                in_flight(&mut next.system.network).retain(|envelope| envelope.dst != id);
            }
        }
        self.act(id, Event::Crash, state, next);
    }
}

/// The messages in flight. A message identical to one in flight is that message: a set, so that
/// heartbeats do not grow the space.
pub(super) fn in_flight<Msg: Eq + Hash>(
    network: &mut Network<Msg>,
) -> &mut HashableHashSet<Envelope<Msg>> {
    match network {
        Network::UnorderedDuplicating(messages, None) => messages,
        _ => unreachable!("Spec::new sets the network and nothing else does"),
    }
}

fn remove<A: Actor, G>(src: Id, dst: Id, msg: &A::Msg, state: &mut State<A, G>) {
    in_flight(&mut state.system.network).remove(&Envelope { src, dst, msg: msg.clone() });
}
