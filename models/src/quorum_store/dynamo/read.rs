//! A read returns the join of what R servers hold, and repairs the homes that it has found to be
//! behind.

use std::collections::BTreeMap;

use stateright::actor::Id;

use super::coordinator::{answer, close, open};
use super::message::{Message, Operation, Queried, Query, Repair};
use super::object::{Object, Output};
use super::rules::Rule;
use super::server::Step;
use super::state::Phase;
use crate::kv::Text;
use crate::rules::RuleBook;

/// Asks the homes of a key what they hold.
pub(super) fn begin<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation, key: Text) {
    let homes = step.server.homes(&key);
    if !step.is_open(operation) {
        let own = homes.contains(&step.id).then(|| (step.id, step.known(&key)));
        let told = own.into_iter().collect();
        open(step, operation, key.clone(), Phase::Read { told });
    }
    ask(step, operation, &key, homes);
    end(step, operation);
}

/// Asks those of `whom` that have not told what they hold.
fn ask<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation, key: &Text, whom: Vec<Id>) {
    let Some(open) = step.state().open.get(&operation.session) else { return };
    let Phase::Read { told } = &open.phase else { return };
    let silent: Vec<Id> = whom.into_iter().filter(|it| !told.contains_key(it)).collect();
    for to in silent {
        step.send(to, Message::Query(Query { operation, key: key.clone() }));
    }
}

/// Asks as many fallbacks as homes have not told, where what they keep counts.
pub(super) fn ask_fallbacks<R: RuleBook<Rule>>(
    step: &mut Step<R>,
    operation: Operation,
    key: &Text,
    told: &BTreeMap<Id, Object>,
) {
    if !step.server.quorums.is_sloppy {
        return;
    }
    let mut homes = step.server.preference(key);
    let fallbacks = homes.split_off(step.server.quorums.n.min(homes.len()));
    let missing = homes.iter().filter(|it| !told.contains_key(it)).count();
    let fallbacks: Vec<Id> = fallbacks.into_iter().take(missing).collect();
    if fallbacks.contains(&step.id) {
        let held = step.known(key);
        add(step, operation, step.id, held);
    }
    ask(step, operation, key, fallbacks.into_iter().filter(|it| *it != step.id).collect());
}

/// A server tells what it holds.
pub(super) fn handle_queried<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Queried) {
    let Queried { operation, held } = message;
    if step.is_of(operation) {
        add(step, operation, from, held);
    }
}

fn add<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation, from: Id, held: Object) {
    let Some(open) = step.state_mut().open.get_mut(&operation.session) else { return };
    if let Phase::Read { told } = &mut open.phase {
        told.insert(from, held);
        end(step, operation);
    }
}

/// Answers when enough have told, and repairs when all have.
fn end<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation) {
    let Some(open) = step.state().open.get(&operation.session).cloned() else { return };
    let Phase::Read { told } = &open.phase else { return };
    let has_enough = told.len() >= step.server.quorums.r;
    if !open.is_answered && step.require(Rule::EnoughTell, has_enough) {
        let one = || told.values().next().cloned().unwrap_or_default();
        let returned = if step.keeps(Rule::AllToldIsReturned) { joined(step, told) } else { one() };
        answer(step, operation, Output::Object(returned));
    }
    if step.server.homes(&open.key).iter().all(|home| told.contains_key(home)) {
        repair(step, &open.key, told);
        close(step, operation);
    }
}

fn joined<R: RuleBook<Rule>>(step: &Step<R>, told: &BTreeMap<Id, Object>) -> Object {
    let mut joined = Object::default();
    told.values().for_each(|held| joined.join(held));
    step.server.resolved(joined)
}

/// Has the homes hold all that was told that have told less.
pub(super) fn repair<R: RuleBook<Rule>>(
    step: &mut Step<R>,
    key: &Text,
    told: &BTreeMap<Id, Object>,
) {
    let all = joined(step, told);
    for home in step.server.homes(key) {
        if told.get(&home).is_none_or(|held| *held == all) {
            continue;
        }
        let repair = Repair { key: key.clone(), held: all.clone() };
        if home == step.id {
            handle_repair(step, repair);
        } else {
            step.send(home, Message::Repair(repair));
        }
    }
}

/// A read has found that this home was behind.
pub(super) fn handle_repair<R: RuleBook<Rule>>(step: &mut Step<R>, message: Repair) {
    let merges = step.keeps(Rule::ReadRepairIsJoin);
    step.learn(&message.key, &message.held, merges);
}
