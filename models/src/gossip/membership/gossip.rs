//! What members tell of each other, and what they make of what they hear.

use std::collections::BTreeMap;

use stateright::actor::Id;

use super::message::Gossip;
use super::rules::Rule;
use super::server::Step;
use super::word::{Status, Word};
use super::{Server, Timer, probe};
use crate::rules::RuleBook;

/// The gossip for a message to `to`: what was told least often comes first, and nothing is told
/// more than a few times.
pub(super) fn tell<R: RuleBook<Rule>>(step: &mut Step<R>, to: Id) -> Gossip {
    let yours = step.state().members.get(&to).copied();
    let yours = yours.filter(|_| step.keeps(Rule::SuspectHearsFirst));
    let mut rumours = BTreeMap::new();
    if step.keeps(Rule::RumoursAreTold) {
        for member in least_told(step, to) {
            let word = step.state().members[&member];
            rumours.insert(member, word);
            told(step, member);
        }
    }
    Gossip { own: step.state().own, yours, rumours }
}

/// Of whom `to` is told: as many as there is room for. What is known of itself it is told anyway.
fn least_told<R: RuleBook<Rule>>(step: &Step<R>, to: Id) -> Vec<Id> {
    let is_told_apart = step.keeps(Rule::SuspectHearsFirst);
    let rumours = step.state().rumours.iter();
    let rumours = rumours.filter(|(member, _)| !(is_told_apart && **member == to));
    let mut order: Vec<(u8, Id)> = rumours.map(|(member, times)| (*times, *member)).collect();
    order.sort_unstable();
    order.into_iter().take(step.server.settings.room).map(|(_, member)| member).collect()
}

/// The rumour of this member was told once more.
fn told<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id) {
    let most = step.server.settings.tellings;
    let rumours = &mut step.state_mut().rumours;
    if let Some(times) = rumours.get_mut(&member) {
        *times += 1;
        if *times >= most {
            rumours.remove(&member);
        }
    }
}

/// What rides on a message of `from`.
pub(super) fn hear<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, gossip: Gossip) {
    hear_of(step, from, Word::alive(gossip.own));
    if let Some(word) = gossip.yours {
        hear_of_itself(step, word);
    }
    for (member, word) in gossip.rumours {
        if member == step.id {
            hear_of_itself(step, word);
        } else {
            hear_of(step, member, word);
        }
    }
}

/// Somebody says this of another member.
pub(super) fn hear_of<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id, word: Word) {
    match step.state().members.get(&member).copied() {
        None => {
            let is_alive = word.status == Status::Alive;
            let may_add = is_alive && step.keeps(Rule::UnknownIsAdded);
            if may_add || !is_alive && !step.keeps(Rule::DeadNotReadded) {
                adopt(step, member, word);
            }
        }
        Some(known) => {
            if word.beats(known, &step.server.rules) {
                adopt(step, member, word);
            } else if known == word
                && word.status == Status::Suspect
                && !step.keeps(Rule::DeadlineStands)
            {
                let suspicion = step.server.timing.suspicion;
                step.set_timer(Timer::Suspicion(member), suspicion..suspicion);
            }
        }
    }
}

/// Somebody says this of this member itself. What is worse than its own word, or of an incarnation
/// that it does not remember, it answers with a higher one.
fn hear_of_itself<R: RuleBook<Rule>>(step: &mut Step<R>, word: Word) {
    if word > Word::alive(step.state().own) && step.keeps(Rule::SuspectRefutes) {
        step.state_mut().own = word.incarnation.next();
        step.save();
        probe::grow_unhealthy(step);
    }
}

/// From now on this is what is known of a member.
fn adopt<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id, word: Word) {
    let Server { timing, .. } = step.server;
    let state = step.state_mut();
    state.members.insert(member, word);
    state.rumours.insert(member, 0);
    step.cancel_timer(Timer::Suspicion(member));
    step.cancel_timer(Timer::Forget(member));
    match word.status {
        Status::Alive => {}
        Status::Suspect if step.keeps(Rule::SuspicionHasDeadline) => {
            step.set_timer(Timer::Suspicion(member), timing.suspicion..timing.suspicion);
        }
        Status::Suspect => {}
        Status::Dead if !step.keeps(Rule::DeadIsForgottenLast) => forget(step, member),
        Status::Dead => {
            if let Some(grace) = timing.grace {
                step.set_timer(Timer::Forget(member), grace..grace);
            }
        }
    }
}

/// A suspect had its time to contradict: it is dead. Whoever has contradicted has no such timer.
pub(super) fn handle_suspicion<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id) {
    if let Some(suspect) = step.state().members.get(&member).copied() {
        adopt(step, member, suspect.is_now(Status::Dead));
    }
}

/// A member was dead for so long that nobody takes it for living any more.
pub(super) fn handle_forget<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id) {
    forget(step, member);
}

fn forget<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id) {
    let state = step.state_mut();
    state.members.remove(&member);
    state.rumours.remove(&member);
    state.probed.remove(&member);
}
