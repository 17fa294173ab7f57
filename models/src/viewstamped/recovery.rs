//! Recovery: a replica that has crashed has forgotten all, and asks the others.

use std::collections::BTreeMap;

use stateright::actor::{Id, Out};

use super::crash_vector::CrashVector;
use super::message::{Message, Recovery, RecoveryResponse};
use super::rules::Rule;
use super::server::Step;
use super::state::{Replica, Status, Storage};
use super::{Command, MachineOf, Params, Server, Timer, backup};
use crate::number::{Incarnation, ViewNumber};
use crate::rules::RuleBook;
use crate::service;

/// A replica starts. If it has started before, it takes part in nothing until it has recovered.
pub(super) fn start<P: Params>(
    server: &Server<P>,
    id: Id,
    storage: Option<&Storage>,
    out: &mut Out<Server<P>>,
) -> Replica<MachineOf<P>> {
    let before = storage.filter(|_| server.rules.keeps(Rule::NonceIsNew));
    let nonce = match (before, storage) {
        (Some(before), _) => before.incarnation.next(),
        (None, Some(_)) => Incarnation(2),
        (None, None) => Incarnation(1),
    };
    out.save(Storage { incarnation: nonce });
    let mut crashes = CrashVector::default();
    crashes.learn(id, nonce);
    if storage.is_none() {
        return first(server, id, crashes, out);
    }
    out.set_timer(Timer::Again, server.timing.again.clone());
    for to in server.others(id) {
        out.send(to, service::Message::Peer(Message::Recovery(Recovery { nonce })));
    }
    Replica::blank(Status::Recovering { answers: BTreeMap::new() }, crashes)
}

/// A cluster begins: all are normal in view 1, with nothing.
fn first<P: Params>(
    server: &Server<P>,
    id: Id,
    crashes: CrashVector,
    out: &mut Out<Server<P>>,
) -> Replica<MachineOf<P>> {
    let view = ViewNumber(1);
    let status = if server.primary(view) == id {
        out.set_timer(Timer::Again, server.timing.again.clone());
        Status::Primary { held: BTreeMap::new() }
    } else {
        out.set_timer(Timer::Silence, server.timing.silence.clone());
        Status::Backup
    };
    Replica { view, last_normal: view, ..Replica::blank(status, crashes) }
}

/// Asks again.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    if step.keeps(Rule::RecoveryIsSentAgain) {
        let nonce = step.replica().crashes.of(step.id);
        step.broadcast(&Message::Recovery(Recovery { nonce }));
    }
}

/// A replica has crashed, and asks what it has forgotten.
pub(super) fn handle_recovery<P: Params>(step: &mut Step<P>, from: Id, message: Recovery) {
    if !step.require(Rule::OnlyNormalAnswers, step.replica().is_normal()) {
        return;
    }
    let known = step.replica_mut();
    known.crashes.learn(from, message.nonce);
    let state = known.is_primary().then(|| (known.log.clone(), known.commit));
    let (view, nonce, crashes) = (known.view, message.nonce, known.crashes.clone());
    let answer = RecoveryResponse { view, nonce, state, crashes };
    step.send(from, Message::RecoveryResponse(answer));
}

/// Somebody tells what he knows.
pub(super) fn handle_recovery_response<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: RecoveryResponse<Command<P>>,
) {
    let own = step.replica().crashes.of(step.id);
    if !step.require(Rule::NonceMatches, message.nonce == own) {
        return;
    }
    let Status::Recovering { answers } = &mut step.replica_mut().status else { return };
    if answers.get(&from).is_none_or(|known| known.view <= message.view) {
        answers.insert(from, message);
    }
    recover_if_answered(step);
}

/// Takes what the primary of the latest view has, when that is known.
fn recover_if_answered<P: Params>(step: &mut Step<P>) {
    let Status::Recovering { answers } = &step.replica().status else { return };
    let is_enough = step.server.is_quorum_with(answers.len().saturating_sub(1));
    if !step.require(Rule::RecoversFromQuorum, is_enough) {
        return;
    }
    let latest = answers.values().map(|it| it.view).max();
    let is_latest = |it: &&RecoveryResponse<_>| {
        step.require(Rule::RecoversFromPrimary, Some(it.view) == latest)
    };
    let with_state = answers.values().filter(is_latest).filter(|it| it.state.is_some());
    let Some(answer) = with_state.max_by_key(|it| it.view).cloned() else { return };
    let all: Vec<CrashVector> = answers.values().map(|it| it.crashes.clone()).collect();
    let Some((log, commit)) = answer.state else { return };
    let known = step.replica_mut();
    all.iter().for_each(|crashes| known.crashes.merge(crashes));
    known.log = log;
    backup::begin(step, answer.view, commit);
}
