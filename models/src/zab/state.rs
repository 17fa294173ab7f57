//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use imbl::Vector;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::log::{Log, Txn, Txns};
use super::message::{Content, Stance, Vote};
use super::zxid::Zxid;
use crate::number::{Epoch, Incarnation, Index, Place, Round};
use crate::service::{Sequence, Session};
use crate::session::{Last, Sessions};
use crate::state_machine::StateMachine;

/// What all transactions up to one of them make of an empty state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<M: StateMachine> {
    /// The last of those transactions.
    pub zxid: Zxid,
    pub machine: M,
    pub sessions: Sessions<M::Output>,
}

impl<M: StateMachine> Default for Snapshot<M> {
    fn default() -> Self {
        Snapshot { zxid: Zxid::ZERO, machine: M::default(), sessions: Sessions::default() }
    }
}

impl<M: StateMachine> Snapshot<M> {
    /// Lets the next transaction take effect.
    pub fn apply(&mut self, txn: &Txn<M::Command>) {
        let output = self.machine.apply(&txn.request.command);
        let last = Last { sequence: txn.request.sequence, index: Index::ZERO, output };
        self.sessions.record(txn.request.session, last);
        self.zxid = txn.zxid;
    }
}

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Storage<M: StateMachine> {
    /// The acceptedEpoch: the latest epoch that the server has accepted of a leader.
    pub accepted: Epoch,
    /// The currentEpoch: the latest epoch whose initial history the server has.
    pub current: Epoch,
    /// How often the server has begun to lead or to follow.
    pub begun: Incarnation,
    pub snapshot: Arc<Snapshot<M>>,
    /// The transactions behind the snapshot.
    pub log: Log<M::Command>,
}

impl<M: StateMachine> Default for Storage<M> {
    fn default() -> Self {
        Storage {
            accepted: Epoch::ZERO,
            current: Epoch::ZERO,
            begun: Incarnation::ZERO,
            snapshot: Arc::default(),
            log: Log::default(),
        }
    }
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Process<M: StateMachine> {
    pub disk: Storage<M>,
    /// The log as it is in memory: what the server lets take effect, and gives to others.
    pub history: Log<M::Command>,
    /// What is in memory and not on the disk yet, in the order in which it is written.
    pub unwritten: Txns<M::Command>,
    /// All transactions up to this one are committed, as far as the server knows.
    pub committed: Zxid,
    /// What has taken effect.
    pub data: Snapshot<M>,
    /// The round in which it votes, or has voted last.
    pub round: Round,
    pub role: Role<M>,
}

/// What a server does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub enum Role<M: StateMachine> {
    /// It neither leads nor follows.
    Looking(Looking),
    Following(Following),
    Leading(Leading<M>),
}

/// What a server knows that looks for a leader. Where an oracle elects, nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Looking {
    /// Whom it votes for.
    pub vote: Option<Vote>,
    /// Whom the others vote for in its round.
    pub votes: BTreeMap<Id, Vote>,
    /// Since which round others follow whom, or lead.
    pub told: BTreeMap<Id, (Round, Id, Stance)>,
}

/// What a follower knows of its leader.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Following {
    pub leader: Id,
    /// Which leadership of that server it is; 0 if that is not known.
    pub leadership: Incarnation,
    /// The epoch of the leader, once it is known.
    pub epoch: Epoch,
    /// That epoch was accepted on this link, and not before.
    pub accepts: bool,
    /// The last packet that was taken from the leader.
    pub heard: Place,
    pub phase: FollowerPhase,
}

/// How far a follower is with its leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum FollowerPhase {
    /// It waits for the epoch, or for the first packet of the history.
    Discovery,
    /// It is given the history.
    Synchronization,
    /// It has been given the initial history, and writes that to its disk; and then the epoch.
    Writing {
        /// The history is on the disk.
        is_written: bool,
    },
    /// It has the initial history on its disk, and has said so.
    Synchronized,
    /// It is up to date, and takes proposals and commits.
    Broadcast,
}

/// What a leader knows of the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Leading<M: StateMachine> {
    /// Which leadership of this server it is.
    pub leadership: Incarnation,
    pub phase: LeaderPhase,
    /// Those who follow.
    pub links: BTreeMap<Id, Link<M>>,
    /// The last command of each session that is proposed and not committed.
    pub open: BTreeMap<Session, Sequence>,
    /// Who was heard since the last time that the leader looked.
    pub heard: BTreeSet<Id>,
}

/// How far a leader is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum LeaderPhase {
    /// It asks for the epochs that others have accepted.
    Discovery { accepted: BTreeMap<Id, Epoch> },
    /// It has chosen its epoch, and asks who accepts it.
    Announcement { accepted_by: BTreeSet<Id> },
    /// It gives its history to the others.
    Synchronization { held_by: BTreeSet<Id> },
    /// A majority has its history: it is established, and proposes.
    Broadcast,
}

/// What a leader knows of one that follows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Link<M: StateMachine> {
    /// Which link of the follower's it is.
    pub session: Incarnation,
    pub phase: LinkPhase,
    /// The last packet that the follower has taken, as far as is known.
    pub heard: Place,
    /// The packets behind that one, in their order.
    pub unheard: Vector<Content<M>>,
    /// The last transaction that was sent to it.
    pub sent: Zxid,
    /// The last commit that it was told.
    pub told: Zxid,
    /// The last transaction that is on its disk, as far as is known.
    pub logged: Zxid,
}

/// How far a follower is, as far as its leader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum LinkPhase {
    /// It has said which epoch it has accepted.
    Discovery,
    /// It knows the epoch of the leader, and has said what its last transaction is.
    Accepted { last: Zxid },
    /// It is sent the history up to this transaction, and then [`NewLeader`].
    ///
    /// [`NewLeader`]: super::message::Content::NewLeader
    Synchronization { until: Zxid },
    /// It is sent that this was the history.
    Told,
    /// It has the history on its disk.
    Synchronized,
    /// It is sent that it is up to date.
    Broadcast,
}

impl<M: StateMachine> Process<M> {
    /// One that has started, and neither leads nor follows.
    pub fn of(disk: Storage<M>) -> Self {
        let data = (*disk.snapshot).clone();
        Process {
            history: disk.log.clone(),
            unwritten: Vector::new(),
            committed: data.zxid,
            data,
            disk,
            round: Round::ZERO,
            role: Role::Looking(Looking::default()),
        }
    }

    /// The last transaction that it has taken, whether or not that is on its disk.
    pub fn last_taken(&self) -> Zxid {
        self.unwritten.last().map_or(self.disk.log.last(), |txn| txn.zxid)
    }

    /// What it leads, if it does.
    pub fn leading(&self) -> Option<&Leading<M>> {
        match &self.role {
            Role::Leading(leading) => Some(leading),
            Role::Looking(_) | Role::Following(_) => None,
        }
    }

    /// Whom it follows, if anybody.
    pub fn following(&self) -> Option<&Following> {
        match &self.role {
            Role::Following(following) => Some(following),
            Role::Looking(_) | Role::Leading(_) => None,
        }
    }

    /// Whether it leads, and a majority has its history.
    pub fn is_established(&self) -> bool {
        self.leading().is_some_and(|own| own.phase == LeaderPhase::Broadcast)
    }
}

impl Following {
    /// Whether the leader is established, and has said so.
    pub fn is_up_to_date(&self) -> bool {
        self.phase == FollowerPhase::Broadcast
    }

    /// Whether the initial history is on the disk, and after it the epoch.
    pub fn has_history(&self) -> bool {
        matches!(self.phase, FollowerPhase::Synchronized | FollowerPhase::Broadcast)
    }
}

impl LinkPhase {
    /// Whether the follower is known to have the initial history on its disk.
    pub fn has_history(self) -> bool {
        matches!(self, LinkPhase::Synchronized | LinkPhase::Broadcast)
    }

    /// Whether the follower is sent transactions.
    pub fn is_fed(self) -> bool {
        !matches!(self, LinkPhase::Discovery | LinkPhase::Accepted { .. })
    }
}

impl<M: StateMachine> Leading<M> {
    /// Whether its epoch is accepted by a majority.
    pub fn is_accepted(&self) -> bool {
        matches!(self.phase, LeaderPhase::Synchronization { .. } | LeaderPhase::Broadcast)
    }

    /// Whether it knows its epoch.
    pub fn has_epoch(&self) -> bool {
        !matches!(self.phase, LeaderPhase::Discovery { .. })
    }
}
