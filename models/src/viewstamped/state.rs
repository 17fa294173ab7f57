//! What a replica knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::crash_vector::CrashVector;
use super::log::Log;
use super::message::{DoViewChange, RecoveryResponse};
use crate::number::{Incarnation, Index, ViewNumber};
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// What survives a crash, and only that: how often the replica has started. All else is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Storage {
    pub incarnation: Incarnation,
}

/// A replica's status, with what only that status needs. *Normal* are primary and backup.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub enum Status<C: Clone> {
    /// It orders the requests of its view.
    Primary {
        /// By backup, up to which op-number that has the log, if that is not committed.
        held: BTreeMap<Id, Index>,
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
    /// It has crashed, and takes part in nothing until it knows what it has forgotten.
    Recovering {
        /// What it was told.
        answers: BTreeMap<Id, RecoveryResponse<C>>,
    },
}

/// What a replica knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Replica<M: StateMachine> {
    /// The view-number.
    pub view: ViewNumber,
    /// The latest view in which it was normal: its log is of that one.
    pub last_normal: ViewNumber,
    pub status: Status<M::Command>,
    pub log: Log<M::Command>,
    /// The commit-number: all requests up to it have taken effect here.
    pub commit: Index,
    pub machine: M,
    /// The client-table: the last request of each client that took effect.
    pub clients: Sessions<M::Output>,
    pub crashes: CrashVector,
}

impl<M: StateMachine> Replica<M> {
    /// One that knows nothing, and is in no view.
    pub fn blank(status: Status<M::Command>, crashes: CrashVector) -> Self {
        Replica {
            view: ViewNumber::ZERO,
            last_normal: ViewNumber::ZERO,
            status,
            log: Log::default(),
            commit: Index::ZERO,
            machine: M::default(),
            clients: Sessions::default(),
            crashes,
        }
    }

    pub fn is_primary(&self) -> bool {
        matches!(self.status, Status::Primary { .. })
    }

    /// Whether it is primary or backup.
    pub fn is_normal(&self) -> bool {
        matches!(self.status, Status::Primary { .. } | Status::Backup)
    }

    pub fn is_recovering(&self) -> bool {
        matches!(self.status, Status::Recovering { .. })
    }
}
