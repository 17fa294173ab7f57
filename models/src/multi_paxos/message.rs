//! What servers say to each other.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::ballot::Ballot;
use super::config::Changes;
use super::log::{Run, Value};
use super::open::Slots;
use crate::number::Index;

/// A server that stands asks all others for a promise, for all slots from the first on of which it
/// does not know what is chosen. It asks again until they answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prepare {
    pub ballot: Ballot,
    pub from: Index,
    /// By slot from there on, the ballot of what it has itself, and need not be told.
    pub has: OrdMap<Index, Ballot>,
}

/// An acceptor accepts nothing below `ballot` any more. It tells the one who asked what it has
/// accepted, and what it knows to be chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Promise<C: Clone> {
    pub ballot: Ballot,
    /// What is chosen, from the slot on that was asked for.
    pub chosen: Run<C>,
    /// By slot behind that, what was accepted last, but for what was known.
    pub accepted: Slots<C>,
}

/// A leader proposes a value for a slot to all acceptors. It does so again until they answer, or it
/// is chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Accept<C> {
    pub ballot: Ballot,
    pub slot: Index,
    pub value: Value<C>,
    /// All slots up to this one are chosen, as in [`Chosen`].
    pub chosen: Index,
}

/// An acceptor has accepted what was proposed in `ballot` for `slot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Accepted {
    pub ballot: Ballot,
    pub slot: Index,
}

/// A leader says that it is there. All slots up to `up_to` are chosen, and where it has proposed
/// something for them in its ballot, it is that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Chosen {
    pub ballot: Ballot,
    pub up_to: Index,
    /// It asks for a lease, in this round.
    pub lease: Option<u64>,
}

/// A server has heard that the leader of `ballot` asks for a lease, and promises nobody else's
/// ballot for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Heard {
    pub ballot: Ballot,
    pub round: u64,
    /// For how long since it was asked.
    pub promise: Duration,
}

/// A server does not know what is chosen from this slot on, and has heard that something is; or it
/// has no vote, and says how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Learn {
    pub from: Index,
    /// The last slot of the snapshot of which it has the first pieces, and how many of them.
    pub has: Option<(Index, u32)>,
    /// Which store it has.
    pub store: u64,
}

/// Some of what is chosen, for a server that lacks it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Entries<C: Clone> {
    pub chosen: Run<C>,
    /// Up to which slot the sender knows what is chosen.
    pub up_to: Index,
}

/// A piece of what stands for all slots up to `last`, for a server that lacks what is compacted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Piece {
    pub last: Index,
    /// As in [`Snapshot::changes`](super::snapshot::Snapshot::changes).
    pub changes: Changes,
    /// How many pieces there are.
    pub pieces: u32,
    /// Which one it is; the first is 0.
    pub number: u32,
    pub bytes: Bytes,
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub enum Message<C: Clone> {
    Prepare(Prepare),
    Promise(Promise<C>),
    Accept(Accept<C>),
    Accepted(Accepted),
    Chosen(Chosen),
    Heard(Heard),
    Learn(Learn),
    Entries(Entries<C>),
    Piece(Piece),
}

/// As the message itself.
impl<C: Clone + fmt::Debug> fmt::Debug for Message<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Prepare(m) => m.fmt(f),
            Message::Promise(m) => m.fmt(f),
            Message::Accept(m) => m.fmt(f),
            Message::Accepted(m) => m.fmt(f),
            Message::Chosen(m) => m.fmt(f),
            Message::Heard(m) => m.fmt(f),
            Message::Learn(m) => m.fmt(f),
            Message::Entries(m) => m.fmt(f),
            Message::Piece(m) => m.fmt(f),
        }
    }
}
