//! Who asks for the locks, and when it has enough of them.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::message::{Ask, Grant, Message, Release};
use super::rules::Rule;
use super::state::{Durable, Role};
use super::{Step, lead, lock};
use crate::quorum::is_majority;

/// No leader is heard.
pub(super) fn handle_want(step: &mut Step) {
    if step.state().asks_with().is_some() {
        ask_again(step);
        return;
    }
    let is_out = step.state().durable.lock.is_some();
    if is_out && step.keeps(Rule::OwnLockToo) {
        if !step.keeps(Rule::LocksTimeOut) {
            return;
        }
        step.set_durable(Durable::timed_out);
        if lock::grant_next(step) {
            return;
        }
    }
    ask(step);
}

/// A server asks for all locks, its own among them.
fn ask(step: &mut Step) {
    let (id, durable) = (step.id, &step.state().durable);
    let ask = Ask { clock: durable.clock.next(), id };
    step.set_durable(|durable| Durable { clock: ask.clock, ..durable });
    let is_open = ask.clock >= step.state().durable.fence;
    if step.keeps(Rule::OwnLockToo) {
        if !step.require(Rule::EpochWithLock, is_open) {
            step.await_leader();
            return;
        }
        step.set_durable(|durable| durable.granted(ask));
    }
    step.take_role(Role::Asking { ask, granted: BTreeSet::new(), deferred: BTreeSet::new() });
    for other in asked(step) {
        step.say(other, Message::Ask(ask));
    }
    lead_if_granted(step);
}

/// Whose locks are asked for, but for its own.
fn asked(step: &Step) -> Vec<Id> {
    let all = step.keeps(Rule::NeighboursAreAll);
    let some = if all { &step.server.members } else { &step.server.neighbours };
    some.iter().copied().filter(|other| *other != step.id).collect()
}

/// Who asks has waited for locks long enough. Its next ask is newer than those that wait for its
/// own lock, and so they come first. Otherwise two servers could ask in turn for ever.
fn ask_again(step: &mut Step) {
    let Role::Asking { ask: own, granted, deferred } = &step.state().role else {
        return;
    };
    let is_left_alone = deferred.is_subset(granted);
    let (own, times_out) = (*own, step.keeps(Rule::LocksTimeOut));
    if times_out && is_left_alone && !step.keeps(Rule::MajorityOfLocks) {
        lead::begin(step, own);
        return;
    }
    if !step.keeps(Rule::AsksAgain) {
        return;
    }
    if !step.state().waiting.is_empty() {
        give_way(step);
        if lock::grant_next(step) {
            return;
        }
    }
    ask(step);
}

/// A server does not ask any more. Its own lock is free.
pub(super) fn give_way(step: &mut Step) {
    let Some(own) = step.state().asks_with() else {
        return;
    };
    step.take_role(Role::Follower { leader: None });
    if step.state().durable.lock == Some(own) {
        step.set_durable(Durable::released);
    }
    for other in asked(step) {
        step.say(other, Message::Release(Release(own)));
    }
}

/// A server is granted a lock.
pub(super) fn handle_grant(step: &mut Step, from: Id, Grant(asked): Grant) {
    match &step.state().role {
        Role::Asking { ask, granted, deferred } => {
            if !step.require(Rule::GrantOfThisAsk, asked == *ask) {
                return;
            }
            let (ask, deferred, mut granted) = (*ask, deferred.clone(), granted.clone());
            granted.insert(from);
            step.state_mut().role = Role::Asking { ask, granted, deferred };
            lead_if_granted(step);
        }
        Role::Leader { ask } if asked == *ask => {}
        Role::Follower { .. } | Role::Leader { .. } => {
            if step.keeps(Rule::UnwantedIsReturned) {
                step.say(from, Message::Release(Release(asked)));
            }
        }
    }
}

/// A server whose ask waits somewhere knows who has it wait.
pub(super) fn note_deferred(step: &mut Step, from: Id, asked: Ask) {
    if let Role::Asking { ask, granted, deferred } = &step.state().role
        && asked == *ask
        && !deferred.contains(&from)
    {
        let (ask, granted, mut deferred) = (*ask, granted.clone(), deferred.clone());
        deferred.insert(from);
        step.state_mut().role = Role::Asking { ask, granted, deferred };
    }
}

/// Has it enough locks to lead?
fn lead_if_granted(step: &mut Step) {
    let asked = asked(step);
    let Role::Asking { ask, granted, .. } = &step.state().role else {
        return;
    };
    let is_enough = if step.keeps(Rule::MajorityOfLocks) {
        is_majority(granted.len() + 1, asked.len() + 1)
    } else {
        asked.iter().all(|other| granted.contains(other))
    };
    if is_enough {
        lead::begin(step, *ask);
    }
}
