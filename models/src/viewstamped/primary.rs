//! A primary orders the requests, and answers those that a majority has.

use std::collections::BTreeMap;

use stateright::actor::Id;

use super::execute::{answer_executed, commit_up_to};
use super::message::{Commit, Message, Prepare, PrepareOk};
use super::rules::Rule;
use super::server::Step;
use super::state::Status;
use super::{Command, Params};
use crate::number::Index;
use crate::service::Request;

/// A client asks for a command. The primary gives it an op-number, unless it knows it already.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if !step.require(Rule::OnlyPrimaryServes, step.replica().is_primary()) {
        return step.redirect(session, sequence);
    }
    let known = step.replica();
    let is_known = known.clients.has_done(session, sequence)
        || known.log.has_behind(known.commit, session, sequence);
    if !step.require(Rule::RetryTakesEffectOnce, !is_known) {
        if step.keeps(Rule::RetryIsAnswered) {
            answer_executed(step, session, sequence);
        }
        return;
    }
    step.replica_mut().log.push(request);
    let last = step.replica().log.last();
    if let Some(prepare) = prepare(step, last) {
        step.broadcast(&prepare);
    }
    commit(step);
}

/// What tells a backup of the request of this op-number.
fn prepare<P: Params>(step: &Step<P>, op: Index) -> Option<Message<Command<P>>> {
    let known = step.replica();
    let request = known.log.get(op)?.clone();
    Some(Message::Prepare(Prepare { view: known.view, op, request, commit: known.commit }))
}

/// A backup has the log up to an op-number.
pub(super) fn handle_prepare_ok<P: Params>(step: &mut Step<P>, from: Id, message: PrepareOk) {
    let known = step.replica();
    let Status::Primary { held } = &known.status else { return };
    if message.view != known.view {
        return;
    }
    let has = held.get(&from).copied().unwrap_or(known.commit);
    if message.op <= has {
        return;
    }
    if let Status::Primary { held } = &mut step.replica_mut().status {
        held.insert(from, message.op);
    }
    commit(step);
}

/// Commits what a majority has, and answers it.
fn commit<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let Status::Primary { held } = &known.status else { return };
    let is_held = |op: &Index| {
        let others = held.values().filter(|up_to| *up_to >= op).count();
        step.require(Rule::CommitsAfterF, step.server.is_quorum_with(others))
    };
    let open = (known.commit.0 + 1..=known.log.last().0).map(Index);
    let Some(op) = open.take_while(is_held).last() else { return };
    commit_up_to(step, op);
    if let Status::Primary { held } = &mut step.replica_mut().status {
        held.retain(|_, up_to| *up_to > op);
    }
}

/// This replica is primary of its view from now on, and does not know who has how much of its log.
pub(super) fn begin<P: Params>(step: &mut Step<P>) {
    step.replica_mut().status = Status::Primary { held: BTreeMap::new() };
    commit(step);
}

/// The primary says that it is there, what it has committed, and again what backups do not have.
pub(super) fn send_again<P: Params>(step: &mut Step<P>, held: &BTreeMap<Id, Index>) {
    let known = step.replica();
    let (view, commit, last) = (known.view, known.commit, known.log.last());
    if step.keeps(Rule::PrimaryIsHeard) {
        step.broadcast(&Message::Commit(Commit { view, commit }));
    }
    if !step.keeps(Rule::PreparesAreSentAgain) {
        return;
    }
    for to in step.server.others(step.id) {
        let has = held.get(&to).copied().unwrap_or(commit);
        for op in (has.0 + 1..=last.0).map(Index) {
            if let Some(prepare) = prepare(step, op) {
                step.send(to, prepare);
            }
        }
    }
}
