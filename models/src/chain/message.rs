//! What the master and the servers say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::state::Chain;
use crate::number::{ChainNumber, Index};
use crate::service::Request;

/// A server tells the master that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ping {
    /// The newest chain that the server knows of.
    pub chain: ChainNumber,
}

/// A server forwards a command to the next one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Forward<C> {
    /// The chain in which it is forwarded. Its servers are told, too: a server may hear of a new
    /// chain by what is forwarded in it before the master tells it.
    pub chain: Chain,
    /// The place of the command in the order of the head. The first is at 1.
    pub place: Index,
    pub request: Request<C>,
}

/// A server tells the one before it that the tail has taken all commands up to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ack {
    pub place: Index,
}

/// What the master and the servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<C> {
    Ping(Ping),
    /// The master says which chain there is.
    Chain(Chain),
    Forward(Forward<C>),
    Ack(Ack),
}

/// As the message itself: its type says which one it is.
impl<C: fmt::Debug> fmt::Debug for Message<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ping(message) => message.fmt(f),
            Message::Chain(message) => message.fmt(f),
            Message::Forward(message) => message.fmt(f),
            Message::Ack(message) => message.fmt(f),
        }
    }
}
