//! Hinted handoff: a fallback keeps what a home of the key is to hold that does not answer, and
//! hands it over when the home is back.

use stateright::actor::Id;

use super::message::{Handed, Handoff, Hint, Hinted, Message, Operation};
use super::object::Object;
use super::rules::Rule;
use super::server::Step;
use super::state::Phase;
use super::write;
use crate::kv::Text;
use crate::rules::RuleBook;

/// Gives a fallback what a home is to hold that is `missing`, for each of those homes another
/// fallback, as long as there are some.
pub(super) fn give<R: RuleBook<Rule>>(
    step: &mut Step<R>,
    operation: Operation,
    key: &Text,
    held: &Object,
    missing: Vec<Id>,
) {
    let fallbacks = step.server.preference(key).into_iter().skip(step.server.quorums.n);
    for (fallback, home) in fallbacks.zip(missing) {
        let (key, held) = (key.clone(), held.clone());
        step.send(fallback, Message::Hint(Hint { operation, home, key, held }));
    }
}

/// Keeps for a home what it is to hold.
pub(super) fn handle_hint<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Hint) {
    let Hint { operation, home, key, held } = message;
    let kept = step.state().storage.hints.get(&home).and_then(|kept| kept.get(&key));
    let mut all = kept.cloned().unwrap_or_default();
    all.join(&held);
    let all = step.server.resolved(all);
    if kept != Some(&all) {
        step.save();
        step.state_mut().storage.hints.entry(home).or_default().insert(key, all);
    }
    step.send(from, Message::Hinted(Hinted { operation, home }));
}

/// A fallback keeps what a home is to hold.
pub(super) fn handle_hinted<R: RuleBook<Rule>>(step: &mut Step<R>, message: Hinted) {
    let Hinted { operation, home } = message;
    if !step.is_of(operation) {
        return;
    }
    let Some(open) = step.state_mut().open.get_mut(&operation.session) else { return };
    if let Phase::Write { hinted, .. } = &mut open.phase {
        hinted.insert(home);
        write::end(step, operation);
    }
}

/// Offers each home what is kept for it.
pub(super) fn hand_off<R: RuleBook<Rule>>(step: &mut Step<R>) {
    if !step.keeps(Rule::HintsAreHandedOff) {
        return;
    }
    let hints = step.state().storage.hints.clone();
    for (home, kept) in hints {
        for (key, held) in kept {
            if !step.keeps(Rule::HintIsKept) {
                drop_hint(step, home, &key);
            }
            step.send(home, Message::Handoff(Handoff { key, held }));
        }
    }
}

/// A fallback hands over what it has kept.
pub(super) fn handle_handoff<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Handoff) {
    let Handoff { key, held } = message;
    let merges = step.keeps(Rule::HandoffMerges);
    step.learn(&key, &held, merges);
    step.send(from, Message::Handed(Handed { key, digest: held.digest() }));
}

/// A home knows what was kept for it. There may be more by now.
pub(super) fn handle_handed<R: RuleBook<Rule>>(step: &mut Step<R>, home: Id, message: Handed) {
    let Handed { key, digest } = message;
    let kept = step.state().storage.hints.get(&home).and_then(|kept| kept.get(&key));
    if kept.is_some_and(|held| held.digest() == digest) {
        drop_hint(step, home, &key);
    }
}

fn drop_hint<R: RuleBook<Rule>>(step: &mut Step<R>, home: Id, key: &Text) {
    step.save();
    let hints = &mut step.state_mut().storage.hints;
    if let Some(kept) = hints.get_mut(&home) {
        kept.remove(key);
        if kept.is_empty() {
            hints.remove(&home);
        }
    }
}
