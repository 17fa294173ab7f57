//! Anti-entropy: homes of one key compare what they know, and hear of what they lack.

use stateright::actor::Id;

use super::Timer;
use super::hint;
use super::message::{Delta, Digest, Message};
use super::rules::Rule;
use super::server::Step;
use crate::rules::RuleBook;

/// A server tells the others what it knows, and offers what it keeps for them.
pub(super) fn handle_exchange_due<R: RuleBook<Rule>>(step: &mut Step<R>) {
    hint::hand_off(step);
    if step.keeps(Rule::StoresAreCompared) {
        for to in step.server.others(step.id) {
            let digest = digest_for(step, to);
            step.send(to, Message::Digest(digest));
        }
    }
    step.set_timer(Timer::Exchange, step.server.timing.exchange.clone());
}

/// What this server knows of the keys that `other` holds too.
fn digest_for<R: RuleBook<Rule>>(step: &Step<R>, other: Id) -> Digest {
    let objects = &step.state().storage.objects;
    let shared = objects.iter().filter(|(key, _)| step.server.homes(key).contains(&other));
    Digest { known: shared.map(|(key, object)| (key.clone(), object.digest())).collect() }
}

/// Another server wants to know what it lacks.
pub(super) fn handle_digest<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Digest) {
    let Digest { known } = message;
    let objects = &step.state().storage.objects;
    let lacks = objects.iter().filter(|(key, object)| {
        let told = known.get(*key).cloned().unwrap_or_default();
        step.server.homes(key).contains(&from) && !told.knows(&object.digest())
    });
    let objects = lacks.map(|(key, object)| (key.clone(), object.clone())).collect();
    let delta = Delta { objects };
    if !delta.objects.is_empty() {
        step.send(from, Message::Delta(delta));
    }
}

/// Another server tells what this one lacked.
pub(super) fn handle_delta<R: RuleBook<Rule>>(step: &mut Step<R>, message: Delta) {
    for (key, held) in message.objects {
        step.learn(&key, &held, true);
    }
}
