//! The socket: sealed, fragmented messages between members that know each other by number.
//!
//! A server's address is known from the config, as that is by now, and whoever says to be that
//! server must come from there. A client's address is learned from its last authenticated datagram,
//! so a reply goes where an authentic request came from, and nowhere else.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use stateright::actor::Id;
use thiserror::Error;

use super::fragment::{Outbox, Queued, Reassembly, Report};
use super::seal::{KEY, NoRandom, Packet, Reject, Seal};
use super::wire::{Cluster, DATAGRAM_MAX, Kind};

mod clients;
mod counters;
mod notices;

use clients::Clients;
pub use counters::Counters;
pub use notices::Notice;
use notices::Notices;

/// Numbers from here on are clients'; a server's is below.
pub const FIRST_CLIENT: u64 = 1 << 32;

/// How many datagrams are taken from the socket before what they brought is handed over.
const DRAIN: usize = 256;

/// The shortest wait for the socket: the kernel takes a wait of zero for one without end.
const WAIT_MIN: Duration = Duration::from_micros(100);

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
}

/// One member's socket with everything between it and whole messages.
pub struct Transport {
    socket: UdpSocket,
    address: SocketAddr,
    me: u64,
    seal: Seal,
    servers: BTreeMap<u64, SocketAddr>,
    /// `None` if this is a client itself: clients hear servers only.
    clients: Option<Clients>,
    outbox: Outbox,
    reassembly: Reassembly,
    counters: Counters,
    notices: Notices,
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
        Self::bind(members, me, address, Some(Clients::default()))
    }

    /// The transport of a new client of `members`, with a random number and on any free port.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had.
    pub fn client(members: &Members) -> Result<Self, TransportError> {
        let me = getrandom::u64().map_err(NoRandom)? | 1 << 63;
        // A socket that leaves by the loopback interface can only reach servers there, and no
        // other address reaches it.
        let servers = || members.servers.values();
        let address =
            match (servers().all(|a| a.is_ipv6()), servers().all(|a| a.ip().is_loopback())) {
                (false, true) => SocketAddr::from(([127, 0, 0, 1], 0)),
                (false, false) => SocketAddr::from(([0, 0, 0, 0], 0)),
                (true, true) => SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 0)),
                (true, false) => SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, 0)),
            };
        Self::bind(members, me, address, None)
    }

    fn bind(
        members: &Members,
        me: u64,
        address: SocketAddr,
        clients: Option<Clients>,
    ) -> Result<Self, TransportError> {
        let bind = |error| TransportError::Bind { address, error };
        let socket = UdpSocket::bind(address).map_err(bind)?;
        socket.set_nonblocking(true).map_err(bind)?;
        let address = socket.local_addr().map_err(bind)?;
        // Far from where it would wrap around.
        let first = getrandom::u64().map_err(NoRandom)? >> 1;
        Ok(Transport {
            socket,
            address,
            me,
            seal: Seal::new(&members.key, members.cluster, me),
            servers: members.servers.clone(),
            clients,
            outbox: Outbox::new(first),
            reassembly: Reassembly::new(),
            counters: Counters::default(),
            notices: Notices::default(),
        })
    }

    /// This member's number.
    pub fn id(&self) -> Id {
        Id::from(self.me as usize)
    }

    /// The address the socket is bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes these for the servers from now on. This member stays where it is.
    pub fn know(&mut self, servers: BTreeMap<u64, SocketAddr>) {
        self.servers = servers;
    }

    /// Whether `id` is a server of the cluster.
    pub fn is_server(&self, id: Id) -> bool {
        self.servers.contains_key(&number(id))
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        let (incoming, abandoned) = (self.reassembly.counters(), self.outbox.abandoned());
        Counters { incoming, abandoned, ..self.counters }
    }

    /// What an operator should know, since this was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.notices.take()
    }

    /// Whether a message of several fragments is still on its way to `to`.
    pub fn is_sending(&self, to: Id) -> bool {
        self.outbox.is_sending(number(to))
    }

    /// Whether a message of several fragments is on its way to `to`, which has reported something
    /// new of it within the last `lately`.
    pub fn is_arriving(&self, to: Id, lately: Duration) -> bool {
        self.outbox.is_arriving(Instant::now(), number(to), lately)
    }

    /// Queues `message` for `to`; [`poll`](Self::poll) and [`flush`](Self::flush) send it. What
    /// cannot be sent is counted and dropped, as the network would.
    pub fn send(&mut self, to: Id, message: Vec<u8>) {
        let to = number(to);
        if to == self.me || self.address_of(to).is_none() {
            self.counters.unroutable += 1;
            return;
        }
        match self.outbox.send(Instant::now(), to, message) {
            Queued::Queued { dropped } => self.counters.queue_dropped += dropped,
            Queued::Merged => self.counters.merged += 1,
            Queued::TooLarge => self.counters.too_large += 1,
        }
    }

    /// Waits for messages, until `deadline` at most, and meanwhile does what sending needs. Returns
    /// as soon as there are any, with all that the socket holds.
    ///
    /// # Errors
    /// [`TransportError`] if the socket fails or there is no random nonce to be had.
    pub fn poll(&mut self, deadline: Instant) -> Result<Vec<(Id, Vec<u8>)>, TransportError> {
        let mut buffer = [0; DATAGRAM_MAX + 1];
        let mut messages = Vec::new();
        loop {
            self.flush()?;
            let drained = self.drain(&mut buffer, &mut messages)?;
            self.flush()?;
            let now = Instant::now();
            if !messages.is_empty() || now >= deadline {
                return Ok(messages);
            }
            if drained == 0 {
                let wake = self.wake().map_or(deadline, |wake| wake.min(deadline));
                let wait = wake.saturating_duration_since(now).max(WAIT_MIN);
                self.wait(wait, &mut buffer, &mut messages)?;
            }
        }
    }

    /// When something is to be sent again, or given up, though nothing comes.
    pub fn wake(&self) -> Option<Instant> {
        [self.outbox.wake(), self.reassembly.wake()].into_iter().flatten().min()
    }

    /// Sends what may go now, without waiting.
    ///
    /// # Errors
    /// [`TransportError`] if there is no random nonce to be had.
    pub fn flush(&mut self) -> Result<(), TransportError> {
        let now = Instant::now();
        for packet in self.reassembly.reports(now) {
            self.transmit(&packet)?;
        }
        for packet in self.outbox.due(now) {
            self.transmit(&packet)?;
        }
        Ok(())
    }

    fn transmit(&mut self, packet: &Packet) -> Result<(), TransportError> {
        let Some(address) = self.address_of(packet.peer) else {
            self.counters.unroutable += 1;
            return Ok(());
        };
        let datagram = self.seal.seal(packet)?;
        match self.socket.send_to(&datagram, address) {
            Ok(_) => {
                self.counters.datagrams_sent += 1;
                self.counters.bytes_sent += datagram.len() as u64;
                self.notices.sent(packet.peer);
            }
            // A full queue, an unreachable host: a lost datagram, as far as the protocol can tell.
            Err(error) => {
                self.counters.send_failed += 1;
                self.notices.failed(packet.peer, address, &error);
            }
        }
        Ok(())
    }

    /// Takes what the socket holds, up to a bound, and says how many datagrams that were.
    fn drain(
        &mut self,
        buffer: &mut [u8],
        messages: &mut Vec<(Id, Vec<u8>)>,
    ) -> Result<usize, TransportError> {
        for taken in 0..DRAIN {
            match self.receive(buffer)? {
                Some((length, from)) => messages.extend(self.take(&buffer[..length], from)),
                None => return Ok(taken),
            }
        }
        Ok(DRAIN)
    }

    /// Waits for one datagram.
    fn wait(
        &mut self,
        wait: Duration,
        buffer: &mut [u8],
        messages: &mut Vec<(Id, Vec<u8>)>,
    ) -> Result<(), TransportError> {
        let failed = |error| TransportError::Socket { address: self.address, error };
        self.socket.set_nonblocking(false).map_err(failed)?;
        self.socket.set_read_timeout(Some(wait)).map_err(failed)?;
        let received = self.receive(buffer);
        self.socket.set_nonblocking(true).map_err(failed)?;
        if let Some((length, from)) = received? {
            messages.extend(self.take(&buffer[..length], from));
        }
        Ok(())
    }

    fn receive(&self, buffer: &mut [u8]) -> Result<Option<(usize, SocketAddr)>, TransportError> {
        use io::ErrorKind::{
            ConnectionRefused, ConnectionReset, Interrupted, TimedOut, WouldBlock,
        };
        match self.socket.recv_from(buffer) {
            Ok(received) => Ok(Some(received)),
            Err(error) => match error.kind() {
                // The last two are about a datagram that we sent, on some systems.
                WouldBlock | TimedOut | Interrupted | ConnectionRefused | ConnectionReset => {
                    Ok(None)
                }
                _ => Err(TransportError::Socket { address: self.address, error }),
            },
        }
    }

    /// Lets one datagram in, or counts why not; returns the message that it completes.
    fn take(&mut self, datagram: &[u8], from: SocketAddr) -> Option<(Id, Vec<u8>)> {
        self.counters.datagrams_received += 1;
        self.counters.bytes_received += datagram.len() as u64;
        let packet = match self.seal.open(datagram) {
            Ok(packet) => packet,
            Err(reject) => {
                self.notices.refused(from.ip(), reject);
                match reject {
                    Reject::Malformed(_) => self.counters.reject_malformed += 1,
                    Reject::Cluster => self.counters.reject_cluster += 1,
                    Reject::Receiver => self.counters.reject_receiver += 1,
                    Reject::Forged => self.counters.reject_forged += 1,
                }
                return None;
            }
        };
        self.accept(packet, from)
    }

    /// Takes an authenticated packet, if its sender is where it should be.
    fn accept(&mut self, packet: Packet, from: SocketAddr) -> Option<(Id, Vec<u8>)> {
        let (now, peer) = (Instant::now(), packet.peer);
        if let Some(&address) = self.servers.get(&peer) {
            if address != from {
                self.counters.reject_address += 1;
                self.notices.astray(peer, address, from);
                return None;
            }
        } else if let Some(clients) = self.clients.as_mut().filter(|_| peer >= FIRST_CLIENT) {
            if packet.kind == Kind::Data
                && let Some(forgotten) = clients.heard(peer, packet.message, from)
            {
                self.outbox.forget(forgotten);
                self.reassembly.forget(forgotten);
            }
        } else {
            self.counters.reject_sender += 1;
            return None;
        }
        if packet.kind == Kind::Report {
            match Report::decode(&packet.payload) {
                Some(report) => self.outbox.report(now, peer, packet.message, &report),
                None => self.counters.reject_malformed += 1,
            }
            return None;
        }
        let message = self.reassembly.accept(now, packet)?;
        Some((Id::from(peer as usize), message))
    }

    fn address_of(&self, peer: u64) -> Option<SocketAddr> {
        let client = || self.clients.as_ref().and_then(|clients| clients.address(peer));
        self.servers.get(&peer).copied().or_else(client)
    }
}

impl AsFd for Transport {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// An actor's id as the number it has on the wire.
fn number(id: Id) -> u64 {
    usize::from(id) as u64
}
