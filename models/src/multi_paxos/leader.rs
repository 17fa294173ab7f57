//! Phase 2 at a leader: it proposes values for slots, and takes as chosen what a majority accepts.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::config::Config;
use super::lease::Leases;
use super::log::Value;
use super::membership::Changing;
use super::message::{Accept, Accepted, Chosen, Message};
use super::open::{Pvalue, Slots};
use super::rules::Rule;
use super::server::Step;
use super::state::{Leader, Role};
use super::{Command, Params, learn, lease, membership};
use crate::number::Index;
use crate::quorum::is_majority;
use crate::service::Request;
use crate::window::Window;

/// A majority has promised: what any of them has accepted is proposed again, and nothing for the
/// slots between.
pub(super) fn begin<P: Params>(step: &mut Step<P>, reported: Slots<Command<P>>) {
    let last = step.state().chosen();
    let mut window = Window::default();
    let known = reported.values().filter_map(|pvalue| pvalue.value.request());
    known.for_each(|request| window.know(request));
    let mut leases = Leases::default();
    if let Some((slot, _)) = reported.get_max().filter(|_| step.server.lease_reads) {
        leases.reported = *slot;
    }
    let accepted_by = BTreeMap::new();
    let changing = changing(step, &reported);
    let leader = Leader { accepted_by, last, reported, said: last, window, leases, changing };
    step.state_mut().role = Role::Leader(Box::new(leader));
    go_on(step);
}

/// What a leader knows of changes that begins with what is `reported`.
fn changing<P: Params>(step: &Step<P>, reported: &Slots<Command<P>>) -> Changing {
    let is_change = |pvalue: &Pvalue<_>| matches!(pvalue.value, Value::Change(_));
    let last = reported.iter().filter(|(_, it)| is_change(it)).map(|(slot, _)| *slot).max();
    let reported = last.unwrap_or(Index::ZERO);
    let last = step.state().changes.last().max(reported);
    Changing { reported, last, ..Changing::default() }
}

/// The leader is to propose a change when it has proposed what was reported to it.
pub(super) fn change<P: Params>(step: &mut Step<P>, config: Config) {
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.changing.wanted = Some(config);
        go_on(step);
    }
}

/// A client asks for a command. The leader finds a slot for it, unless it has one or needs none.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if step.state().data.sessions.has_done(session, sequence) {
        if step.keeps(Rule::RetryIsAnswered) {
            step.answer_performed(session, sequence);
        }
        return;
    }
    let Some(leader) = step.state().leader() else {
        let answer = step.elsewhere();
        return step.answer(session, sequence, answer);
    };
    if leader.window.has(session, sequence) {
        return;
    }
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.window.wait(request);
        go_on(step);
    }
}

/// Chooses what may be chosen, and proposes what there is room for, until neither is left.
fn go_on<P: Params>(step: &mut Step<P>) {
    loop {
        choose_accepted(step);
        if !propose_next(step) {
            return;
        }
    }
}

/// Proposes something for the next slot: what was reported for it, or what is asked for. False if
/// there is nothing, or no room for it, or if it is not known who decides about that slot.
fn propose_next<P: Params>(step: &mut Step<P>) -> bool {
    let chosen = step.state().chosen();
    let Some(leader) = step.state().leader() else { return false };
    let one_for_each = step.keeps(Rule::OneProposalPerBallotSlot);
    let slot = if one_for_each { leader.last.next() } else { chosen.next() };
    let is_known = slot.0 <= chosen.0 + step.server.limits.alpha;
    if !step.require(Rule::DecidersAreKnown, is_known) {
        return false;
    }
    if leader.reported.is_empty() { propose_new(step, slot) } else { propose_known(step, slot) }
}

/// Proposes what an operator or a client asks for, or nothing so that a change takes effect.
fn propose_new<P: Params>(step: &mut Step<P>, slot: Index) -> bool {
    let most = step.server.limits.window;
    let fills = !membership::is_filled(step) && step.keeps(Rule::NoOpsFollowChange);
    let delay = step.server.delay();
    let Some(leader) = step.state_mut().leader_mut() else { return false };
    let value = if let Some(config) = leader.changing.wanted.take() {
        leader.changing.last = slot;
        Value::Change(config)
    } else if let Some(request) = leader.window.next::<P::Machine>(|weight| weight <= most) {
        Value::Command(request)
    } else if fills && slot.0 < leader.changing.last.0 + delay {
        Value::NoOp
    } else {
        return false;
    };
    propose(step, slot, value);
    true
}

/// Proposes what was reported for a slot, or nothing.
fn propose_known<P: Params>(step: &mut Step<P>, slot: Index) -> bool {
    let most = step.server.limits.window;
    let fills = step.keeps(Rule::GapGetsNoOp);
    let Some(leader) = step.state_mut().leader_mut() else { return false };
    let value = leader.reported.get(&slot).map(|pvalue| pvalue.value.clone());
    if let Some(request) = value.as_ref().and_then(Value::request) {
        if !leader.window.has_room::<P::Machine>(request, |weight| weight <= most) {
            return false;
        }
        leader.window.open::<P::Machine>(request);
    }
    leader.reported.remove(&slot);
    match value {
        Some(value) => propose(step, slot, value),
        None if fills => propose(step, slot, Value::NoOp),
        None => leader.last = slot,
    }
    true
}

/// Asks all acceptors to accept a value for a slot, this server among them.
fn propose<P: Params>(step: &mut Step<P>, slot: Index, value: Value<Command<P>>) {
    let pvalue = Pvalue { ballot: step.promised(), value };
    step.storage_mut().accepted.accept::<P::Machine>(slot, pvalue);
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.accepted_by.insert(slot, BTreeSet::new());
        leader.last = leader.last.max(slot);
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

/// An acceptor has accepted what is proposed for a slot.
pub(super) fn handle_accepted<P: Params>(step: &mut Step<P>, from: Id, message: Accepted) {
    let is_own = message.ballot == step.promised();
    let Some(leader) = step.state().leader() else { return };
    let Some(acceptors) = leader.accepted_by.get(&message.slot) else { return };
    let has_accepted = acceptors.contains(&from);
    if !step.require(Rule::AcksOfThisBallot, is_own)
        || !step.require(Rule::AccepterCountsOnce, !has_accepted)
    {
        return;
    }
    // Acceptors are a set: to count one once more is to count another one.
    let silent = step.other_voters().into_iter();
    let silent = silent.filter(|_| has_accepted).find(|id| !acceptors.contains(id));
    let acceptor = silent.unwrap_or(from);
    if let Some(leader) = step.state_mut().leader_mut()
        && let Some(acceptors) = leader.accepted_by.get_mut(&message.slot)
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
    let accepted_by = &step.state().leader()?.accepted_by;
    let slot = step.state().chosen().next();
    let is_chosen = |acceptors: &BTreeSet<Id>| is_majority_of(step, slot, acceptors);
    let is_next = accepted_by.get(&slot).is_some_and(is_chosen);
    let is_due =
        is_next || (!step.keeps(Rule::AppliesInOrder) && accepted_by.values().any(is_chosen));
    let pvalue = step.state().storage.accepted.get(&slot).filter(|_| is_due)?;
    Some(pvalue.value.clone())
}

/// Are these and this server a majority of those who decide about `slot`?
fn is_majority_of<P: Params>(step: &Step<P>, slot: Index, acceptors: &BTreeSet<Id>) -> bool {
    let config = step.config(slot);
    let is_enough = if step.keeps(Rule::DecidersCount) {
        config.is_quorum(|id| id == step.id || acceptors.contains(&id))
    } else {
        is_majority(acceptors.len() + 1, config.voters.len())
    };
    step.require(Rule::MajorityAccepts, is_enough)
}

/// Says that it is there and what is chosen, and again what acceptors have not accepted though it
/// was proposed before it said so last.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    membership::forget_silent(step);
    if step.keeps(Rule::LeaderIsHeard) {
        let (ballot, up_to, lease) = (step.promised(), step.state().chosen(), lease::ask(step));
        for to in step.other_members() {
            step.send(to, Message::Chosen(Chosen { ballot, up_to, lease }));
        }
    }
    if step.keeps(Rule::AcceptIsSentAgain) {
        for to in step.other_voters() {
            for accept in unanswered(step, to) {
                step.send(to, accept);
            }
        }
    }
    if let Some(leader) = step.state_mut().leader_mut() {
        leader.said = leader.last;
    }
}

/// What asks again for the first slots for which an acceptor has not answered, as far as one
/// message would carry that, or for the very first one.
fn unanswered<P: Params>(step: &Step<P>, by: Id) -> Vec<Message<Command<P>>> {
    let state = step.state();
    let Some(leader) = state.leader() else { return Vec::new() };
    let open = leader.accepted_by.range(..=leader.said).filter(|(_, has)| !has.contains(&by));
    let (most, mut sum) = (step.server.limits.page, 0);
    let fits = |slot: &Index| {
        let is_first = sum == 0;
        sum += state.storage.accepted.get(slot).map_or(0, |it| it.value.weight::<P::Machine>());
        is_first || sum <= most
    };
    let slots = open.map(|(slot, _)| *slot).take_while(fits);
    slots.filter_map(|slot| accept(step, slot)).collect()
}
