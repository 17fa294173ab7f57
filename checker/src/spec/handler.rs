//! What a handler does to a state.

use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use stateright::actor::{Actor, Command, Envelope, Id, Out};

use super::transition::in_flight;
use super::{Clock, Fault, Spec, State};
use crate::caught::caught;

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
    /// What it sent, in order, also what was lost when sent.
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
    /// Calls the handler of `event`, records the ghost's step, and carries out what was commanded.
    pub(super) fn act(
        &self,
        id: Id,
        event: Event<'_, A>,
        state: &State<A, G>,
        next: &mut State<A, G>,
    ) {
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
        let seen = caught(|| (self.ghost)(&self.system.cfg, &state.system.history, &step));
        if let Some(actor_state) = reaction.state {
            next.system.actor_states[index] = Arc::new(actor_state);
        }
        self.carry_out(index, reaction.out, next);
        if next.fault.is_none() {
            next.fault = self.storage_fault(id, next);
        }
        match seen {
            Ok(Some(ghost)) => next.system.history = ghost,
            Ok(None) => {}
            Err(words) => next.fault = Some(Fault::GhostPanicked(words)),
        }
    }

    /// What is wrong if the actor's state and its storage disagree.
    pub(super) fn storage_fault(&self, id: Id, state: &State<A, G>) -> Option<Fault> {
        let same = self.durable?;
        match self.reaction(id, &Event::Recover, state) {
            Ok(Reaction { state: Some(started), .. }) => {
                let now = &state.system.actor_states[usize::from(id)];
                (!same(now, &started)).then_some(Fault::StorageDisagrees)
            }
            Ok(_) => unreachable!("a start gives a state"),
            Err(panic) => Some(panic),
        }
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
        caught(call).map_err(Fault::Panicked)
    }

    /// False if what `src` sends to `dst` is lost when sent.
    pub(super) fn can_arrive(&self, src: Id, dst: Id, state: &State<A, G>) -> bool {
        let index = usize::from(dst);
        index < self.system.actors.len()
            && !self.links_down.contains(&(src, dst))
            && !self.is_cut(state, src, dst)
            && state.clocks.get(index) != Some(&Clock::Gone)
    }

    /// What `out` sends to actors that exist, in order, also what is lost when sent.
    pub(super) fn sent<'a>(&self, out: &'a Out<A>) -> Vec<(Id, &'a A::Msg)> {
        let sends = out.iter().filter_map(|command| match command {
            Command::Send(dst, msg) => Some((*dst, msg)),
            _ => None,
        });
        sends.filter(|(dst, _)| usize::from(*dst) < self.system.actors.len()).collect()
    }

    pub(super) fn carry_out(&self, index: usize, out: Out<A>, state: &mut State<A, G>) {
        let mut has_sent = false;
        for command in out {
            match command {
                Command::Send(dst, msg) => {
                    has_sent = true;
                    let src = Id::from(index);
                    if self.can_arrive(src, dst, state) {
                        let envelope = Envelope { src, dst, msg };
                        in_flight(&mut state.system.network).insert(envelope);
                    }
                }
                Command::SetTimer(timer, _) => {
                    if let Some(clock) = state.clocks.get_mut(index) {
                        clock.set(timer.clone());
                    }
                    state.system.timers_set[index].set(timer);
                }
                Command::CancelTimer(timer) => {
                    if let Some(clock) = state.clocks.get_mut(index) {
                        clock.clear(&timer);
                    }
                    state.system.timers_set[index].cancel(&timer);
                }
                Command::ChooseRandom(key, choices) if choices.is_empty() => {
                    state.system.random_choices[index].remove(&key);
                }
                Command::ChooseRandom(key, choices) => {
                    state.system.random_choices[index].insert(key, choices);
                }
                Command::Save(storage) => {
                    if has_sent {
                        state.fault = Some(Fault::SentBeforeSaved);
                    }
                    state.system.actor_storages[index] = Some(storage);
                }
            }
        }
    }
}
