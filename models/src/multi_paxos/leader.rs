//! Phase 2 at a leader: it proposes values for slots, and takes as chosen what a majority accepts.

use std::collections::{BTreeMap, BTreeSet};

use imbl::{OrdMap, Vector};
use stateright::actor::Id;

use super::log::Value;
use super::message::{Accept, Accepted, Chosen, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::{Pvalue, Role};
use super::{Command, Params, learn};
use crate::number::Index;
use crate::service::Request;

/// A majority has promised: what any of them has accepted is proposed again, and nothing for the
/// slots between.
pub(super) fn begin<P: Params>(step: &mut Step<P>, reported: OrdMap<Index, Pvalue<Command<P>>>) {
    let (accepted_by, waiting) = (BTreeMap::new(), Vector::new());
    step.state_mut().role = Role::Leader { accepted_by, waiting };
    let last = reported.get_max().map_or(Index::ZERO, |(slot, _)| *slot);
    for slot in (step.state().chosen().0 + 1..=last.0).map(Index) {
        match reported.get(&slot) {
            Some(pvalue) => propose(step, slot, pvalue.value.clone()),
            None if step.keeps(Rule::GapGetsNoOp) => propose(step, slot, Value::NoOp),
            None => {}
        }
    }
    go_on(step);
}

/// Asks all acceptors to accept a value for a slot, this server among them.
fn propose<P: Params>(step: &mut Step<P>, slot: Index, value: Value<Command<P>>) {
    let pvalue = Pvalue { ballot: step.promised(), value };
    step.storage_mut().accepted.insert(slot, pvalue);
    if let Role::Leader { accepted_by, .. } = &mut step.state_mut().role {
        accepted_by.insert(slot, BTreeSet::new());
    }
    if let Some(accept) = accept(step, slot) {
        step.broadcast(&accept);
    }
}

/// What asks an acceptor to accept what is proposed for `slot`.
fn accept<P: Params>(step: &Step<P>, slot: Index) -> Option<Message<Command<P>>> {
    let state = step.state();
    let (ballot, chosen) = (state.promised(), state.chosen());
    let value = state.storage.accepted.get(&slot)?.value.clone();
    Some(Message::Accept(Accept { ballot, slot, value, chosen }))
}

/// A client asks for a command. The leader finds a slot for it, unless it has one or needs none.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if step.state().sessions.has_done(session, sequence) {
        if step.keeps(Rule::RetryIsAnswered) {
            step.answer_performed(session, sequence);
        }
        return;
    }
    if !step.state().is_leader() {
        return step.redirect(session, sequence);
    }
    if !is_open(step, &request)
        && let Role::Leader { waiting, .. } = &mut step.state_mut().role
    {
        waiting.push_back(request);
        go_on(step);
    }
}

/// Whether a command waits for a slot already, or for its slot to be chosen.
fn is_open<P: Params>(step: &Step<P>, request: &Request<Command<P>>) -> bool {
    let (session, sequence) = (request.session, request.sequence);
    let waits = |it: &Request<_>| (it.session, it.sequence) == (session, sequence);
    let Role::Leader { waiting, .. } = &step.state().role else { return false };
    let accepted = &step.state().storage.accepted;
    waiting.iter().any(waits) || accepted.values().any(|it| it.value.is(session, sequence))
}

/// Chooses what may be chosen, and proposes what there is room for, until neither is left.
fn go_on<P: Params>(step: &mut Step<P>) {
    loop {
        choose_accepted(step);
        let slot = next_slot(step);
        let open = slot.0.saturating_sub(step.state().chosen().0);
        if open > step.server.limits.window {
            return;
        }
        let Role::Leader { waiting, .. } = &mut step.state_mut().role else { return };
        let Some(request) = waiting.pop_front() else { return };
        propose(step, slot, Value::Command(request));
    }
}

/// The first slot for which nothing is proposed.
fn next_slot<P: Params>(step: &Step<P>) -> Index {
    let chosen = step.state().chosen();
    let open = step.state().storage.accepted.get_max().map(|(slot, _)| *slot);
    let last = open.filter(|_| step.keeps(Rule::OneProposalPerBallotSlot));
    last.unwrap_or(chosen).next()
}

/// An acceptor has accepted what is proposed for a slot.
pub(super) fn handle_accepted<P: Params>(step: &mut Step<P>, from: Id, message: Accepted) {
    let is_own = message.ballot == step.promised();
    let Role::Leader { accepted_by, .. } = &step.state().role else { return };
    let Some(acceptors) = accepted_by.get(&message.slot) else { return };
    let has_accepted = acceptors.contains(&from);
    if !step.require(Rule::AcksOfThisBallot, is_own)
        || !step.require(Rule::AccepterCountsOnce, !has_accepted)
    {
        return;
    }
    // Acceptors are a set: to count one once more is to count another one.
    let silent = step.server.others(step.id).find(|id| has_accepted && !acceptors.contains(id));
    let acceptor = silent.unwrap_or(from);
    if let Role::Leader { accepted_by, .. } = &mut step.state_mut().role
        && let Some(acceptors) = accepted_by.get_mut(&message.slot)
    {
        acceptors.insert(acceptor);
    }
    go_on(step);
}

/// Takes as chosen, one slot after the other, what a majority has accepted.
fn choose_accepted<P: Params>(step: &mut Step<P>) {
    while let Some(value) = next_chosen(step) {
        learn::choose(step, value);
    }
}

/// What a majority has accepted for the first slot that is not known to be chosen.
fn next_chosen<P: Params>(step: &Step<P>) -> Option<Value<Command<P>>> {
    let Role::Leader { accepted_by, .. } = &step.state().role else { return None };
    let is_chosen = |acceptors: &BTreeSet<Id>| {
        let is_enough = step.server.is_quorum_with(acceptors.len());
        step.require(Rule::MajorityAccepts, is_enough)
    };
    let slot = step.state().chosen().next();
    let is_next = accepted_by.get(&slot).is_some_and(is_chosen);
    let is_due =
        is_next || (!step.keeps(Rule::AppliesInOrder) && accepted_by.values().any(is_chosen));
    let pvalue = step.state().storage.accepted.get(&slot).filter(|_| is_due)?;
    Some(pvalue.value.clone())
}

/// Says that it is there and what is chosen, and again what acceptors have not accepted.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    if step.keeps(Rule::LeaderIsHeard) {
        let (ballot, up_to) = (step.promised(), step.state().chosen());
        step.broadcast(&Message::Chosen(Chosen { ballot, up_to }));
    }
    let Role::Leader { accepted_by, .. } = &step.state().role else { return };
    if !step.keeps(Rule::AcceptIsSentAgain) {
        return;
    }
    for (slot, acceptors) in accepted_by.clone() {
        let Some(accept) = accept(step, slot) else { continue };
        for to in step.server.others(step.id).filter(|id| !acceptors.contains(id)) {
            step.send(to, accept.clone());
        }
    }
}
