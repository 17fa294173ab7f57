//! What the servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Epoch;

/// A server asks for locks at a time of its logical clock. An ask is older than another one if the
/// time is, or if the times are the same and the id is lower. It is also what a server asks for all
/// locks with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ask {
    pub clock: Epoch,
    pub id: Id,
}

/// A server grants its lock to an ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant(pub Ask);

/// A server lives, and its lock is not to be had now: an ask waits there, or is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Defer {
    pub ask: Ask,
    /// What its own clock says.
    pub clock: Epoch,
}

/// A server does not ask for this any more, and gives a lock back if it was granted to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Release(pub Ask);

/// A leader says that it leads, and with which ask it came to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leading(pub Ask);

/// What the servers say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Ask(Ask),
    Grant(Grant),
    Defer(Defer),
    Release(Release),
    Leading(Leading),
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ask(message) => message.fmt(f),
            Message::Grant(message) => message.fmt(f),
            Message::Defer(message) => message.fmt(f),
            Message::Release(message) => message.fmt(f),
            Message::Leading(message) => message.fmt(f),
        }
    }
}
