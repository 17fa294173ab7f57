//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::compaction::Taking;
use super::log::{Log, Txns};
use super::message::{Content, Stance, Vote};
use super::sync::Syncs;
use super::zxid::Zxid;
use crate::data::Data;
use crate::number::{Epoch, Incarnation, Index, Place, Round};
use crate::pieces;
use crate::service::Request;
use crate::state_machine::StateMachine;
use crate::window::Window;

/// What all transactions up to one of them make of an empty state, encoded. Its pieces are what is
/// stored and what is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last of those transactions.
    pub zxid: Zxid,
    /// How many they are.
    pub index: Index,
    pub pieces: Vector<Bytes>,
}

impl Snapshot {
    /// What the transactions made.
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

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Storage<M: StateMachine> {
    /// Which store this is: drawn when it is made.
    pub store: u64,
    /// The acceptedEpoch: the latest epoch that the server has accepted of a leader.
    pub accepted: Epoch,
    /// The currentEpoch: the latest epoch whose initial history the server has.
    pub current: Epoch,
    /// How often the server has begun to lead or to follow.
    pub begun: Incarnation,
    /// What stands for the transactions that are not in the log, and for some that are.
    pub snapshot: Option<Snapshot>,
    pub log: Log<M::Command>,
}

impl<M: StateMachine> Default for Storage<M> {
    fn default() -> Self {
        Storage {
            store: 0,
            accepted: Epoch::ZERO,
            current: Epoch::ZERO,
            begun: Incarnation::ZERO,
            snapshot: None,
            log: Log::default(),
        }
    }
}

impl<M: StateMachine> Storage<M> {
    /// Of a server that has never started.
    pub fn of(store: u64) -> Self {
        Storage { store, ..Storage::default() }
    }

    /// The last transaction that is in the snapshot.
    pub fn in_snapshot(&self) -> Zxid {
        self.snapshot.as_ref().map_or(Zxid::ZERO, |snapshot| snapshot.zxid)
    }

    /// What the snapshot says that there is.
    ///
    /// # Errors
    /// As [`Snapshot::decode`].
    pub fn data(&self) -> postcard::Result<Data<M>> {
        self.snapshot.as_ref().map_or_else(|| Ok(Data::default()), Snapshot::decode)
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
    /// The last transaction that has taken effect.
    pub effective: Zxid,
    /// What all that has taken effect has made.
    pub data: Data<M>,
    /// What has taken effect since a snapshot was taken, in bytes.
    pub since_snapshot: usize,
    /// What is to be a snapshot.
    pub taking: Option<Taking<M>>,
    /// Reads that wait until a transaction has taken effect here.
    pub held: BTreeSet<(Zxid, Request<M::Command>)>,
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
    Following(Following<M>),
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
#[serde(bound = "")]
pub struct Following<M: StateMachine> {
    pub leader: Id,
    /// Which leadership of that server it is; 0 if that is not known.
    pub leadership: Incarnation,
    /// The epoch of the leader, once it is known.
    pub epoch: Epoch,
    /// That epoch was accepted on this link, and not before.
    pub accepts: bool,
    /// The last packet that was taken from the leader.
    pub heard: Place,
    /// By place, packets that have come before those that are in front of them.
    pub early: BTreeMap<Place, Content<M>>,
    pub phase: FollowerPhase,
    /// The first pieces of the leader's snapshot.
    pub incoming: Option<Snapshot>,
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
    /// By follower that lagged too far, or was not heard, which link of it was let go last.
    pub let_go: BTreeMap<Id, Incarnation>,
    /// What is proposed and not committed, or waits for that.
    pub window: Window<M::Command>,
    /// Who was heard since the last time that the leader looked.
    pub heard: BTreeSet<Id>,
    /// The reads that it is asked about.
    pub syncs: Syncs<M::Command>,
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
    /// The follower has lost its disk, and does not count.
    pub observes: bool,
    pub phase: LinkPhase,
    /// The last packet that the follower has taken, as far as is known.
    pub heard: Place,
    /// The packets behind that one, in their order.
    pub unheard: Vector<Content<M>>,
    /// How often the leader has looked since the follower was heard to have taken a packet, and
    /// there was one that it had not.
    pub waited: u8,
    /// The pieces of a snapshot that the follower is yet to be sent.
    pub giving: Option<Giving>,
    /// The last transaction that was sent to it.
    pub sent: Zxid,
    /// The last commit that it was told.
    pub told: Zxid,
    /// The last transaction that is on its disk, as far as is known.
    pub logged: Zxid,
}

/// A snapshot that a follower is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Giving {
    pub snapshot: Snapshot,
    /// The number of the piece that is sent next.
    pub next: u32,
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
    ///
    /// # Panics
    /// If the snapshot is none of this machine, which whoever reads a disk refuses.
    pub fn of(disk: Storage<M>) -> Self {
        let data = disk.data().expect("the snapshot was read when the disk was");
        Process {
            history: disk.log.clone(),
            unwritten: Vector::new(),
            committed: disk.in_snapshot(),
            effective: disk.in_snapshot(),
            data,
            since_snapshot: 0,
            taking: None,
            held: BTreeSet::new(),
            disk,
            round: Round::ZERO,
            role: Role::Looking(Looking::default()),
        }
    }

    /// The last transaction that it has taken, whether or not that is on its disk.
    pub fn last_taken(&self) -> Zxid {
        self.unwritten.last().map_or(self.disk.log.last(), |txn| txn.zxid)
    }

    /// How many transactions have taken effect.
    pub fn effective_index(&self) -> Index {
        self.history.index_of(self.effective)
    }

    /// What it leads, if it does.
    pub fn leading(&self) -> Option<&Leading<M>> {
        match &self.role {
            Role::Leading(leading) => Some(leading),
            Role::Looking(_) | Role::Following(_) => None,
        }
    }

    /// Whom it follows, if anybody.
    pub fn following(&self) -> Option<&Following<M>> {
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

impl<M: StateMachine> Following<M> {
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

    /// Whether this follower counts, as far as is known.
    pub fn counts(&self, follower: Id) -> bool {
        self.links.get(&follower).is_none_or(|link| !link.observes)
    }

    /// Lets go the links of which this is true. Those who followed by them come back by others.
    pub fn let_go(&mut self, is_gone: impl Fn(Id, &Link<M>) -> bool) {
        let gone = self.links.iter().filter(|(id, link)| is_gone(**id, link));
        let gone: Vec<_> = gone.map(|(id, link)| (*id, link.session)).collect();
        self.links.retain(|id, link| !is_gone(*id, link));
        self.let_go.extend(gone);
    }

    /// Whether this link of a follower, or a later one, was let go.
    pub fn has_let_go(&self, follower: Id, session: Incarnation) -> bool {
        self.let_go.get(&follower).is_some_and(|last| *last >= session)
    }

    /// Whether it knows its epoch.
    pub fn has_epoch(&self) -> bool {
        !matches!(self.phase, LeaderPhase::Discovery { .. })
    }
}
