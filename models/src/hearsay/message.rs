//! What the servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Epoch;

/// A server that wants to lead speaks to its neighbours. Raft calls it RequestVote. In the article
/// it is any message at all, and to hear it is all that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ask {
    pub epoch: Epoch,
}

/// A server has given its vote. It says so itself, or a neighbour passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vote {
    pub epoch: Epoch,
    pub voter: Id,
    pub candidate: Id,
}

/// A leader says that it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leading {
    pub epoch: Epoch,
}

/// What the servers say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Ask(Ask),
    Vote(Vote),
    Leading(Leading),
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ask(message) => message.fmt(f),
            Message::Vote(message) => message.fmt(f),
            Message::Leading(message) => message.fmt(f),
        }
    }
}
