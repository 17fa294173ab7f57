//! Checkpoints (VRR §5.1): the state stands for the requests that have made it, so that a log does
//! not grow without end.
//!
//! A replica drops the oldest requests of its log when what it has committed of it weighs too much.
//! Who lacks one of those is given the state instead, in pieces. The state is encoded when somebody
//! asks for it, and stays as it was then until the log has gone on without it.

use bytes::Bytes;
use imbl::Vector;
use serde::Serialize;

use super::group::Group;
use super::log::{Entry, Log};
use super::rules::Rule;
use super::server::Step;
use super::state::Replica;
use super::{Command, Params};
use crate::data::Data;
use crate::number::Index;
use crate::pieces;
use crate::state_machine::StateMachine;

/// What the requests up to `op` have made, encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Checkpoint {
    pub op: Index,
    /// The group that they have made, if that is not the first.
    pub group: Option<Group>,
    pub pieces: Vector<Bytes>,
}

impl Checkpoint {
    /// The state after the request `op`, in pieces of `size` bytes.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn of<M: StateMachine>(op: Index, data: &Data<M>, size: usize) -> Self {
        Checkpoint { op, group: None, pieces: pieces::encode(data, size) }
    }

    /// What a replica has committed, in pieces of `size` bytes.
    ///
    /// # Panics
    /// If `size` is 0.
    pub fn by<M: StateMachine>(known: &Replica<M>, size: usize) -> Self {
        Checkpoint { group: known.group.clone(), ..Checkpoint::of(known.commit, &known.data, size) }
    }

    /// The state.
    ///
    /// # Errors
    /// If the pieces are not all of a state of such a machine.
    pub fn decode<M: StateMachine>(&self) -> postcard::Result<Data<M>> {
        pieces::decode(&self.pieces)
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

/// What a replica has not committed of its log, and before that as much as one message carries.
pub(super) fn end_of_log<P: Params>(step: &Step<P>) -> Log<Command<P>> {
    let (log, most) = (&step.replica().log, step.server.limits.page);
    let (mut op, mut sum) = (step.replica().commit, 0);
    while let Some(entry) = log.get(op) {
        sum += entry.weight::<P::Machine>();
        if sum > most {
            break;
        }
        op = Index(op.0 - 1);
    }
    log.behind(op)
}

/// An entry has taken effect, and is kept; older ones are dropped if that is too much. As much is
/// kept as the checkpoint has, so that whoever is given one finds what follows it. Where disks keep
/// the log, a checkpoint stands there for what is dropped.
pub(super) fn keep<P: Params>(step: &mut Step<P>, entry: &Entry<Command<P>>) {
    let (least, piece) = (step.server.limits.keep, step.server.limits.piece);
    let stands_for_dropped = step.server.on_disk && step.keeps(Rule::DroppedIsOnDisk);
    let known = step.replica_mut();
    known.kept += entry.weight::<P::Machine>();
    while known.kept > known.checkpoint.as_ref().map_or(0, Checkpoint::size).max(least) {
        let is_behind = known.checkpoint.as_ref().is_none_or(|it| it.op == known.log.base());
        if stands_for_dropped && is_behind {
            known.checkpoint = Some(Checkpoint::by(known, piece));
        }
        let first = known.log.drop_first().expect("what is kept is in the log");
        known.kept -= first.weight::<P::Machine>();
        if known.checkpoint.as_ref().is_some_and(|it| it.op < known.log.base()) {
            known.checkpoint = None;
        }
    }
}
