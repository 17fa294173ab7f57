//! What the transport counts.

use serde::{Deserialize, Serialize};

use crate::node::fragment::ReassemblyCounters;

/// What the transport did since it began, and what it has now. All counts but [`Holds`] only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Datagrams taken from the socket, whatever they were.
    pub datagrams_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Datagrams sent.
    pub datagrams_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Datagrams that are not ours at all.
    pub reject_malformed: u64,
    /// Datagrams of another cluster.
    pub reject_cluster: u64,
    /// Datagrams for another receiver, or reflected to their sender.
    pub reject_receiver: u64,
    /// Datagrams whose tag does not fit.
    pub reject_forged: u64,
    /// Authentic datagrams of a server that came from another address than its own.
    pub reject_address: u64,
    /// Authentic datagrams of a sender that is neither a server nor a client.
    pub reject_sender: u64,
    /// What became of packets that were let in.
    pub incoming: ReassemblyCounters,
    /// Messages of several fragments given up for want of reports.
    pub abandoned: u64,
    /// Messages to somebody whose address is not known, or to ourselves.
    pub unroutable: u64,
    /// Messages dropped from a full queue.
    pub queue_dropped: u64,
    /// Messages that were one with the same message, still on its way to the same receiver. None of
    /// them is lost: what they say arrives with that one.
    pub merged: u64,
    /// Messages over the limit.
    pub too_large: u64,
    /// Datagrams that the system would not send.
    pub send_failed: u64,
    /// How often nothing was taken from the socket for a millisecond, for the node did not keep up.
    pub inbox_full: u64,
    /// What it has now.
    pub now: Holds,
}

/// What the transport has at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// How many bytes the system keeps for the socket until they are taken, with what it needs
    /// itself.
    pub receive_buffer: u64,
    /// How many it keeps until they are sent.
    pub send_buffer: u64,
    /// Messages that wait for the node.
    pub waiting: u64,
}

impl Counters {
    /// Datagrams that were not let in, for whatever reason.
    pub fn rejected(&self) -> u64 {
        self.reject_malformed
            + self.reject_cluster
            + self.reject_receiver
            + self.reject_forged
            + self.reject_address
            + self.reject_sender
    }

    /// Messages that were given up, outgoing and incoming: what the network loses beyond these
    /// nobody can count.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.abandoned
            + self.unroutable
            + self.queue_dropped
            + self.too_large
            + self.incoming.expired
            + self.incoming.evicted
    }
}
