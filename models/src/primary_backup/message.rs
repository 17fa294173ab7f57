//! What the view service and the servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::view::View;
use crate::data::Data;
use crate::number::{Incarnation, Place, ViewNumber};
use crate::service::Request;
use crate::state_machine::StateMachine;

/// A server tells the view service that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ping {
    pub incarnation: Incarnation,
    /// The last view that the server has acknowledged as its primary.
    pub acknowledged: ViewNumber,
}

/// The view service says which view there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ViewIs {
    pub view: View,
    /// The start of the server that is told: it means nothing to the server once it has crashed.
    pub to: Incarnation,
}

/// A primary hands its database to the backup of its view. It is place 0 of what it forwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Transfer<M: StateMachine> {
    pub view: ViewNumber,
    pub data: Data<M>,
}

/// A primary forwards a command to the backup of its view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Forward<C> {
    pub view: ViewNumber,
    pub place: Place,
    pub request: Request<C>,
}

/// A backup has taken all that was forwarded in this view up to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Taken {
    pub view: ViewNumber,
    pub place: Place,
}

/// A server is not the backup of this view, or does not know that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Refused {
    pub view: ViewNumber,
    /// The place of what it refuses.
    pub place: Place,
}

/// What the view service and the servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub enum Message<M: StateMachine> {
    Ping(Ping),
    View(ViewIs),
    Transfer(Transfer<M>),
    Forward(Forward<M::Command>),
    Taken(Taken),
    Refused(Refused),
}

/// As the message itself: its type says which one it is.
impl<M: StateMachine> fmt::Debug for Message<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ping(message) => message.fmt(f),
            Message::View(message) => message.fmt(f),
            Message::Transfer(message) => message.fmt(f),
            Message::Forward(message) => message.fmt(f),
            Message::Taken(message) => message.fmt(f),
            Message::Refused(message) => message.fmt(f),
        }
    }
}
