//! When a server takes a snapshot of its own and compacts its log.
//!
//! A large machine takes longer to encode and to write than others wait for a sign of life. So both
//! are done aside: what is computed is put by as it is, encoded and written while the server goes
//! on, and becomes its snapshot when all of it is there. Until then it counts for nothing, and a
//! crash loses it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use imbl::Vector;
use serde::Serialize;

use super::config::Changes;
use super::rules::Rule;
use super::server::Step;
use super::snapshot::Snapshot;
use super::{Params, Timer};
use crate::data::Data;
use crate::number::Index;
use crate::pieces;
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// What a snapshot is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Taking<M: StateMachine> {
    /// As in [`Snapshot::last`].
    pub last: Index,
    /// As in [`Snapshot::changes`].
    pub changes: Changes,
    /// What was computed up to there.
    pub data: Arc<Data<M>>,
    /// As in [`Limits::piece`](super::Limits::piece).
    pub piece: usize,
    /// What that is in pieces, if somebody has made them by now.
    pub pieces: Option<Vector<Bytes>>,
}

impl<M: StateMachine> Taking<M> {
    /// Makes the pieces, which takes long if there is much.
    pub fn encode(&self) -> Vector<Bytes> {
        pieces::encode(&*self.data, self.piece)
    }

    fn into_snapshot(self) -> Snapshot {
        let pieces = self.pieces.clone().unwrap_or_else(|| self.encode());
        Snapshot { last: self.last, changes: self.changes, pieces }
    }
}

/// Puts by what is computed, if enough has come since the last snapshot: as much as that has, so
/// that snapshots cost no more than the log.
pub(super) fn take_if_due<P: Params>(step: &mut Step<P>) {
    let limits = step.server.limits;
    let state = step.state();
    let size = state.storage.snapshot.as_ref().map_or(0, Snapshot::size);
    if state.taking.is_some() || state.since_snapshot < limits.floor.max(size) {
        return;
    }
    let (last, piece) = (state.chosen(), limits.piece);
    let mut data = state.data.clone();
    if !step.keeps(Rule::SnapshotHasSessions) {
        data.sessions = Sessions::default();
    }
    let has_changes = step.keeps(Rule::SnapshotHasChanges);
    let state = step.state_mut();
    state.since_snapshot = 0;
    let changes = if has_changes { state.changes.clone() } else { Changes::default() };
    state.taking = Some(Taking { last, changes, data: Arc::new(data), piece, pieces: None });
    step.set_timer(Timer::Snapshot, Duration::ZERO..Duration::ZERO);
}

/// What is taken is encoded and written: it is the snapshot, and the log is compacted, but for what
/// is kept for those who lag a little.
pub(super) fn finish<P: Params>(step: &mut Step<P>) {
    let Some(mut taking) = step.state_mut().taking.take() else { return };
    if !step.keeps(Rule::SnapshotOfItsMoment) {
        let data = Arc::new(step.state().data.clone());
        taking = Taking { data, pieces: None, ..taking };
    }
    let keep = step.server.limits.keep;
    let storage = step.storage_mut();
    let size = storage.snapshot.as_ref().map_or(0, Snapshot::size);
    let base = storage.log.before::<P::Machine>(taking.last, keep.max(size));
    storage.log.compact_to(base);
    storage.snapshot = Some(taking.into_snapshot());
}

/// What is being taken is of no more use where a later snapshot has been installed.
pub(super) fn give_up<P: Params>(step: &mut Step<P>) {
    if step.state().taking.is_some() && step.keeps(Rule::InstalledEndsTaking) {
        step.state_mut().taking = None;
        step.cancel_timer(Timer::Snapshot);
    }
}
