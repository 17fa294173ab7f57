//! The socket: sealed, fragmented messages between members that know each other by number.
//!
//! A server's address is known from the config, as that is by now, and whoever says to be that
//! server must come from there. A client's address is learned from its last authenticated datagram,
//! so a reply goes where an authentic request came from, and nowhere else.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use stateright::actor::Id;
use thiserror::Error;

use super::seal::{KEY, Link, NoRandom};
use super::wire::Cluster;
pub use super::wire::FIRST_CLIENT;

mod bell;
mod carrier;
mod clients;
mod counters;
mod courier;
mod intake;
mod notices;
mod socket;
mod train;

use bell::Bell;
pub use carrier::Carrier;
pub use counters::{Counters, Holds};
pub use courier::Courier;
pub use notices::Notice;

/// The transport cannot go on, or cannot begin.
#[derive(Debug, Error)]
pub enum TransportError {
    /// Most likely the port is in use.
    #[error("cannot bind UDP {address}: {error}")]
    Bind {
        /// Of the socket.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The socket does not work any more.
    #[error("UDP socket {address}: {error}")]
    Socket {
        /// Of the socket.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// There are no random numbers or nonces to be had.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Who is in the cluster and how its members recognise each other.
#[derive(Clone)]
pub struct Members {
    /// The cluster's name.
    pub cluster: Cluster,
    /// The key that all members share.
    pub key: [u8; KEY],
    /// Every server's number, below [`FIRST_CLIENT`], and its address.
    pub servers: BTreeMap<u64, SocketAddr>,
    /// The largest datagram in bytes that is sent to other machines: from
    /// [`DATAGRAM_MIN`](super::wire::DATAGRAM_MIN) to [`DATAGRAM_MAX`](super::wire::DATAGRAM_MAX).
    /// Members may differ in it.
    pub datagram: usize,
}

/// One member's socket with everything between it and whole messages.
pub struct Transport {
    me: u64,
    carrier: Carrier,
}

impl Transport {
    /// The transport of server `me` of `members`, bound to its address.
    ///
    /// # Errors
    /// [`TransportError`] naming the address, if that is taken for instance.
    ///
    /// # Panics
    /// If `members` has no server `me`.
    pub fn server(members: &Members, me: u64) -> Result<Self, TransportError> {
        let address = *members.servers.get(&me).expect("a server of the cluster");
        Self::server_at(members, me, address)
    }

    /// The transport of server `me` of `members`, bound to `address`. What it sends must reach the
    /// others from the address by which `members` knows it, or they refuse it.
    ///
    /// # Errors
    /// [`TransportError`] naming the address, if that is taken for instance.
    pub fn server_at(
        members: &Members,
        me: u64,
        address: SocketAddr,
    ) -> Result<Self, TransportError> {
        Ok(Transport { me, carrier: Carrier::of_server(members, me, address)? })
    }

    /// The transport of a new client of `members`, with a random number and on any free port.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had.
    pub fn client(members: &Members) -> Result<Self, TransportError> {
        let mut carrier = Carrier::of_clients(members)?;
        Ok(Transport { me: carrier.open()?, carrier })
    }

    /// This member's number.
    pub fn id(&self) -> Id {
        id(self.me)
    }

    /// The address the socket is bound to.
    pub fn address(&self) -> SocketAddr {
        self.carrier.address()
    }

    /// Takes these for the servers from now on. This member stays where it is.
    pub fn know(&mut self, servers: BTreeMap<u64, SocketAddr>) {
        self.carrier.know(servers);
    }

    /// The servers.
    pub fn servers(&self) -> &BTreeMap<u64, SocketAddr> {
        self.carrier.servers()
    }

    /// [`poll`](Self::poll) returns when `bell` rings.
    fn listen_for(&mut self, bell: Arc<Bell>) {
        self.carrier.listen_for(bell);
    }

    /// Notes that nothing is taken from the socket for a while, for the node has not kept up.
    fn note_full(&mut self) {
        self.carrier.note_full();
    }

    /// Whether `id` is a server of the cluster.
    pub fn is_server(&self, id: Id) -> bool {
        self.carrier.is_server(number(id))
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.carrier.counters()
    }

    /// What an operator should know, since this was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.carrier.notices()
    }

    /// Whether a message of several fragments is still on its way to `to`.
    pub fn is_sending(&self, to: Id) -> bool {
        self.carrier.is_sending(self.link(to))
    }

    /// Queues `message` for `to`; [`poll`](Self::poll) and [`flush`](Self::flush) send it. What
    /// cannot be sent is counted and dropped, as the network would.
    pub fn send(&mut self, to: Id, message: Vec<u8>) {
        self.carrier.send(self.link(to), message);
    }

    /// Waits for messages, until `deadline` at most, and meanwhile does what sending needs. Returns
    /// as soon as there are any, with all that the socket holds.
    ///
    /// # Errors
    /// [`TransportError`] if the socket fails or there is no random nonce to be had.
    pub fn poll(&mut self, deadline: Instant) -> Result<Vec<(Id, Vec<u8>)>, TransportError> {
        let messages = self.carrier.poll(deadline)?.into_iter();
        Ok(messages.map(|(link, message)| (id(link.peer), message)).collect())
    }

    /// Sends what may go now, without waiting.
    ///
    /// # Errors
    /// [`TransportError`] if there is no random nonce to be had.
    pub fn flush(&mut self) -> Result<(), TransportError> {
        self.carrier.flush()
    }

    fn link(&self, peer: Id) -> Link {
        Link { me: self.me, peer: number(peer) }
    }
}

/// An actor's id as the number it has on the wire.
pub(crate) fn number(id: Id) -> u64 {
    usize::from(id) as u64
}

/// A number on the wire as an actor's id.
pub(crate) fn id(number: u64) -> Id {
    Id::from(number as usize)
}
