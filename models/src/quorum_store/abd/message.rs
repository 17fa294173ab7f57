//! What servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

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
}

/// A replica is to hold this, unless it holds something later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Store<K, V> {
    pub operation: Operation,
    pub key: K,
    pub held: Tagged<V>,
}

/// The answer to a [`Store`]: the replica holds that, or something later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stored {
    pub operation: Operation,
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<K, V> {
    Query(Query<K>),
    Queried(Queried<V>),
    Store(Store<K, V>),
    Stored(Stored),
}

/// As the message itself: its type says which one it is.
impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Message<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Query(message) => message.fmt(f),
            Message::Queried(message) => message.fmt(f),
            Message::Store(message) => message.fmt(f),
            Message::Stored(message) => message.fmt(f),
        }
    }
}
