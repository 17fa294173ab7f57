//! What the servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number::{Epoch, Incarnation};

/// A server says that it is there, and whether it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Word {
    /// How many times it has started.
    pub starts: Incarnation,
    /// The newest epoch that it has heard of.
    pub epoch: Epoch,
    /// Whether it leads in that epoch.
    pub leads: bool,
}

/// A server wants to lead, and asks all members to confirm it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ask {
    pub epoch: Epoch,
}

/// A member confirms whom it answers as the leader of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Confirm {
    pub epoch: Epoch,
}

/// What the servers say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Word(Word),
    Ask(Ask),
    Confirm(Confirm),
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Word(message) => message.fmt(f),
            Message::Ask(message) => message.fmt(f),
            Message::Confirm(message) => message.fmt(f),
        }
    }
}
