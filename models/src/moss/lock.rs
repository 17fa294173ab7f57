//! The lock of a server: to which ask it is granted, which ask waits, and when it is free again.

use stateright::actor::Id;

use super::message::{Ask, Defer, Grant, Message, Release};
use super::rules::Rule;
use super::state::Durable;
use super::{Step, ask};
use crate::number::Epoch;

/// What is to be done with an ask for the lock.
enum Decision {
    Grant,
    GiveWayAndGrant,
    Defer,
}

/// To whom does the lock go?
fn decide(step: &Step, asked: Ask) -> Decision {
    let (state, id) = (step.state(), step.id);
    if !step.require(Rule::EpochWithLock, asked.clock >= state.durable.fence) {
        return Decision::Defer;
    }
    match (state.durable.lock, state.asks_with()) {
        (None, _) => Decision::Grant,
        (Some(held), _) if held.id == asked.id => Decision::Grant,
        (Some(held), Some(own)) if held.id == id => {
            let gives_way = step.keeps(Rule::OlderAskFirst) && asked < own;
            if gives_way { Decision::GiveWayAndGrant } else { Decision::Defer }
        }
        (Some(_), _) => Decision::Defer,
    }
}

/// A server is asked for its lock.
pub(super) fn handle_ask(step: &mut Step, asked: Ask) {
    hear_clock(step, asked.clock);
    if step.state().forgot_its_ask(step.id) {
        step.set_durable(Durable::timed_out);
    }
    match decide(step, asked) {
        Decision::Grant => grant(step, asked),
        Decision::GiveWayAndGrant => {
            ask::give_way(step);
            grant(step, asked);
        }
        Decision::Defer => {
            if step.state().waiting.get(&asked.id) < Some(&asked.clock) {
                step.state_mut().waiting.insert(asked.id, asked.clock);
            }
            let clock = step.state().durable.clock;
            step.say(asked.id, Message::Defer(Defer { ask: asked, clock }));
        }
    }
}

/// A clock that is heard is overtaken.
pub(super) fn hear_clock(step: &mut Step, clock: Epoch) {
    if step.keeps(Rule::ClockAdvances) && clock > step.state().durable.clock {
        step.set_durable(|durable| Durable { clock, ..durable });
    }
}

/// The lock goes to this ask.
fn grant(step: &mut Step, asked: Ask) {
    step.set_durable(|durable| durable.granted(asked));
    if step.state().waiting.contains_key(&asked.id) {
        step.state_mut().waiting.remove(&asked.id);
    }
    step.await_leader();
    step.say(asked.id, Message::Grant(Grant(asked)));
}

/// The lock is free: it goes to the oldest ask that waits for it, if one does.
pub(super) fn grant_next(step: &mut Step) -> bool {
    if !step.keeps(Rule::DeferredIsGrantedLater) {
        return false;
    }
    while let Some(next) = step.state().next_waiting() {
        if step.require(Rule::EpochWithLock, next.clock >= step.state().durable.fence) {
            grant(step, next);
            return true;
        }
        // It is too old for the lock, and so it stays.
        step.state_mut().waiting.remove(&next.id);
    }
    false
}

/// A server does not ask for this any more.
pub(super) fn handle_release(step: &mut Step, from: Id, Release(asked): Release) {
    if step.state().waiting.get(&from) == Some(&asked.clock) {
        step.state_mut().waiting.remove(&from);
    }
    let holds = step.state().durable.lock == Some(asked);
    if step.state().durable.lock.is_some() && step.require(Rule::ReleaseOfThisAsk, holds) {
        step.set_durable(Durable::released);
        grant_next(step);
    }
}

/// An ask waits elsewhere: who says so lives.
pub(super) fn handle_defer(step: &mut Step, from: Id, Defer { ask, clock }: Defer) {
    hear_clock(step, clock);
    ask::note_deferred(step, from, ask);
}
