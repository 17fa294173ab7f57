//! When a server takes a snapshot of its own and compacts its log (§7).
//!
//! A large machine takes longer to encode and to write than others wait for a sign of life. So a
//! node does both aside: what is applied is put by as it is, encoded and written while the server
//! goes on, and becomes its snapshot when all of it is there. Until then it counts for nothing, and
//! a crash loses it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use imbl::Vector;
use serde::Serialize;

use super::config::Config;
use super::log::{Entry, Log, Payload, Position};
use super::rules::Rule;
use super::server::Step;
use super::snapshot::Snapshot;
use super::state::{Applied, Storage};
use super::{Params, Timer, own_disk};
use crate::number::Index;
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// When a server takes a snapshot, and what becomes of its log then. All sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compaction {
    /// What was applied since the last snapshot must weigh as much as this, and as that snapshot:
    /// so taking snapshots costs as much as writing the log, whatever the size of the machine.
    pub floor: usize,
    /// The last entries that are applied stay in the log as long as they weigh no more, so that a
    /// follower that is a little late need not be sent a snapshot.
    pub keep: usize,
    /// And as long as they weigh no more than the last snapshot: by the time that a follower has
    /// been sent a large one, as much has been appended.
    pub keeps_size: bool,
    /// The size of all pieces but the last.
    pub piece: usize,
    /// The server goes on while its snapshot is encoded and written.
    pub aside: bool,
}

/// What an entry weighs beside its command.
pub const ENTRY: usize = 64;

/// The weight of an entry.
pub(super) fn weight<M: StateMachine>(entry: &Entry<M::Command>) -> usize {
    match &entry.payload {
        Payload::NoOp | Payload::Config(_) => ENTRY,
        Payload::Command(request) => ENTRY + M::weight(&request.command),
    }
}

/// What a snapshot is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Taking<M: StateMachine> {
    /// As in [`Snapshot::last`].
    pub last: Position,
    /// As in [`Snapshot::config`].
    pub config: (Index, Config),
    /// What was applied up to there.
    pub applied: Arc<Applied<M>>,
    /// As in [`Compaction::piece`].
    pub piece: usize,
    /// What the entries may weigh that stay in the log.
    pub keep: usize,
    /// What that is in pieces, if somebody has made them by now.
    pub pieces: Option<Vector<Bytes>>,
}

impl<M: StateMachine> Taking<M> {
    /// Makes the pieces, which takes long if there is much.
    pub fn encode(&self) -> Vector<Bytes> {
        let Applied { index: _, machine, sessions } = &*self.applied;
        Snapshot::of(self.last, self.config.clone(), machine, sessions, self.piece).pieces
    }

    fn into_snapshot(self) -> Snapshot {
        let pieces = self.pieces.clone().unwrap_or_else(|| self.encode());
        Snapshot { last: self.last, config: self.config, pieces }
    }
}

/// Takes a snapshot of what is applied, if there is enough of it: at once, or aside.
pub(super) fn take_if_due<P: Params>(step: &mut Step<P>) {
    let Some(compaction) = step.server.compaction else {
        return;
    };
    let state = step.state();
    let size = state.storage.snapshot.as_ref().map_or(0, Snapshot::size);
    if state.taking.is_some() || state.since_snapshot < compaction.floor.max(size) {
        return;
    }
    let taking = begin(step, &compaction);
    step.state_mut().since_snapshot = 0;
    step.state_mut().taking = Some(taking);
    if compaction.aside {
        step.set_timer(Timer::Snapshot, Duration::ZERO..Duration::ZERO);
    } else {
        step.storage_mut();
        finish(step);
    }
}

/// Puts by what is applied.
fn begin<P: Params>(step: &Step<P>, compaction: &Compaction) -> Taking<P::Machine> {
    let state = step.state();
    let size = state.storage.snapshot.as_ref().filter(|_| compaction.keeps_size);
    let keep = compaction.keep.max(size.map_or(0, Snapshot::size));
    let mut applied = state.applied.clone();
    let only_applied = step.keeps(Rule::SnapshotOfApplied);
    let index = if only_applied { applied.index } else { state.log().last_index() };
    if !step.keeps(Rule::SessionsInSnapshot) {
        applied.sessions = Sessions::default();
    }
    let last = Position { index, term: state.log().term_at(index).unwrap_or_default() };
    let config = if step.keeps(Rule::ConfigInSnapshot) {
        let (since, config) = state.configs.at(index);
        (since, config.clone())
    } else {
        (Index::ZERO, step.server.first_config())
    };
    Taking { last, config, applied: Arc::new(applied), piece: compaction.piece, keep, pieces: None }
}

/// What a snapshot taken aside is made of is there.
pub(super) fn complete<P: Params>(step: &mut Step<P>) {
    if step.state().taking.is_some() && !own_disk::compact_later(step) {
        step.storage_mut();
        finish(step);
    }
}

/// What is taken becomes the snapshot. The caller saves that.
pub(super) fn finish<P: Params>(step: &mut Step<P>) {
    let Some(mut taking) = step.state_mut().taking.take() else {
        return;
    };
    if !step.keeps(Rule::SnapshotOfItsMoment) {
        let applied = Arc::new(step.state().applied.clone());
        taking = Taking { applied, pieces: None, ..taking };
    }
    step.state_mut().configs.compact_to(taking.last.index);
    compact(&mut step.state_mut().storage, taking);
}

/// What is taken aside is of no more use where a later snapshot has been installed.
pub(super) fn give_up<P: Params>(step: &mut Step<P>) {
    if step.state().taking.is_some() && step.keeps(Rule::InstalledEndsTaking) {
        step.state_mut().taking = None;
        step.cancel_timer(Timer::Snapshot);
    }
}

/// Lets a snapshot stand for the entries up to its last, but for some that are kept.
pub(super) fn compact<M: StateMachine>(storage: &mut Storage<M>, taking: Taking<M>) {
    let base = first_kept::<M>(&storage.log, taking.last.index, taking.keep);
    storage.log.compact_to(base);
    storage.snapshot = Some(taking.into_snapshot());
}

/// The entry at or before `last` behind which the entries up to `last` weigh no more than `keep`.
fn first_kept<M: StateMachine>(log: &Log<M::Command>, last: Index, keep: usize) -> Index {
    let (mut index, mut kept) = (last, 0);
    while let Some(entry) = log.get(index) {
        kept += weight::<M>(entry);
        if kept > keep {
            break;
        }
        index = Index(index.0 - 1);
    }
    index
}
