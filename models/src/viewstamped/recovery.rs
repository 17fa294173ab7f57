//! Recovery: a replica that has crashed has forgotten all, and asks the others.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::{Id, Out};

use super::group::{Group, View};
use super::message::{Message, Recovery, RecoveryResponse};
use super::rules::Rule;
use super::server::Step;
use super::state::{Nonce, Replica, Status, Storage};
use super::{
    Command, MachineOf, Params, Server, Timer, backup, checkpoint, disk, epoch, primary,
    reconfigure, transfer,
};
use crate::number::{Incarnation, Index};
use crate::rules::RuleBook;
use crate::service;
use crate::step::Stored;

/// A replica starts. If it has started before, it takes part in nothing until it has recovered,
/// unless its disk has kept what it knew; and if its disk is new, it does not know whether it has.
pub(super) fn start<P: Params>(
    server: &Server<P>,
    id: Id,
    saved: Storage<Command<P>>,
    out: &mut Out<Server<P>>,
) -> Replica<MachineOf<P>> {
    let Storage { nonce: saved, group, known } = saved;
    let of = group.as_ref().unwrap_or(&server.founders);
    let saved = Nonce { epoch: of.epoch, ..saved };
    if let Some(known) = known.filter(|_| server.on_disk) {
        return disk::resume(server, id, (saved, group), known, out);
    }
    let blank = |status, nonce| Replica { group: group.clone(), ..Replica::blank(status, nonce) };
    if !of.has(id) {
        ask(server, of, id, saved, out);
        return blank(Status::Outside { started: BTreeSet::new() }, saved);
    }
    let is_new = saved.incarnation == Incarnation::ZERO;
    let is_founders = group.is_none() && of.stores.get(&id) == Some(&saved.store);
    if is_new && !is_founders && server.rules.keeps(Rule::NewDiskRecovers) {
        if server.rules.keeps(Rule::NewDiskCounts) {
            ask(server, of, id, saved, out);
            return blank(Status::Counting { told: BTreeMap::new() }, saved);
        }
    } else if is_new {
        return first(server, id, Nonce { incarnation: Incarnation(1), ..saved }, out);
    }
    let is_counted = server.rules.keeps(Rule::NonceIsNew);
    let before = if is_counted { saved.incarnation } else { Incarnation(1) };
    let nonce = Nonce { incarnation: before.next(), ..saved };
    let mut replica = blank(Status::Recovering { answers: BTreeMap::new() }, nonce);
    replica.crashes.learn(id, nonce.life());
    out.save(server.to_save(&replica));
    ask(server, of, id, nonce, out);
    replica
}

/// Asks all others of `group` what they know.
fn ask<P: Params>(
    server: &Server<P>,
    group: &Group,
    id: Id,
    nonce: Nonce,
    out: &mut Out<Server<P>>,
) {
    out.set_timer(Timer::Again, server.timing.again.clone());
    for to in group.others(id) {
        out.send(to, service::Message::Peer(Message::Recovery(Recovery { nonce })));
    }
}

/// A cluster begins: all are normal in view 1, with nothing.
fn first<P: Params>(
    server: &Server<P>,
    id: Id,
    nonce: Nonce,
    out: &mut Out<Server<P>>,
) -> Replica<MachineOf<P>> {
    let view = View::first_of(server.founders.epoch);
    let status = if server.founders.primary(view) == id {
        out.set_timer(Timer::Again, server.timing.again.clone());
        primary::with_nothing::<P>()
    } else {
        out.set_timer(Timer::Silence, server.timing.silence.clone());
        Status::Backup
    };
    let replica = Replica { view, last_normal: view, ..Replica::blank(status, nonce) };
    out.save(server.to_save(&replica));
    replica
}

/// Asks all again, unless it is being given what it asked for. Who has answered before may be gone.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    if transfer::is_time_to_ask(step) && step.keeps(Rule::RecoveryIsSentAgain) {
        if let Status::Recovering { answers } = &mut step.replica_mut().status {
            answers.clear();
        }
        let nonce = step.replica().nonce;
        step.broadcast(&Message::Recovery(Recovery { nonce }));
    }
}

/// A replica has crashed, and asks what it has forgotten; or one of no group is there. One of an
/// earlier epoch is told that this one has begun.
pub(super) fn handle_recovery<P: Params>(step: &mut Step<P>, from: Id, message: Recovery) {
    let Nonce { epoch, store, .. } = message.nonce;
    let own = step.replica().epoch();
    if epoch < own {
        return epoch::tell(step, from);
    }
    if epoch > own {
        return;
    }
    if !step.group().has(from) {
        return reconfigure::hear(step, from, store);
    }
    if !step.require(Rule::OnlyNormalAnswers, step.replica().is_normal()) {
        return;
    }
    let known = step.replica_mut();
    known.crashes.learn(from, message.nonce.life());
    step.remember();
    let known = step.replica();
    let state = known.is_primary().then(|| (checkpoint::end_of_log(step), known.commit));
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
    let own = step.replica().nonce;
    if !step.require(Rule::NonceMatches, message.nonce == own) {
        return;
    }
    let id = step.id;
    let known = step.replica_mut();
    match &mut known.status {
        Status::Counting { told } => {
            told.insert(from, message.crashes.of(id));
            return count_if_told(step);
        }
        Status::Recovering { answers } => {
            known.crashes.merge(&message.crashes);
            if answers.get(&from).is_none_or(|known| known.view <= message.view) {
                answers.insert(from, message);
            }
        }
        _ => return,
    }
    recover_if_answered(step);
}

/// Begins to recover when a majority has told how often this replica has started. Whoever has taken
/// part in anything has told that a majority before.
fn count_if_told<P: Params>(step: &mut Step<P>) {
    let Status::Counting { told } = &step.replica().status else { return };
    let is_enough = step.is_quorum_with(told.len().saturating_sub(1));
    let most = told.values().max().copied().filter(|_| is_enough);
    let Some(incarnation) = most.map(Incarnation::next) else { return };
    let id = step.id;
    let known = step.replica_mut();
    known.nonce.incarnation = incarnation;
    known.crashes.learn(id, known.nonce.life());
    known.status = Status::Recovering { answers: BTreeMap::new() };
    let nonce = known.nonce;
    step.save();
    step.broadcast(&Message::Recovery(Recovery { nonce }));
}

/// The answer of the primary of the latest view, and who that is, when that is known.
fn answered<'a, P: Params>(step: &'a Step<P>) -> Option<(Id, &'a RecoveryResponse<Command<P>>)> {
    let Status::Recovering { answers } = &step.replica().status else { return None };
    let is_enough = step.is_quorum_with(answers.len().saturating_sub(1));
    if !step.require(Rule::RecoversFromQuorum, is_enough) {
        return None;
    }
    let latest = answers.values().map(|it| it.view).max();
    let is_latest =
        |it: &RecoveryResponse<_>| step.require(Rule::RecoversFromPrimary, Some(it.view) == latest);
    let with_state = answers.iter().filter(|(_, it)| is_latest(it) && it.state.is_some());
    with_state.max_by_key(|(_, it)| it.view).map(|(from, answer)| (*from, answer))
}

/// A backup of this view that has answered.
fn backup_of<P: Params>(step: &Step<P>, view: View) -> Option<Id> {
    let Status::Recovering { answers } = &step.replica().status else { return None };
    let mut of_view = answers.iter().filter(|(_, answer)| answer.view == view);
    of_view.find(|(_, answer)| answer.state.is_none()).map(|(id, _)| *id)
}

/// Whether the log of `view` up to `last` has all that the primary of the latest view has told.
pub(super) fn is_enough<P: Params>(step: &Step<P>, view: View, last: Index) -> bool {
    let state =
        answered(step).filter(|(_, it)| it.view == view).and_then(|(_, it)| it.state.as_ref());
    state.is_some_and(|(log, _)| step.require(Rule::RecoversNoLess, last >= log.last()))
}

/// Takes what the primary of the latest view has, when that is known. If that is only the end of
/// its log, the replica asks for what comes before: a backup if one has answered, for the primary
/// is busy.
pub(super) fn recover_if_answered<P: Params>(step: &mut Step<P>) {
    let Some((from, RecoveryResponse { view, state: Some((log, commit)), .. })) = answered(step)
    else {
        return;
    };
    let (view, log, commit) = (*view, log.clone(), *commit);
    let from = backup_of(step, view).unwrap_or(from);
    if transfer::fits(step, &log) {
        transfer::take(step, &log);
        backup::begin(step, view, commit);
    } else {
        transfer::ask_once(step, from, view);
    }
}
