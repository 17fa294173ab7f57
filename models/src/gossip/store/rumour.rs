//! What a replica has just heard it tells to others, until that is in vain.

use stateright::actor::Id;

use super::entry::{Entries, Key};
use super::message::{Heard, Message, Rumour};
use super::rules::Rule;
use super::server::Step;
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

/// Somebody tells something. It learns what of that was told in vain.
pub(super) fn handle_rumour<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Rumour) {
    let mut heard = Heard { known: [].into() };
    for (key, entry) in &message.entries {
        let is_news = step.take(key, entry);
        if is_news || !step.keeps(Rule::OnlyNewsIsHot) {
            heat(step, key);
        }
        if !is_news {
            heard.known.insert(key.clone(), entry.version);
        }
    }
    if !heard.known.is_empty() {
        step.say(from, Message::Heard(heard));
    }
}

/// This was told in vain. What has become newer since then was not.
pub(super) fn handle_heard<R: RuleBook<Rule>>(step: &mut Step<R>, message: Heard) {
    if !step.keeps(Rule::RumoursStop) {
        return;
    }
    let most = step.server.in_vain;
    for (key, version) in message.known {
        let state = step.state();
        let is_current = state.store.get(&key).is_some_and(|entry| entry.version == version);
        if is_current && state.hot.contains_key(&key) {
            let hot = &mut step.state_mut().hot;
            let times = hot.entry(key.clone()).or_default();
            *times += 1;
            if *times >= most {
                hot.remove(&key);
            }
        }
    }
    if step.state().hot.is_empty() {
        step.cancel_timer(Timer::Rumour);
    }
}
