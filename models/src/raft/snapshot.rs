//! Snapshots (§7): what a server has computed stands for the entries that it computed it from, so
//! that neither its log nor what it has to do when it starts grows without end.
//!
//! Every server takes its own, and compacts its log. A leader sends its own to a follower that
//! lacks what is compacted, piece by piece. It remembers nothing of that: who lacks an entry that
//! is not in the log any more is offered the snapshot with each heartbeat, says which piece it
//! lacks, and is sent that piece. So nothing has to end, whatever is lost and whoever crashes.
//!
//! A snapshot of another cluster never comes here: whoever carries the messages of one cluster
//! keeps those of others away.
//!
//! ```text
//! S1 (leader)                         S3
//!  |-- InstallSnapshot, no piece ----->|      with each heartbeat
//!  |<------------ SnapshotReply (0) ---|
//!  |-- InstallSnapshot, piece 0 ------>|
//!  |<------------ SnapshotReply (1) ---|
//!  |-- InstallSnapshot, piece 1 ------>|      the last one: installed
//!  |<-------------- AppendReply -------|      and entries from there on
//! ```

use bytes::Bytes;
use imbl::Vector;
use serde::Serialize;
use stateright::actor::Id;

use super::config::{Config, Configs};
use super::log::{Log, Position};
use super::message::{InstallSnapshot, Message, Outcome, Piece, SnapshotReply};
use super::read::Said;
use super::rules::Rule;
use super::server::Step;
use super::state::Applied;
use super::{
    Params, commit, compaction, contact, flow, follower_read, identity, read, replication,
};
use crate::number::{Index, Term};
use crate::pieces;
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// What applying all entries up to `last` comes to, encoded: the machine and the sessions. Its
/// pieces are what is stored and what is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Snapshot {
    pub last: Position,
    /// Who takes part there, and the index of the entry that says so.
    pub config: (Index, Config),
    pub pieces: Vector<Bytes>,
}

impl Snapshot {
    /// Of a machine and its sessions after the entry at `last`, in pieces of `size` bytes.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn of<M: StateMachine>(
        last: Position,
        config: (Index, Config),
        machine: &M,
        sessions: &Sessions<M::Output>,
        size: usize,
    ) -> Self {
        Snapshot { last, config, pieces: pieces::encode(&(machine, sessions), size) }
    }

    /// What was computed from all entries up to [`Self::last`].
    ///
    /// # Errors
    /// If the pieces are not those of one snapshot, or are of another machine.
    pub fn decode<M: StateMachine>(&self) -> postcard::Result<Applied<M>> {
        let (machine, sessions) = pieces::decode(&self.pieces)?;
        Ok(Applied { index: self.last.index, machine, sessions })
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

/// The first pieces of a snapshot that a leader sends. They are lost in a crash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Incoming {
    /// The term of the leader.
    pub term: Term,
    /// The [`Snapshot::last`] of the snapshot.
    pub last: Position,
    pub pieces: Vector<Bytes>,
}

/// Tells a follower which snapshot there is for it, and asks which piece of it comes next.
pub(super) fn offer<P: Params>(step: &mut Step<P>, follower: Id) {
    send(step, follower, None);
}

/// Sends a follower the piece of this number if there is one, or nothing but the offer.
fn send<P: Params>(step: &mut Step<P>, follower: Id, number: Option<u32>) {
    let acknowledged = flow::matched(step, follower);
    let Some(snapshot) = &step.state().storage.snapshot else {
        return;
    };
    let mut piece = None;
    if let Some(number) = number {
        // A follower that lacks none cannot read what they make.
        let Some(bytes) = snapshot.pieces.get(number as usize).cloned() else { return };
        piece = Some(Piece { number, bytes });
    }
    let (last, config) = (snapshot.last, snapshot.config.clone());
    let pieces = snapshot.pieces.len() as u32;
    let (term, round) = (step.term(), step.state().round());
    let message = InstallSnapshot { term, last, config, pieces, piece, acknowledged, round };
    step.send(follower, Message::InstallSnapshot(message));
}

/// Sends a follower the piece that it lacks. One that has caught up without it lacks none.
pub(super) fn handle_snapshot_reply<P: Params>(
    step: &mut Step<P>,
    follower: Id,
    reply: SnapshotReply,
) {
    if !step.require(Rule::RepliesOfThisTermCount, reply.term == step.term()) {
        return;
    }
    if identity::is_recorded(step, follower, reply.store) {
        flow::hear(step, follower);
        read::hear(step, follower, &Said { round: reply.round, promise: reply.promise });
    }
    if !flow::lacks_compacted(step, follower) {
        return;
    }
    let own = step.state().storage.snapshot.as_ref().map(|snapshot| snapshot.last);
    // A snapshot that was taken since begins with its own first piece.
    let number = (own == Some(reply.last)).then_some(reply.next);
    if step.keeps(Rule::PieceIsSent) {
        send(step, follower, number);
    }
}

/// Takes a piece of the leader's snapshot, unless this server has all that it stands for.
pub(super) fn handle_install_snapshot<P: Params>(
    step: &mut Step<P>,
    leader: Id,
    message: InstallSnapshot,
) {
    if !step.require(Rule::StaleLeaderRefused, message.term >= step.term()) {
        if step.keeps(Rule::StaleLeaderIsTold) {
            ask_for(step, leader, &message, 0);
        }
        return;
    }
    replication::hear(step, leader);
    let has_acknowledged = step.state().log().last_index() >= message.acknowledged;
    if !has_acknowledged && step.keeps(Rule::LostMemoryTakesOut) {
        return replication::take_out(step, leader, message.round);
    }
    if has_all(step, message.last) {
        forget_incoming(step);
        commit::follow(step, message.last.index, message.last.index);
        return say_stored(step, leader, &message);
    }
    if step.state().unreadable == Some((message.term, message.last)) {
        return ask_for(step, leader, &message, message.pieces);
    }
    match message.piece.clone() {
        Some(piece) => take_piece(step, leader, &message, piece),
        None => ask_for(step, leader, &message, received(step, &message)),
    }
}

/// Has this server all entries up to `last`, or what was computed from them?
fn has_all<P: Params>(step: &Step<P>, last: Position) -> bool {
    let state = step.state();
    !step.require(Rule::NewerThanCommit, last.index > state.commit)
        || (step.keeps(Rule::MatchingSuffixStays) && state.log().contains(last))
}

/// How many pieces of the snapshot that `offer` is about are here.
fn received<P: Params>(step: &Step<P>, offer: &InstallSnapshot) -> u32 {
    let is_it = |incoming: &&Incoming| {
        let same = (incoming.term, incoming.last) == (offer.term, offer.last);
        step.require(Rule::PiecesOfOneSnapshot, same)
    };
    let incoming = step.state().incoming.as_ref().filter(is_it);
    incoming.map_or(0, |incoming| incoming.pieces.len() as u32)
}

/// Puts a piece behind those that are here, and installs the snapshot with its last one. A piece
/// that does not fit is not answered: it is doubled, or a heartbeat tells the leader what is
/// missing.
fn take_piece<P: Params>(step: &mut Step<P>, leader: Id, offer: &InstallSnapshot, piece: Piece) {
    let next = received(step, offer);
    if !step.require(Rule::PieceFits, piece.number == next) {
        return;
    }
    let incoming = step.state().incoming.as_ref().filter(|_| next > 0);
    let mut pieces = incoming.map_or_else(Vector::new, |incoming| incoming.pieces.clone());
    pieces.push_back(piece.bytes);
    let (term, last) = (offer.term, offer.last);
    let count = pieces.len() as u32;
    if count < offer.pieces {
        step.state_mut().incoming = Some(Incoming { term, last, pieces });
        return ask_for(step, leader, offer, count);
    }
    forget_incoming(step);
    install(step, leader, offer, Snapshot { last, config: offer.config.clone(), pieces });
}

/// What has come of a snapshot is of no more use.
fn forget_incoming<P: Params>(step: &mut Step<P>) {
    let state = step.state();
    if state.incoming.is_some() || state.unreadable.is_some() {
        let state = step.state_mut();
        (state.incoming, state.unreadable) = (None, None);
    }
}

/// Puts a snapshot in the place of all that this server has, in one save: none of it is committed
/// that the snapshot does not stand for. One that cannot be decoded is not taken, nor asked for
/// again.
fn install<P: Params>(step: &mut Step<P>, leader: Id, offer: &InstallSnapshot, snapshot: Snapshot) {
    let Ok(applied) = snapshot.decode() else {
        step.state_mut().unreadable = Some((offer.term, offer.last));
        return ask_for(step, leader, offer, offer.pieces);
    };
    let (last, (since, config)) = (snapshot.last, snapshot.config.clone());
    let conflict_goes = step.keeps(Rule::ConflictGoesWithSnapshot);
    let storage = step.storage_mut();
    if conflict_goes {
        storage.log = Log::behind_base(last);
    }
    storage.snapshot = Some(snapshot);
    let state = step.state_mut();
    state.commit = last.index;
    state.applied = applied;
    state.configs = Configs::starting_at(since, config);
    state.since_snapshot = 0;
    compaction::give_up(step);
    follower_read::answer_held(step);
    say_stored(step, leader, offer);
}

/// Says which piece of the leader's snapshot this server lacks.
fn ask_for<P: Params>(step: &mut Step<P>, leader: Id, offer: &InstallSnapshot, next: u32) {
    let (term, last, round) = (step.term(), offer.last, offer.round);
    let (store, promise) = (identity::own(step), contact::promised(step));
    let reply = SnapshotReply { term, last, next, round, store, promise };
    step.send(leader, Message::SnapshotReply(reply));
}

/// Says that this server has all that a snapshot stands for.
fn say_stored<P: Params>(step: &mut Step<P>, leader: Id, offer: &InstallSnapshot) {
    if step.keeps(Rule::InstalledIsTold) {
        let outcome = Outcome::Stored { matched: offer.last.index };
        replication::reply(step, leader, offer.round, outcome);
    }
}
