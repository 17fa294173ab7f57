//! A write gets a dot from a home of its key, supersedes what its client has read, and is answered
//! when W homes have stored it.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::coordinator::{answer, close, open};
use super::message::{Forward, Message, Operation, Store, Stored};
use super::object::{Output, Put};
use super::rules::Rule;
use super::server::Step;
use super::state::{Open, Phase};
use crate::rules::RuleBook;

/// Takes a write, or hands it on to a home of its key.
pub(super) fn begin<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation, put: Put) {
    if step.is_open(operation) {
        return ask_again(step, operation);
    }
    let homes = step.server.homes(&put.key);
    if !step.require(Rule::HomeCoordinates, homes.contains(&step.id)) {
        step.send(homes[0], Message::Forward(Forward { operation, put }));
        return;
    }
    let Put { key, version, context } = put;
    let mut held = step.state().object(&key);
    let read = if step.keeps(Rule::ContextFromRead) { context } else { held.context.clone() };
    let dot = step.next_dot();
    held.supersede(dot, version, &read);
    step.hold(&key, held);
    let (held, stored) = (step.state().object(&key), BTreeSet::from([step.id]));
    open(step, operation, key, Phase::Write { dot, held, stored, hinted: BTreeSet::new() });
    ask_again(step, operation);
    end(step, operation);
}

/// Asks those homes to store a write that have not said that they have.
fn ask_again<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation) {
    let Some(Open { key, phase, .. }) = step.state().open.get(&operation.session).cloned() else {
        return;
    };
    let Phase::Write { held, stored, .. } = phase else { return };
    for to in step.server.homes(&key) {
        if !stored.contains(&to) {
            let (key, held) = (key.clone(), held.clone());
            step.send(to, Message::Store(Store { operation, key, held }));
        }
    }
}

/// A home has stored what was written.
pub(super) fn handle_stored<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Stored) {
    let Stored { operation } = message;
    if !step.is_of(operation) {
        return;
    }
    let once = step.keeps(Rule::ReplicaCountsOnce);
    let Some(open) = step.state().open.get(&operation.session) else { return };
    let homes = step.server.homes(&open.key);
    let Some(open) = step.state_mut().open.get_mut(&operation.session) else { return };
    if let Phase::Write { stored, .. } = &mut open.phase {
        // Homes are a set: to count one once more is to count another one.
        let has_stored = stored.contains(&from) && !once;
        let silent = homes.into_iter().find(|id| has_stored && !stored.contains(id));
        stored.insert(silent.unwrap_or(from));
        end(step, operation);
    }
}

/// Answers when enough have stored a write, and waits for nobody when all have.
pub(super) fn end<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation) {
    let Some(open) = step.state().open.get(&operation.session) else { return };
    let Phase::Write { dot, stored, hinted, .. } = &open.phase else { return };
    let (dot, has_all) = (*dot, stored.len() == step.server.homes(&open.key).len());
    let is_sloppy = step.server.quorums.is_sloppy || !step.keeps(Rule::HintIsNoVote);
    let kept = if is_sloppy { hinted.difference(stored).count() } else { 0 };
    let is_stored = stored.len() + kept >= step.server.quorums.w;
    if !open.is_answered && step.require(Rule::EnoughStore, is_stored) {
        answer(step, operation, Output::Stored(dot));
    }
    if has_all {
        close(step, operation);
    }
}
