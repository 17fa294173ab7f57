//! What is to be seen of a node from outside.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use quorate_models::service::Status;
use serde::{Deserialize, Serialize};

use crate::node::histogram::Histogram;
use crate::node::transport::{Counters, Notice};

/// Who watches a node, and tells it to stop.
pub trait Watch {
    /// Called after every batch and, if there is none, every 50 ms: a node that does not call it
    /// for much longer hangs.
    fn publish(&mut self, status: Status, counts: Counts, transport: Counters);

    /// Called with what whoever runs the node should know.
    fn notice(&mut self, notice: Notice);

    /// Where the servers are, by their numbers, if that has changed since this was asked last.
    /// Asked after every batch and at least every 50 ms. They stay where they are by default.
    fn servers(&mut self) -> Option<BTreeMap<u64, SocketAddr>> {
        None
    }

    /// Whether the node is to stop. Asked after every batch and at least every 50 ms.
    fn is_stopping(&self) -> bool;
}

/// What the loop did since it began. All but one only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rounds in which there was something to do, by how long it took.
    pub batches: Histogram,
    /// Leaders that the actor went over to: itself, too, and one that it knew before it knew none.
    pub leaders: u64,
    /// Messages handed to the actor.
    pub messages: u64,
    /// Orders that the node answered without its actor.
    pub answered: u64,
    /// Requests that were not taken, for the node had too much on its hands.
    pub busy: u64,
    /// How many bytes the requests have that were taken and are not answered. It falls as well.
    pub held: u64,
    /// Authentic messages that this build cannot decode.
    pub undecodable: u64,
    /// Messages that only servers send, from somebody who is none.
    pub refused: u64,
    /// Requests and orders that name the session of another than their sender.
    pub impostors: u64,
    /// Timers that fired.
    pub timeouts: u64,
    /// Random choices made.
    pub choices: u64,
    /// Saves that the actor asked for.
    pub saves: u64,
    /// Commits that made them durable, one for all the saves of a batch, by how long it took.
    pub commits: Histogram,
    /// Messages that the actor sent.
    pub sends: u64,
    /// Messages over the limit or without an encoding, which were not sent.
    pub unencodable: u64,
}
