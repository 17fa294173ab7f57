//! Anti-entropy: two replicas compare all that they have, and make it alike.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::entry::{Entries, Key};
use super::message::{Answer, Delta, Digest, Message};
use super::rules::Rule;
use super::server::Step;
use super::{Drawn, Exchange, Timer};
use crate::rules::RuleBook;

/// The store is compared with another one, drawn at random of those that it was not compared with
/// in this round.
pub(super) fn handle_exchange_due<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let mut partners = still_to_compare(step);
    if partners.is_empty() || !step.keeps(Rule::PartnersInTurn) {
        step.state_mut().compared.clear();
        partners = still_to_compare(step);
    }
    match partners[..] {
        [] => {}
        [only] => compare(step, only),
        _ => step.choose("partner", partners.into_iter().map(Drawn::Partner).collect()),
    }
    step.set_timer(Timer::Exchange, step.server.timing.exchange..step.server.timing.exchange);
}

fn still_to_compare<R: RuleBook<Rule>>(step: &Step<R>) -> Vec<Id> {
    step.others().filter(|replica| !step.state().compared.contains(replica)).collect()
}

/// The store is compared with that of this peer.
pub(super) fn compare<R: RuleBook<Rule>>(step: &mut Step<R>, peer: Id) {
    step.state_mut().compared.insert(peer);
    let versions = step.state().versions();
    step.say(peer, Message::Digest(Digest { versions }));
}

/// Somebody wants to compare: it is given what it lacks, or asked for what this replica lacks, or
/// both.
pub(super) fn handle_digest<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Digest) {
    let Digest { versions } = message;
    let store = &step.state().store;
    let is_pulled = step.server.exchange != Exchange::Push;
    let is_pushed = step.server.exchange != Exchange::Pull;
    let lacks = store.iter().filter(|(key, entry)| {
        is_pulled && versions.get(*key).is_none_or(|version| *version < entry.version)
    });
    let entries: Entries = lacks.map(|(key, entry)| (key.clone(), entry.clone())).collect();
    let wanted = versions.iter().filter(|(key, version)| {
        is_pushed && store.get(*key).is_none_or(|entry| entry.version < **version)
    });
    let wants: BTreeSet<Key> = wanted.map(|(key, _)| key.clone()).collect();
    if !entries.is_empty() || !wants.is_empty() {
        step.say(from, Message::Answer(Answer { entries, wants }));
    }
}

/// The peer gives what this replica lacked, and wants what it lacks itself.
pub(super) fn handle_answer<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Answer) {
    take_all(step, &message.entries);
    let store = &step.state().store;
    let wanted = message.wants.into_iter();
    let entries = wanted.filter_map(|key| store.get(&key).map(|entry| (key, entry.clone())));
    let entries: Entries = entries.collect();
    if !entries.is_empty() {
        step.say(from, Message::Delta(Delta { entries }));
    }
}

/// The peer gives what was wanted.
pub(super) fn handle_delta<R: RuleBook<Rule>>(step: &mut Step<R>, message: Delta) {
    take_all(step, &message.entries);
}

fn take_all<R: RuleBook<Rule>>(step: &mut Step<R>, entries: &Entries) {
    for (key, entry) in entries {
        step.take(key, entry);
    }
}
