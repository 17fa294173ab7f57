//! What servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crash_vector::{CrashVector, Life};
use crate::number::Incarnation;
use crate::quorum_store::register::Tagged;
use crate::service::{Sequence, Session};

/// An operation: the command of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Operation {
    pub session: Session,
    pub sequence: Sequence,
}

/// A coordinator asks what a replica holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query<K> {
    pub operation: Operation,
    pub key: K,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Queried<V> {
    pub operation: Operation,
    pub held: Tagged<V>,
    /// What the replica knows of who has lost its disk.
    pub crashes: CrashVector,
}

/// A replica is to hold this, unless it holds something later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Store<K, V> {
    pub operation: Operation,
    pub key: K,
    pub held: Tagged<V>,
}

/// The answer to a [`Store`]: the replica holds that, or something later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stored {
    pub operation: Operation,
    /// As in [`Queried::crashes`].
    pub crashes: CrashVector,
}

/// A server that has lost its disk asks how often it has lost one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Count {
    /// Which store it has now.
    pub store: u64,
}

/// The answer to a [`Count`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Counted {
    pub store: u64,
    /// The latest life of the server that asks, as far as the replica knows.
    pub incarnation: Incarnation,
}

/// A server that has lost its disk asks for what a replica holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Copy<K> {
    /// The life that it has begun.
    pub life: Life,
    /// The last register that it was told of; `None`: it begins.
    pub behind: Option<K>,
}

/// The answer to a [`Copy`]: the registers that come next in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Page<K, V> {
    pub life: Life,
    pub behind: Option<K>,
    pub registers: Vec<(K, Tagged<V>)>,
    /// No more come behind these.
    pub is_last: bool,
    /// As in [`Queried::crashes`].
    pub crashes: CrashVector,
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<K, V> {
    Query(Query<K>),
    Queried(Queried<V>),
    Store(Store<K, V>),
    Stored(Stored),
    Count(Count),
    Counted(Counted),
    Copy(Copy<K>),
    Page(Page<K, V>),
}

/// As the message itself: its type says which one it is.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Message<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Query(message) => message.fmt(f),
            Message::Queried(message) => message.fmt(f),
            Message::Store(message) => message.fmt(f),
            Message::Stored(message) => message.fmt(f),
            Message::Count(message) => message.fmt(f),
            Message::Counted(message) => message.fmt(f),
            Message::Copy(message) => message.fmt(f),
            Message::Page(message) => message.fmt(f),
        }
    }
}
