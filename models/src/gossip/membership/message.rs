//! What members say to each other. Every message carries gossip.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::word::Word;
use crate::number::Incarnation;

/// What rides on every message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gossip {
    /// The sender lives, in this incarnation.
    pub own: Incarnation,
    /// What the sender knows of the receiver: a suspect hears first that it is one.
    pub yours: Option<Word>,
    /// What the sender has heard of others not long ago.
    pub rumours: BTreeMap<Id, Word>,
}

/// Asks the receiver whether it lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ping {
    /// The member on whose behalf a relay asks; `None` if the sender itself wants to know.
    pub asker: Option<Id>,
    pub gossip: Gossip,
}

/// The sender lives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ack {
    /// As in the ping.
    pub asker: Option<Id>,
    pub gossip: Gossip,
}

/// Asks a relay to ping a member that does not answer the sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PingReq {
    pub target: Id,
    pub gossip: Gossip,
}

/// The member that a relay was asked to ping has answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Relayed {
    pub target: Id,
    pub gossip: Gossip,
}

/// What members say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Ping(Ping),
    Ack(Ack),
    PingReq(PingReq),
    Relayed(Relayed),
}

impl Message {
    /// What rides on it.
    pub fn gossip(&self) -> &Gossip {
        match self {
            Message::Ping(message) => &message.gossip,
            Message::Ack(message) => &message.gossip,
            Message::PingReq(message) => &message.gossip,
            Message::Relayed(message) => &message.gossip,
        }
    }
}

/// As the message itself: its type says which one it is.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ping(message) => message.fmt(f),
            Message::Ack(message) => message.fmt(f),
            Message::PingReq(message) => message.fmt(f),
            Message::Relayed(message) => message.fmt(f),
        }
    }
}
