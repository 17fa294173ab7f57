//! What servers say to each other.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::log::Txns;
use super::zxid::Zxid;
use crate::number::{Epoch, Incarnation, Index, Place, Round};
use crate::service::Request;
use crate::state_machine::StateMachine;

/// A server is told to lead, and tells the others to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Elected {
    pub leadership: Incarnation,
}

/// A vote for a leader. The greatest is the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vote {
    /// The currentEpoch of the server that the vote is for.
    pub epoch: Epoch,
    /// That server's last transaction.
    pub zxid: Zxid,
    pub leader: Id,
}

/// What a server does, as it tells the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stance {
    Looking,
    Following,
    Leading,
    /// It looks for a leader, and has no vote.
    Observing,
}

/// A server that looks tells whom it votes for; and one that does not, whom it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Notification {
    /// The round in which it votes, or has voted.
    pub round: Round,
    pub vote: Vote,
    pub stance: Stance,
}

/// CEPOCH: a follower tells its leader which epoch it has accepted last. A link begins by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CEpoch {
    /// Which leadership of that server is followed; 0 if that is not known.
    pub leadership: Incarnation,
    /// Which link of the follower's it is. No other one of it has this number.
    pub session: Incarnation,
    pub accepted: Epoch,
    /// The follower has lost its disk, and does not count.
    pub observes: bool,
}

/// NEWEPOCH: the leader's epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NewEpoch {
    pub session: Incarnation,
    pub epoch: Epoch,
}

/// ACK-E: a follower knows the epoch, and tells the leader what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AckEpoch {
    pub session: Incarnation,
    pub epoch: Epoch,
    /// It has accepted the epoch by this, and had not before.
    pub accepts: bool,
    pub current: Epoch,
    /// Its last transaction.
    pub last: Zxid,
}

/// The leader tells a follower something. What it tells a follower has an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Packet<M: StateMachine> {
    pub session: Incarnation,
    pub epoch: Epoch,
    /// The place of the packet on its link. The first has place 1.
    pub place: Place,
    pub content: Content<M>,
}

/// What a leader tells a follower in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Content<M: StateMachine> {
    /// The follower has a prefix of the leader's history, and this is behind it.
    Diff(Txns<M::Command>),
    /// What the follower has behind a transaction is not in the leader's history, and is replaced.
    Trunc { to: Zxid, txns: Txns<M::Command> },
    /// The leader's log does not reach back to what the follower has: a piece of its snapshot.
    Snap(Piece),
    /// The next transactions.
    Propose(Txns<M::Command>),
    /// NEWLEADER: that was the history.
    NewLeader,
    /// COMMIT-LD, or UPTODATE: the leader is established, and has committed so much.
    CommitLd(Zxid),
    /// All transactions up to this one are committed.
    Commit(Zxid),
}

/// A piece of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Piece {
    /// The last transaction that is in the snapshot.
    pub zxid: Zxid,
    /// How many are in it.
    pub index: Index,
    /// How many pieces there are.
    pub count: u32,
    /// Which one it is. The first is 0.
    pub number: u32,
    pub bytes: Bytes,
}

/// ACK-LD: a follower has the initial history on its disk, and what is behind it up to `logged`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AckLd {
    pub session: Incarnation,
    pub epoch: Epoch,
    pub heard: Place,
    pub logged: Zxid,
}

/// ACK: a follower has all transactions up to `logged` on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ack {
    pub session: Incarnation,
    pub epoch: Epoch,
    pub heard: Place,
    pub logged: Zxid,
}

/// The leader is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ping {
    pub session: Incarnation,
    pub epoch: Epoch,
    /// How often the leader has asked whether it still leads: see [`SyncRequest`].
    pub round: u64,
}

/// And so is the follower: it has taken the packets up to `heard`, and has `logged` on its disk if
/// it has the initial history there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pong {
    pub session: Incarnation,
    pub epoch: Epoch,
    pub heard: Place,
    pub logged: Option<Zxid>,
    /// That of the ping; 0 of a pong that answers none.
    pub round: u64,
}

/// SYNC: a follower asks its leader how far it must get to answer a read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SyncRequest<C> {
    pub read: Request<C>,
}

/// The leader says how far, once a majority has confirmed that it leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SyncReply<C> {
    pub read: Request<C>,
    /// What was committed, as far as the leader knew.
    pub zxid: Zxid,
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Message<M: StateMachine> {
    Elected(Elected),
    Notification(Notification),
    CEpoch(CEpoch),
    NewEpoch(NewEpoch),
    AckEpoch(AckEpoch),
    Packet(Packet<M>),
    AckLd(AckLd),
    Ack(Ack),
    Ping(Ping),
    Pong(Pong),
    SyncRequest(SyncRequest<M::Command>),
    SyncReply(SyncReply<M::Command>),
}

/// As the message itself: its type says which one it is.
impl<M: StateMachine> fmt::Debug for Message<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Elected(message) => message.fmt(f),
            Message::Notification(message) => message.fmt(f),
            Message::CEpoch(message) => message.fmt(f),
            Message::NewEpoch(message) => message.fmt(f),
            Message::AckEpoch(message) => message.fmt(f),
            Message::Packet(message) => message.fmt(f),
            Message::AckLd(message) => message.fmt(f),
            Message::Ack(message) => message.fmt(f),
            Message::Ping(message) => message.fmt(f),
            Message::Pong(message) => message.fmt(f),
            Message::SyncRequest(message) => message.fmt(f),
            Message::SyncReply(message) => message.fmt(f),
        }
    }
}
