//! What a server takes is written to its disk in order, and counts when it is there.
//!
//! A server goes on while its disk is busy: what it takes, or proposes, is in memory first, and a
//! timer of no delay says that it is written. So any crash may come between. A leader sends on what
//! its own disk does not have yet, and its followers write while it does.

use super::log::{Log, Txn, Txns};
use super::message::{Ack, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::{FollowerPhase, Following, Looking, Role, Snapshot};
use super::zxid::Zxid;
use super::{
    Command, Params, Timer, WRITE, broadcast, compaction, election, execute, synchronization,
};

/// The leader adds a transaction of its own: it is on the disk before it is proposed, unless the
/// leader goes on meanwhile.
pub(super) fn append<P: Params>(step: &mut Step<P>, txn: Txn<Command<P>>) {
    step.process_mut().history.push(txn.clone());
    if step.server.flow.writes_behind {
        step.process_mut().unwritten.push_back(txn);
        step.set_timer(Timer::Written, WRITE);
    } else {
        step.disk_mut().log.push(txn);
    }
}

/// A follower takes transactions, each of which must be the next one.
pub(super) fn take<P: Params>(step: &mut Step<P>, txns: &Txns<Command<P>>) {
    let is_synchronized = step.process().following().is_some_and(Following::has_history);
    let is_kept = is_synchronized || step.keeps(Rule::SyncedIsServed);
    for txn in txns {
        let is_next = step.process().last_taken().is_followed_by(txn.zxid);
        if !step.require(Rule::NextZxidOnly, is_next) {
            continue;
        }
        let known = step.process_mut();
        if is_kept {
            known.history.push(txn.clone());
        }
        known.unwritten.push_back(txn.clone());
    }
    if !step.process().unwritten.is_empty() {
        step.set_timer(Timer::Written, WRITE);
    }
}

/// What was to be written is on the disk.
pub(super) fn handle_written<P: Params>(step: &mut Step<P>) {
    let txns = std::mem::take(&mut step.process_mut().unwritten);
    let disk = step.disk_mut();
    txns.into_iter().for_each(|txn| disk.log.push(txn));
    let phase = step.process().following().map(|own| own.phase);
    match phase {
        Some(FollowerPhase::Writing { is_written: false }) => {
            if let Some(own) = step.following_mut() {
                own.phase = FollowerPhase::Writing { is_written: true };
            }
            step.set_timer(Timer::Written, WRITE);
        }
        Some(FollowerPhase::Writing { is_written: true }) => synchronization::end(step),
        Some(FollowerPhase::Synchronized | FollowerPhase::Broadcast) => acknowledge(step),
        Some(FollowerPhase::Discovery | FollowerPhase::Synchronization) => {}
        None => broadcast::commit(step),
    }
    execute::go_on(step);
}

/// Up to which transaction a server says that it has all on its disk, or counts itself.
pub(super) fn acknowledged<P: Params>(step: &Step<P>) -> Zxid {
    let known = step.process();
    let is_late = step.keeps(Rule::AckAfterLog) && step.keeps(Rule::AckLdAfterHistory);
    if is_late { known.disk.log.last() } else { known.last_taken() }
}

/// Tells the leader how much is on the disk.
pub(super) fn acknowledge<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().following() else { return };
    let (leader, epoch, heard) = (own.leader, own.epoch, own.heard);
    let session = step.process().disk.begun;
    let logged = acknowledged(step);
    step.send(leader, Message::Ack(Ack { session, epoch, heard, logged }));
}

/// A snapshot of the leader's takes the place of all that is here. A follower that cannot read it
/// has another machine, or a leader that has: it leaves that.
pub(super) fn install<P: Params>(step: &mut Step<P>, snapshot: Snapshot) {
    let Ok(data) = snapshot.decode() else { return election::look(step) };
    let log = Log::behind(snapshot.zxid, snapshot.index);
    compaction::give_up(step);
    let known = step.process_mut();
    known.history = log.clone();
    known.committed = snapshot.zxid;
    known.effective = snapshot.zxid;
    known.data = data;
    let disk = step.disk_mut();
    disk.log = log;
    disk.snapshot = Some(snapshot);
}

/// This server neither leads nor follows any more. What it knows of the log is what is on its disk.
pub(super) fn leave<P: Params>(step: &mut Step<P>) {
    let ends = step.keeps(Rule::StreamEndsWithEpoch);
    let is_durable = step.keeps(Rule::ReportsDurableZxid);
    let known = step.process_mut();
    known.role = Role::Looking(Looking::default());
    known.committed = known.effective;
    known.held.clear();
    if ends {
        known.unwritten.clear();
    }
    if is_durable {
        known.history = known.disk.log.clone();
    }
    if ends {
        step.cancel_timer(Timer::Written);
    }
    step.cancel_timer(Timer::Again);
    step.cancel_timer(Timer::Silence);
    step.cancel_timer(Timer::Census);
}
