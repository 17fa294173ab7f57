//! Snapshots: what a server has computed stands for the values that it computed it from, so that
//! its log does not grow without end. Every server takes its own: see `compaction.rs`. Who lacks
//! what is compacted is sent the snapshot instead, piece by piece: it asks for the next one, and
//! the sender remembers nothing of that.
//!
//! ```text
//! S1 (leader)              S3
//!  |-- Chosen ------------->|    up to a slot that S3 lacks
//!  |<---- Learn, no piece --|
//!  |-- Piece 0 ------------>|
//!  |<---- Learn, 1 piece ---|
//!  |-- Piece 1 ------------>|    the last one: installed
//!  |<---- Learn ------------|    from there on
//! ```

use bytes::Bytes;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::config::Changes;
use super::log::Log;
use super::message::{Message, Piece};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Params, compaction, learn, membership, open};
use crate::data::Data;
use crate::number::Index;
use crate::pieces;
use crate::state_machine::StateMachine;

/// What all slots up to `last` come to, encoded: the machine and the sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    pub last: Index,
    /// The changes of the servers that count behind that.
    pub changes: Changes,
    pub pieces: Vector<Bytes>,
}

impl Snapshot {
    /// What was computed from all slots up to [`Self::last`].
    ///
    /// # Errors
    /// If the pieces are not those of one snapshot, or are of another machine.
    pub fn decode<M: StateMachine>(&self) -> postcard::Result<Data<M>> {
        pieces::decode(&self.pieces)
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

/// Sends a server that has `has` of a snapshot the next piece of the one that is here.
pub(super) fn send_piece<P: Params>(step: &mut Step<P>, to: Id, has: Option<(Index, u32)>) {
    let Some(snapshot) = &step.state().storage.snapshot else { return };
    let (last, pieces) = (snapshot.last, snapshot.pieces.len() as u32);
    let changes = snapshot.changes.clone();
    let number = has.filter(|(of, _)| *of == last).map_or(0, |(_, count)| count);
    let Some(bytes) = snapshot.pieces.get(number as usize).cloned() else { return };
    step.send(to, Message::Piece(Piece { last, changes, pieces, number, bytes }));
}

/// Puts a piece behind those that are here, and installs the snapshot with its last one. A leader
/// lacks nothing.
pub(super) fn handle_piece<P: Params>(step: &mut Step<P>, from: Id, message: Piece) {
    let Piece { last, changes, pieces, number, bytes } = message;
    let is_newer = last > step.state().chosen();
    if step.state().is_leader()
        || !step.require(Rule::SnapshotNewerOnly, is_newer)
        || step.state().unreadable == Some(last)
    {
        return;
    }
    let known = step.state().incoming.as_ref().filter(|known| known.last == last);
    let mut all = known.map_or_else(Vector::new, |known| known.pieces.clone());
    if number as usize != all.len() {
        // Who stands is sent the first one with each Prepare.
        if number == 0 {
            learn::ask_for_the_rest(step, from);
        }
        return;
    }
    all.push_back(bytes);
    let snapshot = Snapshot { last, changes, pieces: all };
    if snapshot.pieces.len() == pieces as usize {
        step.state_mut().incoming = None;
        install(step, snapshot);
    } else {
        step.state_mut().incoming = Some(snapshot);
    }
    learn::ask_for_the_rest(step, from);
}

/// Puts a snapshot in the place of what was chosen before it ends. One that cannot be decoded is
/// not taken, now or later.
fn install<P: Params>(step: &mut Step<P>, snapshot: Snapshot) {
    let (last, changes) = (snapshot.last, snapshot.changes.clone());
    let Ok(data) = snapshot.decode() else {
        step.state_mut().unreadable = Some(last);
        return;
    };
    let storage = step.storage_mut();
    storage.log = Log::behind_base(last);
    storage.snapshot = Some(snapshot);
    storage.accepted.close_to::<P::Machine>(last);
    let state = step.state_mut();
    state.data = data;
    state.changes = changes;
    state.since_snapshot = 0;
    if let Role::Scout { reported, .. } = &mut state.role {
        *reported = open::from(reported, last.next());
    }
    compaction::give_up(step);
    membership::go_by_changes(step);
}
