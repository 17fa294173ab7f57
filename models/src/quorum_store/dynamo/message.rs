//! What servers say to each other.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::object::{Object, Put};
use super::version::Siblings;
use crate::kv::Text;
use crate::service::{Sequence, Session};

/// An operation: the command of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Operation {
    pub session: Session,
    pub sequence: Sequence,
}

/// A server that is no home of the key hands a write on to one that is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Forward {
    pub operation: Operation,
    pub put: Put,
}

/// A coordinator asks what a server holds of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Query {
    pub operation: Operation,
    pub key: Text,
}

/// The answer to a [`Query`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Queried {
    pub operation: Operation,
    pub held: Object,
}

/// A home of the key is to hold this as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Store {
    pub operation: Operation,
    pub key: Text,
    pub held: Object,
}

/// The answer to a [`Store`]: the home knows all of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stored {
    pub operation: Operation,
}

/// A read has found that a home of the key lacks some of this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Repair {
    pub key: Text,
    pub held: Object,
}

/// A fallback is to keep this for a home of the key that does not answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hint {
    pub operation: Operation,
    pub home: Id,
    pub key: Text,
    pub held: Object,
}

/// The answer to a [`Hint`]: it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hinted {
    pub operation: Operation,
    pub home: Id,
}

/// A fallback gives a home of the key what it has kept for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Handoff {
    pub key: Text,
    pub held: Object,
}

/// The answer to a [`Handoff`]: the home knows all of this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Handed {
    pub key: Text,
    pub digest: Siblings<()>,
}

/// What a server knows of the keys that it shares with another one, which is to tell what more it
/// knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest {
    pub known: BTreeMap<Text, Siblings<()>>,
}

/// The answer to a [`Digest`], unless there is no more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Delta {
    pub objects: BTreeMap<Text, Object>,
}

/// The first home of a key asks whether a server knows of anything but that it was deleted so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sweep {
    pub key: Text,
    pub digest: Siblings<()>,
}

/// The answer to a [`Sweep`]: it does not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Swept {
    pub key: Text,
    pub digest: Siblings<()>,
}

/// Nobody does: a home of the key may forget it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Forget {
    pub key: Text,
    pub digest: Siblings<()>,
}

/// What servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Forward(Forward),
    Query(Query),
    Queried(Queried),
    Store(Store),
    Stored(Stored),
    Repair(Repair),
    Hint(Hint),
    Hinted(Hinted),
    Handoff(Handoff),
    Handed(Handed),
    Digest(Digest),
    Delta(Delta),
    Sweep(Sweep),
    Swept(Swept),
    Forget(Forget),
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Forward(message) => message.fmt(f),
            Message::Query(message) => message.fmt(f),
            Message::Queried(message) => message.fmt(f),
            Message::Store(message) => message.fmt(f),
            Message::Stored(message) => message.fmt(f),
            Message::Repair(message) => message.fmt(f),
            Message::Hint(message) => message.fmt(f),
            Message::Hinted(message) => message.fmt(f),
            Message::Handoff(message) => message.fmt(f),
            Message::Handed(message) => message.fmt(f),
            Message::Digest(message) => message.fmt(f),
            Message::Delta(message) => message.fmt(f),
            Message::Sweep(message) => message.fmt(f),
            Message::Swept(message) => message.fmt(f),
            Message::Forget(message) => message.fmt(f),
        }
    }
}
