//! How a deletion is forgotten: its tombstone must outlive all that it has superseded, for whoever
//! holds that and knows of no deletion would bring it back.
//!
//! The first home of the key asks every server. A home agrees if it holds the tombstone and nothing
//! else, and anybody if it keeps no hint of the key and coordinates nothing about it. When all have
//! agreed, the homes forget the key. What was sent before and arrives after that would bring it
//! back, so this takes longer than a message: the timer waits for that.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::Timer;
use super::message::{Forget, Message, Sweep, Swept};
use super::object::Object;
use super::rules::Rule;
use super::server::Step;
use super::state::Sweeping;
use super::version::Siblings;
use crate::kv::Text;
use crate::rules::RuleBook;

/// Asks all whether the deletions that this server is the first to hold are all that is left.
pub(super) fn handle_sweep_due<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let objects = step.state().storage.objects.iter();
    let deleted = objects.filter(|(_, object)| object.is_deleted());
    let deleted: Vec<(Text, Object)> = deleted.map(|(key, it)| (key.clone(), it.clone())).collect();
    if deleted.is_empty() {
        return;
    }
    step.set_timer(Timer::Sweep, step.server.timing.sweep.clone());
    if !step.keeps(Rule::DeletionsAreSwept) {
        return;
    }
    for (key, object) in deleted {
        let is_first = step.server.homes(&key).first() == Some(&step.id);
        let digest = object.digest();
        if !is_first || !agrees(step, &key, &digest) {
            continue;
        }
        let agreed = BTreeSet::from([step.id]);
        step.state_mut().sweeping.insert(key.clone(), Sweeping { object, agreed });
        for to in step.server.others(step.id) {
            let (key, digest) = (key.clone(), digest.clone());
            step.send(to, Message::Sweep(Sweep { key, digest }));
        }
        end(step, &key);
    }
}

/// Whether this server knows of nothing about `key` but what the digest tells.
fn agrees<R: RuleBook<Rule>>(step: &Step<R>, key: &Text, digest: &Siblings<()>) -> bool {
    let is_home = step.server.homes(key).contains(&step.id);
    let holds_that = step.state().object(key).digest() == *digest;
    let keeps_none = step.state().storage.hints_of(key).next().is_none();
    (holds_that || !is_home) && keeps_none && !step.state().is_busy_with(key)
}

/// Agrees that a deletion is all that is left, if it is.
pub(super) fn handle_sweep<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Sweep) {
    let Sweep { key, digest } = message;
    if agrees(step, &key, &digest) {
        step.send(from, Message::Swept(Swept { key, digest }));
    }
}

/// A server knows of nothing else.
pub(super) fn handle_swept<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Swept) {
    let Swept { key, digest } = message;
    let Some(sweeping) = step.state().sweeping.get(&key) else { return };
    if sweeping.object.digest() == digest && !sweeping.agreed.contains(&from) {
        let mut sweeping = sweeping.clone();
        sweeping.agreed.insert(from);
        step.state_mut().sweeping.insert(key.clone(), sweeping);
        end(step, &key);
    }
}

/// Has all homes forget a key when all servers have agreed.
fn end<R: RuleBook<Rule>>(step: &mut Step<R>, key: &Text) {
    let Some(sweeping) = step.state().sweeping.get(key) else { return };
    let mut others = step.server.others(step.id).into_iter();
    let all_agreed = others.all(|other| sweeping.agreed.contains(&other));
    if !step.require(Rule::TombstoneOutlives, all_agreed) {
        return;
    }
    let digest = sweeping.object.digest();
    for home in step.server.homes(key) {
        if home != step.id {
            let (key, digest) = (key.clone(), digest.clone());
            step.send(home, Message::Forget(Forget { key, digest }));
        }
    }
    step.state_mut().sweeping.remove(key);
    handle_forget(step, Forget { key: key.clone(), digest });
}

/// Forgets a key, unless there is more of it by now.
pub(super) fn handle_forget<R: RuleBook<Rule>>(step: &mut Step<R>, message: Forget) {
    let Forget { key, digest } = message;
    let is_held = step.state().storage.objects.get(&key);
    if is_held.is_some_and(|object| object.digest() == digest) {
        step.save();
        step.state_mut().storage.objects.remove(&key);
    }
}
