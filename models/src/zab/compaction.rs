//! When a server takes a snapshot of its own, and what stays in its log then.
//!
//! A large machine takes longer to encode and to write than others wait for a sign of life. So on a
//! node what has taken effect is put by as it is, and encoded and written while the server goes on.
//! It becomes the snapshot when all of it is there. Until then it counts for nothing, and a crash
//! loses it.

use std::sync::Arc;

use bytes::Bytes;
use imbl::Vector;
use serde::Serialize;

use super::rules::Rule;
use super::server::Step;
use super::state::Snapshot;
use super::zxid::Zxid;
use super::{Params, Timer, WRITE};
use crate::data::Data;
use crate::number::Index;
use crate::pieces;
use crate::state_machine::StateMachine;

/// When a server takes a snapshot, and what stays in its log. All sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compaction {
    /// What has taken effect since the last snapshot must weigh as much as this, and as that
    /// snapshot: so taking snapshots costs as much as writing the log, whatever the size of the
    /// machine.
    pub floor: usize,
    /// The last transactions stay in the log as long as they weigh no more than this, or than the
    /// snapshot: so who lags a little is not sent a snapshot, and whoever is sent one finds what
    /// follows it.
    pub keep: usize,
    /// The size of all pieces but the last; at least 1.
    pub piece: usize,
    /// The server goes on while its snapshot is encoded and written.
    pub aside: bool,
}

/// What a snapshot is made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Taking<M: StateMachine> {
    /// As in [`Snapshot::zxid`].
    pub zxid: Zxid,
    /// As in [`Snapshot::index`].
    pub index: Index,
    /// What had taken effect up to there.
    pub data: Arc<Data<M>>,
    /// As in [`Compaction::piece`].
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
        Snapshot { zxid: self.zxid, index: self.index, pieces }
    }
}

/// Puts by what has taken effect, once that is enough.
pub(super) fn take_if_due<P: Params>(step: &mut Step<P>) {
    let Some(Compaction { floor, piece, aside, .. }) = step.server.compaction else { return };
    let known = step.process();
    let size = known.disk.snapshot.as_ref().map_or(0, Snapshot::size);
    if known.taking.is_some() || known.since_snapshot < floor.max(size) {
        return;
    }
    let (zxid, index) = (known.effective, known.history.index_of(known.effective));
    let data = Arc::new(known.data.clone());
    let known = step.process_mut();
    known.taking = Some(Taking { zxid, index, data, piece, pieces: None });
    known.since_snapshot = 0;
    if aside {
        step.set_timer(Timer::Snapshot, WRITE);
    } else {
        finish(step);
    }
}

/// What was put by is written: it is the snapshot, and the log begins later.
pub(super) fn finish<P: Params>(step: &mut Step<P>) {
    let Some(Compaction { keep, .. }) = step.server.compaction else { return };
    let Some(taking) = step.process_mut().taking.take() else { return };
    let snapshot = taking.into_snapshot();
    let most = keep.max(snapshot.size());
    let cut = step.process().history.first_kept::<P::Machine>(snapshot.zxid, most);
    let disk = step.disk_mut();
    disk.snapshot = Some(snapshot);
    disk.log.cut_up_to(cut);
    step.process_mut().history.cut_up_to(cut);
    if step.keeps(Rule::LogKeepsUnsent) {
        let_go(step, cut);
    }
}

/// Lets those go who are yet to be sent what is not in the log any more. They come back, and are
/// given the snapshot.
fn let_go<P: Params>(step: &mut Step<P>, cut: Zxid) {
    if let Some(own) = step.leading_mut() {
        own.let_go(|_, link| link.phase.is_fed() && link.sent < cut);
    }
}

/// What is put by is of no more use where a later snapshot was installed.
pub(super) fn give_up<P: Params>(step: &mut Step<P>) {
    let known = step.process_mut();
    known.since_snapshot = 0;
    if known.taking.take().is_some() {
        step.cancel_timer(Timer::Snapshot);
    }
}
