//! What a replica knows.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::checkpoint::Checkpoint;
use super::group::{Group, View};
use super::log::Log;
use super::message::{DoViewChange, RecoveryResponse};
use crate::crash_vector::{CrashVector, Life};
use crate::data::Data;
use crate::number::{Epoch, Incarnation, Index};
use crate::state_machine::StateMachine;
use crate::window::Window;

/// What tells one recovery of a replica from all others.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Nonce {
    /// Which store the replica has: drawn when it is made.
    pub store: u64,
    /// In which epoch it last took part.
    pub epoch: Epoch,
    /// How often the replica has started in that epoch without knowing what it knew before.
    pub incarnation: Incarnation,
}

impl Nonce {
    /// The life that begins with that recovery.
    pub fn life(self) -> Life {
        Life { incarnation: self.incarnation, store: self.store }
    }
}

/// What survives a crash, and only that: all else is in memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub struct Storage<C: Clone> {
    pub nonce: Nonce,
    /// The group of the latest epoch that it knew of, if that is not the first.
    pub group: Option<Group>,
    /// Where replicas keep that on their disks: what the replica knows. Nothing while it recovers.
    pub known: Option<Known<C>>,
}

/// What a replica keeps on its disk.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub struct Known<C: Clone> {
    pub view: View,
    pub last_normal: View,
    pub log: Log<C>,
    /// The commit-number when something was saved last. It may have risen since.
    pub commit: Index,
    /// What stands for what is not in the log any more.
    pub checkpoint: Option<Checkpoint>,
    pub crashes: CrashVector,
}

impl<C: Clone> Storage<C> {
    /// Of a replica that has never started.
    pub fn of(store: u64) -> Self {
        let nonce = Nonce { store, epoch: Epoch::ZERO, incarnation: Incarnation::ZERO };
        Storage { nonce, group: None, known: None }
    }
}

/// Of a replica without a store of its own.
impl<C: Clone> Default for Storage<C> {
    fn default() -> Self {
        Storage::of(0)
    }
}

/// A replica's status, with what only that status needs. *Normal* are primary and backup.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub enum Status<C: Clone> {
    /// It orders the requests of its view.
    Primary {
        /// By replica of no group that was heard, which store it has.
        heard: BTreeMap<Id, u64>,
        /// By backup, up to which op-number that has the log, if that is not committed.
        held: BTreeMap<Id, Index>,
        window: Window<C>,
        /// The last op-number when it last said that it is there.
        said: Index,
    },
    /// It takes what the primary of its view has ordered.
    Backup,
    /// Its view is to start, and takes nothing of earlier ones.
    ViewChange {
        /// Who else wants that.
        wanted_by: BTreeSet<Id>,
        /// Enough others want it, so it has told the primary of the view what it has.
        is_done: bool,
        /// Of the primary of the view: what others have, and it itself.
        told: BTreeMap<Id, DoViewChange<C>>,
    },
    /// Its disk is new, and it does not know how often it has started.
    Counting {
        /// What others know of that.
        told: BTreeMap<Id, Incarnation>,
    },
    /// It has crashed, and takes part in nothing until it knows what it has forgotten.
    Recovering {
        /// What it was told.
        answers: BTreeMap<Id, RecoveryResponse<C>>,
    },
    /// It is in no group: it is new, or was replaced.
    Outside {
        /// Who takes part in the epoch in which it is not any more.
        started: BTreeSet<Id>,
    },
}

/// What a replica knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Replica<M: StateMachine> {
    /// The view-number.
    pub view: View,
    /// The latest view in which it was normal: its log is of that one.
    pub last_normal: View,
    pub status: Status<M::Command>,
    pub log: Log<M::Command>,
    /// The commit-number: all requests up to it have taken effect here.
    pub commit: Index,
    /// What they have made: the machine, and the client-table.
    pub data: Data<M>,
    /// What they weigh as far as they are in the log, in bytes.
    pub kept: usize,
    /// What others are given who lack what is not in the log any more.
    pub checkpoint: Option<Checkpoint>,
    /// What this replica is given.
    pub incoming: Option<Incoming<M>>,
    /// It has asked for state, and it is not time to ask again.
    pub has_asked: bool,
    pub crashes: CrashVector,
    pub nonce: Nonce,
    /// The group of its epoch, if that is not the first.
    pub group: Option<Group>,
}

/// Committed entries that a replica is given, before it has all that it needs to take part in the
/// view that it asks for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Incoming<M: StateMachine> {
    /// How far they go.
    pub op: Index,
    /// What they make.
    pub data: Data<M>,
    /// And the group that they make, if it is not that of the first epoch.
    pub group: Option<Group>,
    /// The first pieces of a checkpoint that goes further, and its op-number.
    pub pieces: Option<(Index, Vector<Bytes>)>,
    /// Some of it has come since it was time to ask again.
    pub is_fresh: bool,
}

impl<M: StateMachine> Replica<M> {
    /// One that knows nothing, and is in no view.
    pub fn blank(status: Status<M::Command>, nonce: Nonce) -> Self {
        Replica {
            view: View::ZERO,
            last_normal: View::ZERO,
            status,
            log: Log::default(),
            commit: Index::ZERO,
            data: Data::default(),
            kept: 0,
            checkpoint: None,
            incoming: None,
            has_asked: false,
            crashes: CrashVector::default(),
            nonce,
            group: None,
        }
    }

    pub fn is_primary(&self) -> bool {
        matches!(self.status, Status::Primary { .. })
    }

    /// Whether it is primary or backup.
    pub fn is_normal(&self) -> bool {
        matches!(self.status, Status::Primary { .. } | Status::Backup)
    }

    /// How far it knows what the committed requests have made: itself, or by what it is given.
    pub fn reached(&self) -> Index {
        self.incoming.as_ref().map_or(self.commit, |incoming| self.commit.max(incoming.op))
    }

    /// The epoch of which it is, or would be.
    pub fn epoch(&self) -> Epoch {
        self.group.as_ref().map_or(Epoch::ZERO, |group| group.epoch)
    }

    /// Whether it takes part in no view of its epoch: it has forgotten everything, or is in no
    /// group.
    pub fn is_apart(&self) -> bool {
        self.is_recovering() || self.is_outside()
    }

    /// Whether it is in no group.
    pub fn is_outside(&self) -> bool {
        matches!(self.status, Status::Outside { .. })
    }

    /// Whether it has forgotten everything, and takes part in nothing yet.
    pub fn is_recovering(&self) -> bool {
        matches!(self.status, Status::Counting { .. } | Status::Recovering { .. })
    }
}
