//! What a replica has just heard it tells to others, until that is in vain.

use stateright::actor::Id;

use super::entry::{Entries, Key, Version};
use super::message::{Heard, Message, Rumour};
use super::rules::Rule;
use super::server::Step;
use super::state::State;
use super::{Drawn, Timer};
use crate::rules::RuleBook;

/// This key is worth telling.
pub(super) fn heat<R: RuleBook<Rule>>(step: &mut Step<R>, key: &Key) {
    if !step.keeps(Rule::RumoursAreTold) {
        return;
    }
    let was_cold = step.state().hot.is_empty();
    step.state_mut().hot.insert(key.clone(), 0);
    if was_cold {
        step.set_timer(Timer::Rumour, step.server.timing.rumour..step.server.timing.rumour);
    }
}

/// The rumours are told once more, to a peer that is drawn at random.
pub(super) fn handle_rumour_due<R: RuleBook<Rule>>(step: &mut Step<R>) {
    if step.state().hot.is_empty() {
        return;
    }
    let peers: Vec<Id> = step.others().collect();
    match peers[..] {
        [] => {}
        [only] => tell(step, only),
        _ => step.choose("listener", peers.into_iter().map(Drawn::Listener).collect()),
    }
    step.set_timer(Timer::Rumour, step.server.timing.rumour..step.server.timing.rumour);
}

/// The rumours are told to this peer.
pub(super) fn tell<R: RuleBook<Rule>>(step: &mut Step<R>, peer: Id) {
    let state = step.state();
    let hot = state.hot.keys().map(|key| (key.clone(), state.store[key].clone()));
    let entries: Entries = hot.collect();
    step.say(peer, Message::Rumour(Rumour { entries }));
}

/// Somebody tells something. It is told what of that was in vain.
pub(super) fn handle_rumour<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Rumour) {
    let mut heard = Heard::default();
    for (key, entry) in &message.entries {
        let is_news = step.take(key, entry);
        if is_news || !step.keeps(Rule::OnlyNewsIsHot) {
            heat(step, key);
        }
        let told = if is_news { &mut heard.news } else { &mut heard.known };
        told.insert(key.clone(), entry.version);
    }
    step.say(from, Message::Heard(heard));
}

/// What was told in vain so often in a row is told no more. What has changed since then was not.
pub(super) fn handle_heard<R: RuleBook<Rule>>(step: &mut Step<R>, message: Heard) {
    if !step.keeps(Rule::RumoursStop) {
        return;
    }
    for (key, version) in &message.news {
        if times_in_vain(step, key, *version).is_some_and(|times| times > 0) {
            step.state_mut().hot.insert(key.clone(), 0);
        }
    }
    for (key, version) in &message.known {
        let Some(times) = times_in_vain(step, key, *version) else { continue };
        if times + 1 < step.server.in_vain {
            step.state_mut().hot.insert(key.clone(), times + 1);
        } else {
            step.state_mut().hot.remove(key);
        }
    }
    if step.state().hot.is_empty() {
        step.cancel_timer(Timer::Rumour);
    }
}

/// How often this version was told in vain in a row, if it is told at all.
fn times_in_vain<R: RuleBook<Rule>>(step: &Step<R>, key: &Key, version: Version) -> Option<u8> {
    let State { store, hot, .. } = step.state();
    hot.get(key).copied().filter(|_| store[key].version == version)
}
