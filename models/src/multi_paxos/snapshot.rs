//! Snapshots: what a server has computed stands for the values that it computed it from, so that
//! its log does not grow without end. Who lacks what is compacted is sent the snapshot instead,
//! piece by piece: it asks for the next one, and the sender remembers nothing of that.
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

use super::log::Log;
use super::message::{Message, Piece};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Params, learn};
use crate::number::Index;
use crate::pieces;
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// What all slots up to `last` come to, encoded: the machine and the sessions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    pub last: Index,
    pub pieces: Vector<Bytes>,
}

impl Snapshot {
    /// What was computed from all slots up to [`Self::last`].
    ///
    /// # Errors
    /// If the pieces are not those of one snapshot, or are of another machine.
    pub fn decode<M: StateMachine>(&self) -> postcard::Result<(M, Sessions<M::Output>)> {
        pieces::decode(&self.pieces)
    }
}

/// Takes a snapshot if the log is long enough, and compacts it, but for what is kept for those who
/// lag a little.
pub(super) fn take_if_due<P: Params>(step: &mut Step<P>) {
    let limits = step.server.limits;
    let storage = &step.state().storage;
    let (last, kept) = (storage.log.last(), limits.kept);
    if last.0 < storage.snapshot_last().0 + limits.snapshot_every {
        return;
    }
    let state = step.state();
    let none = Sessions::default();
    let has_sessions = step.keeps(Rule::SnapshotHasSessions);
    let sessions = if has_sessions { &state.sessions } else { &none };
    let pieces = pieces::encode(&(&state.machine, sessions), limits.piece);
    let storage = step.storage_mut();
    storage.snapshot = Some(Snapshot { last, pieces });
    storage.log.compact_to(Index(last.0.saturating_sub(kept)));
}

/// Sends a server that has `has` of a snapshot the next piece of the one that is here.
pub(super) fn send_piece<P: Params>(step: &mut Step<P>, to: Id, has: Option<(Index, u32)>) {
    let Some(snapshot) = &step.state().storage.snapshot else { return };
    let (last, pieces) = (snapshot.last, snapshot.pieces.len() as u32);
    let number = has.filter(|(of, _)| *of == last).map_or(0, |(_, count)| count);
    let Some(bytes) = snapshot.pieces.get(number as usize).cloned() else { return };
    step.send(to, Message::Piece(Piece { last, pieces, number, bytes }));
}

/// Puts a piece behind those that are here, and installs the snapshot with its last one. A leader
/// lacks nothing.
pub(super) fn handle_piece<P: Params>(step: &mut Step<P>, from: Id, message: Piece) {
    let Piece { last, pieces, number, bytes } = message;
    let is_newer = last > step.state().chosen();
    if step.state().is_leader() || !step.require(Rule::SnapshotNewerOnly, is_newer) {
        return;
    }
    let known = step.state().incoming.as_ref().filter(|known| known.last == last);
    let mut all = known.map_or_else(Vector::new, |known| known.pieces.clone());
    if number as usize != all.len() {
        // Who stands is sent the first one with each Prepare.
        if number == 0 && step.keeps(Rule::RestIsAsked) {
            learn::ask(step, from);
        }
        return;
    }
    all.push_back(bytes);
    let is_whole = all.len() == pieces as usize;
    step.state_mut().incoming = Some(Snapshot { last, pieces: all });
    if is_whole {
        install(step);
    }
    if step.keeps(Rule::RestIsAsked) {
        learn::ask(step, from);
    }
}

/// Puts the snapshot that is here in the place of what was chosen before it ends. One that is of
/// another machine is dropped.
fn install<P: Params>(step: &mut Step<P>) {
    let Some(snapshot) = step.state_mut().incoming.take() else { return };
    let Ok((machine, sessions)) = snapshot.decode() else { return };
    let last = snapshot.last;
    let storage = step.storage_mut();
    storage.log = Log::behind(last);
    storage.snapshot = Some(snapshot);
    storage.accepted = storage.accepted.range(last.next()..).map(owned).collect();
    let state = step.state_mut();
    (state.machine, state.sessions) = (machine, sessions);
    if let Role::Scout { reported, .. } = &mut state.role {
        *reported = reported.range(last.next()..).map(owned).collect();
    }
}

fn owned<K: Clone, V: Clone>((key, value): (&K, &V)) -> (K, V) {
    (key.clone(), value.clone())
}
