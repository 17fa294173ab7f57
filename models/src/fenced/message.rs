//! What the grantor, the store and its writers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::state::Image;
use crate::number::{Epoch, Place};
use crate::state_machine::StateMachine;

/// The grantor tells all writers who writes from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Grant {
    pub epoch: Epoch,
    pub writer: Id,
}

/// A writer asks the store for what it holds, before it writes in a new epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Open {
    pub epoch: Epoch,
}

/// The store says what it holds to the writer that opens it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Opened<M: StateMachine> {
    /// The epoch in which it was opened.
    pub epoch: Epoch,
    pub image: Image<M>,
}

/// The store says how far it has what was written in an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Written {
    pub epoch: Epoch,
    pub place: Place,
}

/// What the grantor, the store and its writers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Message<M: StateMachine> {
    Grant(Grant),
    Open(Open),
    Opened(Opened<M>),
    /// A writer writes the whole database to the store.
    Write(Image<M>),
    Written(Written),
}

/// As the message itself: its type says which one it is.
impl<M: StateMachine> fmt::Debug for Message<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Grant(message) => message.fmt(f),
            Message::Open(message) => message.fmt(f),
            Message::Opened(message) => message.fmt(f),
            Message::Write(image) => f.debug_tuple("Write").field(image).finish(),
            Message::Written(message) => message.fmt(f),
        }
    }
}
