//! What a step does to a state.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::Hash;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use stateright::actor::{
    Actor, ActorModelState, Command, Envelope, Id, Network, Out, RandomChoices, Timers,
};
use stateright::util::HashableHashSet;

use super::{Action, ActionOf, Fault, Spec, Spent, State};

/// What made an actor act, as the ghost sees it.
pub enum Event<'a, A: Actor> {
    Deliver { src: Id, msg: &'a A::Msg },
    Timeout(&'a A::Timer),
    Random(&'a A::Random),
    Crash,
    Recover,
}

/// One step of one actor, as the ghost sees it.
pub struct Step<'a, A: Actor> {
    pub actor: Id,
    pub event: Event<'a, A>,
    pub before: &'a A::State,
    pub after: &'a A::State,
    /// What it sent, in order, also what was lost when sent for want of a link.
    pub sent: Vec<(Id, &'a A::Msg)>,
}

/// What a handler did: the actor's new state, if it touched it, and its commands.
pub(super) struct Reaction<A: Actor> {
    pub(super) state: Option<A::State>,
    pub(super) out: Out<A>,
}

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
            let state = actor.on_start(index.into(), &None, &mut out);
            system.actor_states.push(Arc::new(state));
            outs.push(out);
        }
        let mut state = State { system, spent: Spent::default(), fault: None };
        for (index, out) in outs.into_iter().enumerate() {
            self.carry_out(index, out, &mut state);
        }
        state
    }

    /// The steps that may be tried in `state`, in a fixed order. A few of them change nothing.
    pub(super) fn enabled(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        if state.fault.is_some() {
            return;
        }
        self.network_actions(state, actions);
        self.actor_actions(state, actions);
        actions.sort_unstable();
        if let Some(direction) = &self.direction {
            actions.retain(|action| (direction.allows)(&self.system.cfg, state, action));
        }
    }

    fn network_actions(&self, state: &State<A, G>, actions: &mut Vec<ActionOf<A>>) {
        for Envelope { src, dst, msg } in state.system.network.iter_deliverable() {
            if state.spent.drops < self.faults.drops {
                actions.push(Action::Drop { src, dst, msg: msg.clone() });
            }
            if state.system.crashed[usize::from(dst)] {
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
        let may_crash = state.spent.crashes < self.faults.crashes
            && down < usize::from(self.faults.down_at_once);
        for index in 0..system.actor_states.len() {
            let id = Id::from(index);
            if system.crashed[index] {
                actions.push(Action::Recover(id));
                continue;
            }
            if may_crash && self.is_server(id) {
                actions.push(Action::Crash(id));
            }
            for timer in system.timers_set[index].iter() {
                let within_budget = self
                    .timeout_kind(timer)
                    .is_none_or(|kind| state.spent.timeouts[kind] < self.timeouts[kind].count);
                if within_budget {
                    actions.push(Action::Timeout(id, timer.clone()));
                }
            }
            for (key, choices) in system.random_choices[index].map.iter() {
                for random in choices {
                    let (key, random) = (key.clone(), random.clone());
                    actions.push(Action::SelectRandom { actor: id, key, random });
                }
            }
        }
    }

    fn timeout_kind(&self, timer: &A::Timer) -> Option<usize> {
        self.timeouts.iter().position(|budget| (budget.applies)(timer))
    }

    /// The state after `action`, or `None` if that equals `state` or differs only in a budget
    /// spent.
    pub(super) fn after(&self, state: &State<A, G>, action: &ActionOf<A>) -> Option<State<A, G>> {
        let mut next = state.clone();
        match action {
            Action::Deliver { src, dst, msg } => {
                self.act(*dst, Event::Deliver { src: *src, msg }, state, &mut next);
                self.forget_obsolete(&mut next);
                if next.fault.is_none() && next.system == state.system {
                    // Nobody can tell whether an ignored message has arrived: it stays in flight.
                    return None;
                }
                let envelope = Envelope { src: *src, dst: *dst, msg: msg.clone() };
                in_flight(&mut next.system.network).remove(&envelope);
            }
            Action::Duplicate { src, dst, msg } => {
                next.spent.duplicates += 1;
                self.act(*dst, Event::Deliver { src: *src, msg }, state, &mut next);
            }
            Action::Drop { src, dst, msg } => {
                next.spent.drops += 1;
                let envelope = Envelope { src: *src, dst: *dst, msg: msg.clone() };
                in_flight(&mut next.system.network).remove(&envelope);
            }
            Action::Timeout(id, timer) => {
                if let Some(kind) = self.timeout_kind(timer) {
                    next.spent.timeouts[kind] += 1;
                }
                next.system.timers_set[usize::from(*id)].cancel(timer);
                self.act(*id, Event::Timeout(timer), state, &mut next);
            }
            Action::SelectRandom { actor, key, random } => {
                next.system.random_choices[usize::from(*actor)].remove(key);
                self.act(*actor, Event::Random(random), state, &mut next);
            }
            Action::Crash(id) => {
                let index = usize::from(*id);
                next.spent.crashes += 1;
                next.system.crashed[index] = true;
                next.system.timers_set[index].cancel_all();
                next.system.random_choices[index].map.clear();
                self.act(*id, Event::Crash, state, &mut next);
            }
            Action::Recover(id) => {
                next.system.crashed[usize::from(*id)] = false;
                self.act(*id, Event::Recover, state, &mut next);
            }
        }
        self.forget_obsolete(&mut next);
        (next.fault.is_some() || next.system != state.system).then_some(next)
    }

    fn forget_obsolete(&self, state: &mut State<A, G>) {
        let actors = &state.system.actor_states;
        in_flight(&mut state.system.network).retain(|Envelope { src, dst, msg }| {
            !(self.obsolete)(&actors[usize::from(*dst)], *src, msg)
        });
    }

    /// Calls the handler of `event`, records the ghost's step, and carries out what was commanded.
    fn act(&self, id: Id, event: Event<'_, A>, state: &State<A, G>, next: &mut State<A, G>) {
        let index = usize::from(id);
        let mut reaction = match self.reaction(id, &event, state) {
            Ok(reaction) => reaction,
            Err(fault) => {
                next.fault = Some(fault);
                return;
            }
        };
        if matches!(event, Event::Crash) {
            // What a start would say is said when the server recovers.
            reaction.out = Out::new();
        }
        let before = &*state.system.actor_states[index];
        let step = Step {
            actor: id,
            event,
            before,
            after: reaction.state.as_ref().unwrap_or(before),
            sent: self.sent(&reaction.out),
        };
        if let Some(ghost) = (self.ghost)(&self.system.cfg, &state.system.history, &step) {
            next.system.history = ghost;
        }
        if let Some(actor_state) = reaction.state {
            next.system.actor_states[index] = Arc::new(actor_state);
        }
        self.carry_out(index, reaction.out, next);
    }

    /// What the actor's handler makes of `event`; a panic in it is a fault.
    pub(super) fn reaction(
        &self,
        id: Id,
        event: &Event<'_, A>,
        state: &State<A, G>,
    ) -> Result<Reaction<A>, Fault> {
        let index = usize::from(id);
        let actor = &self.system.actors[index];
        let call = || {
            let mut out = Out::new();
            let mut cow = Cow::Borrowed(&*state.system.actor_states[index]);
            match event {
                Event::Deliver { src, msg } => {
                    actor.on_msg(id, &mut cow, *src, (*msg).clone(), &mut out);
                }
                Event::Timeout(timer) => actor.on_timeout(id, &mut cow, timer, &mut out),
                Event::Random(random) => actor.on_random(id, &mut cow, random, &mut out),
                Event::Crash | Event::Recover => {
                    let storage = &state.system.actor_storages[index];
                    cow = Cow::Owned(actor.on_start(id, storage, &mut out));
                }
            }
            let state = match cow {
                Cow::Borrowed(_) => None,
                Cow::Owned(state) => Some(state),
            };
            Reaction { state, out }
        };
        catch_unwind(AssertUnwindSafe(call)).map_err(|panic| Fault::Panicked(words_of(&*panic)))
    }

    /// False if what `src` sends to `dst` is lost when sent.
    pub(super) fn can_arrive(&self, src: Id, dst: Id) -> bool {
        usize::from(dst) < self.system.actors.len() && !self.links_down.contains(&(src, dst))
    }

    /// What `out` sends to actors that exist, in order, also over links that are down.
    pub(super) fn sent<'a>(&self, out: &'a Out<A>) -> Vec<(Id, &'a A::Msg)> {
        let sends = out.iter().filter_map(|command| match command {
            Command::Send(dst, msg) => Some((*dst, msg)),
            _ => None,
        });
        sends.filter(|(dst, _)| usize::from(*dst) < self.system.actors.len()).collect()
    }

    fn carry_out(&self, index: usize, out: Out<A>, state: &mut State<A, G>) {
        let system = &mut state.system;
        let mut has_sent = false;
        for command in out {
            match command {
                Command::Send(dst, msg) => {
                    has_sent = true;
                    let src = Id::from(index);
                    if self.can_arrive(src, dst) {
                        let envelope = Envelope { src, dst, msg };
                        in_flight(&mut system.network).insert(envelope);
                    }
                }
                Command::SetTimer(timer, _) => {
                    system.timers_set[index].set(timer);
                }
                Command::CancelTimer(timer) => {
                    system.timers_set[index].cancel(&timer);
                }
                Command::ChooseRandom(key, choices) if choices.is_empty() => {
                    system.random_choices[index].remove(&key);
                }
                Command::ChooseRandom(key, choices) => {
                    system.random_choices[index].insert(key, choices);
                }
                Command::Save(storage) => {
                    if has_sent {
                        state.fault = Some(Fault::SentBeforeSaved);
                    }
                    system.actor_storages[index] = Some(storage);
                }
            }
        }
    }
}

/// The messages in flight. A message identical to one in flight is that message: a set, so that
/// heartbeats do not grow the space.
fn in_flight<Msg: Eq + Hash>(network: &mut Network<Msg>) -> &mut HashableHashSet<Envelope<Msg>> {
    match network {
        Network::UnorderedDuplicating(messages, None) => messages,
        _ => unreachable!("Spec::new sets the network and nothing else does"),
    }
}

fn words_of(panic: &(dyn Any + Send)) -> Arc<str> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").into()
}
