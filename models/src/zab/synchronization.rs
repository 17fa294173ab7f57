//! Synchronization: the leader gives its history to those who follow, by what they have of it. When
//! a majority has it on their disks the leader is established.

use std::collections::BTreeSet;

use imbl::Vector;
use stateright::actor::Id;

use super::log::Txns;
use super::message::{AckLd, Content, Message, Piece};
use super::rules::Rule;
use super::server::Step;
use super::state::{FollowerPhase, Giving, LeaderPhase, LinkPhase, Process, Snapshot};
use super::zxid::Zxid;
use super::{Command, Flow, Params, broadcast, disk, execute, link};
use crate::state_machine::StateMachine;

/// Gives the history to all who have accepted the epoch, once those are a majority.
pub(super) fn begin_if_accepted<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let LeaderPhase::Announcement { accepted_by } = &own.phase else { return };
    if !step.server.is_quorum(accepted_by.len()) {
        return;
    }
    let id = step.id;
    let followers: Vec<Id> = own.links.keys().copied().collect();
    let disk = step.disk_mut();
    disk.current = disk.accepted;
    if let Some(own) = step.leading_mut() {
        own.phase = LeaderPhase::Synchronization { held_by: BTreeSet::from([id]) };
    }
    for to in followers {
        begin(step, to);
    }
    establish_if_held(step);
}

/// Gives the history to a follower, if that has said what it has.
pub(super) fn begin<P: Params>(step: &mut Step<P>, to: Id) {
    let known = step.process();
    let Some(link) = known.leading().and_then(|own| own.links.get(&to)) else { return };
    let LinkPhase::Accepted { last } = link.phase else { return };
    let until = known.history.last();
    let snapshot = known.disk.snapshot.clone().filter(|_| last < known.history.base());
    let first = match &snapshot {
        Some(_) => None,
        None => Some(first_packet(known, last, step.server.flow)),
    };
    if let Some(link) = step.link_mut(to) {
        link.phase = LinkPhase::Synchronization { until };
        link.sent = match (&first, &snapshot) {
            (Some((_, sent)), _) => *sent,
            (None, snapshot) => snapshot.as_ref().map_or(Zxid::ZERO, |snapshot| snapshot.zxid),
        };
        link.giving = snapshot.map(|snapshot| Giving { snapshot, next: 0 });
    }
    if let Some((first, _)) = first {
        link::push(step, to, first);
    }
    link::feed(step, to);
}

/// What a follower whose last transaction is `last` is sent first, if the log reaches back to that,
/// and how far it then is.
fn first_packet<M: StateMachine>(known: &Process<M>, last: Zxid, flow: Flow) -> (Content<M>, Zxid) {
    let to = known.history.last_up_to(last);
    let txns = known.history.some_behind::<M>(to, flow);
    let sent = txns.last().map_or(to, |txn| txn.zxid);
    let first = if to == last { Content::Diff(txns) } else { Content::Trunc { to, txns } };
    (first, sent)
}

/// The next piece of the snapshot that a follower is given, and what it is given then.
pub(super) fn next_piece(giving: &Giving) -> Option<(Piece, Option<Giving>)> {
    let Giving { snapshot: Snapshot { zxid, index, pieces }, next: number } = giving;
    let (zxid, index, number) = (*zxid, *index, *number);
    let (bytes, count) = (pieces.get(number as usize)?.clone(), pieces.len() as u32);
    let next = number + 1;
    let rest = (next < count).then(|| Giving { next, ..giving.clone() });
    Some((Piece { zxid, index, count, number, bytes }, rest))
}

/// The leader is established once a majority has its history.
fn establish_if_held<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let LeaderPhase::Synchronization { held_by } = &own.phase else { return };
    if !step.require(Rule::QuorumIsSynced, step.server.is_quorum(held_by.len())) {
        return;
    }
    let followers: Vec<Id> = own.links.keys().copied().collect();
    let initial = step.process().history.last();
    if let Some(own) = step.leading_mut() {
        own.phase = LeaderPhase::Broadcast;
    }
    execute::commit_up_to(step, initial);
    for to in followers {
        link::feed(step, to);
    }
}

/// A follower has the initial history on its disk.
pub(super) fn handle_ack_ld<P: Params>(step: &mut Step<P>, from: Id, message: AckLd) {
    if !step.leads_on(from, message.session, message.epoch) {
        return;
    }
    link::hear(step, from, message.heard);
    hold(step, from, message.logged);
}

/// The follower has the initial history on its disk, and all up to `logged`. It acknowledges
/// nothing before.
pub(super) fn hold<P: Params>(step: &mut Step<P>, from: Id, logged: Zxid) {
    let Some(link) = step.link_mut(from) else { return };
    if link.phase == LinkPhase::Told {
        link.phase = LinkPhase::Synchronized;
    }
    link.logged = link.logged.max(logged);
    let observes = link.observes;
    if let Some(own) = step.leading_mut()
        && let LeaderPhase::Synchronization { held_by } = &mut own.phase
        && !observes
    {
        held_by.insert(from);
    }
    establish_if_held(step);
    broadcast::commit(step);
    link::feed(step, from);
}

/// Follower: the leader's history begins so.
pub(super) fn take_diff<P: Params>(step: &mut Step<P>, txns: &Txns<Command<P>>) {
    begin_taking(step);
    disk::take(step, txns);
}

/// Follower: what is behind `to` is not in the leader's history.
pub(super) fn take_trunc<P: Params>(step: &mut Step<P>, to: Zxid, txns: &Txns<Command<P>>) {
    begin_taking(step);
    if step.keeps(Rule::TruncCutsUncommon) {
        step.disk_mut().log.cut_behind(to);
        step.process_mut().history.cut_behind(to);
    }
    disk::take(step, txns);
}

/// Follower: the leader's log does not reach back to what is here. With its last piece the leader's
/// snapshot takes the place of that.
pub(super) fn take_snap<P: Params>(step: &mut Step<P>, piece: Piece) {
    begin_taking(step);
    let Some(own) = step.following_mut() else { return };
    let Piece { zxid, index, count, number: _, bytes } = piece;
    let none = Snapshot { zxid, index, pieces: Vector::new() };
    let mut snapshot = own.incoming.take().unwrap_or(none);
    snapshot.pieces.push_back(bytes);
    if snapshot.pieces.len() < count as usize {
        own.incoming = Some(snapshot);
    } else {
        disk::install(step, snapshot);
    }
}

fn begin_taking<P: Params>(step: &mut Step<P>) {
    if let Some(own) = step.following_mut() {
        own.phase = FollowerPhase::Synchronization;
    }
}

/// Follower: that was the history. It is acknowledged when all of it is on the disk, and after it
/// the epoch.
pub(super) fn take_new_leader<P: Params>(step: &mut Step<P>) {
    let is_written = step.process().unwritten.is_empty();
    if !step.keeps(Rule::HistoryBeforeEpoch) {
        write_epoch(step);
    }
    if step.require(Rule::AckLdAfterHistory, is_written) {
        return end(step);
    }
    if let Some(own) = step.following_mut() {
        own.phase = FollowerPhase::Writing { is_written: false };
    }
}

/// The currentEpoch is that of the leader.
fn write_epoch<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().following() else { return };
    let epoch = own.epoch;
    step.disk_mut().current = epoch;
}

/// Follower: the history is on the disk. After it the epoch is written, and then acknowledged.
pub(super) fn end<P: Params>(step: &mut Step<P>) {
    write_epoch(step);
    if let Some(own) = step.following_mut() {
        own.phase = FollowerPhase::Synchronized;
    }
    if !step.keeps(Rule::AppliesOnlyCommittedInSync) {
        let last = step.process().last_taken();
        execute::commit_up_to(step, last);
    }
    send_ack_ld(step);
}

/// Tells the leader that its history is here.
pub(super) fn send_ack_ld<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().following() else { return };
    let (leader, epoch, heard) = (own.leader, own.epoch, own.heard);
    let session = step.process().disk.begun;
    let logged = disk::acknowledged(step);
    step.send(leader, Message::AckLd(AckLd { session, epoch, heard, logged }));
}

/// Follower: the leader is established, and has committed so much.
pub(super) fn take_commit_ld<P: Params>(step: &mut Step<P>, zxid: Zxid) {
    if let Some(own) = step.following_mut() {
        own.phase = FollowerPhase::Broadcast;
    }
    execute::commit_up_to(step, zxid);
}
