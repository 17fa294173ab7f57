//! One UDP socket and what goes through it, whoever of this side it concerns: a server, or any
//! number of clients.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use super::clients::Clients;
use super::notices::Notices;
use super::{Counters, Members, Notice, TransportError};
use crate::node::fragment::{Outbox, Queued, Reassembly, Report};
use crate::node::seal::{Link, NoRandom, Packet, Reject, Seal};
use crate::node::wire::{DATAGRAM_MAX, FIRST_CLIENT, Kind};

/// How many datagrams are taken from the socket before what they brought is handed over.
const DRAIN: usize = 256;

/// The shortest wait for the socket: the kernel takes a wait of zero for one without end.
const WAIT_MIN: Duration = Duration::from_micros(100);

/// A socket with everything between it and whole messages. Every message goes over a link: from one
/// of this side's numbers to somebody else's.
pub struct Carrier {
    socket: UdpSocket,
    address: SocketAddr,
    seal: Seal,
    /// The numbers that this side answers to.
    own: BTreeSet<u64>,
    servers: BTreeMap<u64, SocketAddr>,
    /// `None` if this side is clients itself: clients hear servers only.
    clients: Option<Clients>,
    outbox: Outbox,
    reassembly: Reassembly,
    counters: Counters,
    notices: Notices,
}

impl Carrier {
    /// What carries the messages of server `me` of `members`, bound to `address`.
    ///
    /// # Errors
    /// [`TransportError`] naming the address, if that is taken for instance.
    pub(super) fn of_server(
        members: &Members,
        me: u64,
        address: SocketAddr,
    ) -> Result<Self, TransportError> {
        Self::bind(members, BTreeSet::from([me]), address, Some(Clients::default()))
    }

    /// What carries the messages of clients of `members`, none yet, on any free port.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had.
    pub fn of_clients(members: &Members) -> Result<Self, TransportError> {
        // A socket that leaves by the loopback interface can only reach servers there, and no
        // other address reaches it.
        let servers = || members.servers.values();
        let address =
            match (servers().all(|a| a.is_ipv6()), servers().all(|a| a.ip().is_loopback())) {
                (false, true) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                (false, false) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
                (true, true) => SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
                (true, false) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
            };
        Self::bind(members, BTreeSet::new(), address, None)
    }

    fn bind(
        members: &Members,
        own: BTreeSet<u64>,
        address: SocketAddr,
        clients: Option<Clients>,
    ) -> Result<Self, TransportError> {
        let bind = |error| TransportError::Bind { address, error };
        let socket = UdpSocket::bind(address).map_err(bind)?;
        socket.set_nonblocking(true).map_err(bind)?;
        let address = socket.local_addr().map_err(bind)?;
        // Far from where it would wrap around.
        let first = getrandom::u64().map_err(NoRandom)? >> 1;
        Ok(Carrier {
            socket,
            address,
            seal: Seal::new(&members.key, members.cluster),
            own,
            servers: members.servers.clone(),
            clients,
            outbox: Outbox::new(first),
            reassembly: Reassembly::new(),
            counters: Counters::default(),
            notices: Notices::default(),
        })
    }

    /// Answers to one more client's number from now on, which is random and returned.
    ///
    /// # Errors
    /// [`TransportError`] if there is no random number to be had.
    pub fn open(&mut self) -> Result<u64, TransportError> {
        loop {
            let me = getrandom::u64().map_err(NoRandom)? | 1 << 63;
            if self.own.insert(me) {
                return Ok(me);
            }
        }
    }

    /// Answers to the number `me` no more, and drops all that concerns it.
    pub fn close(&mut self, me: u64) {
        self.own.remove(&me);
        let links = Link { me, peer: 0 }..=Link { me, peer: u64::MAX };
        self.outbox.forget(links.clone());
        self.reassembly.forget(links);
    }

    /// The address the socket is bound to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes these for the servers from now on. This side stays where it is.
    pub fn know(&mut self, servers: BTreeMap<u64, SocketAddr>) {
        self.servers = servers;
    }

    /// Whether `peer` is a server of the cluster.
    pub fn is_server(&self, peer: u64) -> bool {
        self.servers.contains_key(&peer)
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

    /// Whether a message of several fragments is still on its way on `link`.
    pub fn is_sending(&self, link: Link) -> bool {
        self.outbox.is_sending(link)
    }

    /// Whether a message of several fragments is on its way on `link`, whose other side has
    /// reported something new of it within the last `lately`; or it waits for others of which that
    /// is so.
    pub fn is_arriving(&self, link: Link, lately: Duration) -> bool {
        self.outbox.is_arriving(Instant::now(), link, lately)
    }

    /// Queues `message` for the other side of `link`; [`poll`](Self::poll) and
    /// [`flush`](Self::flush) send it. What cannot be sent is counted and dropped, as the network
    /// would.
    pub fn send(&mut self, link: Link, message: Vec<u8>) {
        if self.own.contains(&link.peer) || self.address_of(link.peer).is_none() {
            self.counters.unroutable += 1;
            return;
        }
        match self.outbox.send(Instant::now(), link, message) {
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
    pub fn poll(&mut self, deadline: Instant) -> Result<Vec<(Link, Vec<u8>)>, TransportError> {
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
        let Some(address) = self.address_of(packet.link.peer) else {
            self.counters.unroutable += 1;
            return Ok(());
        };
        let datagram = self.seal.seal(packet)?;
        match self.socket.send_to(&datagram, address) {
            Ok(_) => {
                self.counters.datagrams_sent += 1;
                self.counters.bytes_sent += datagram.len() as u64;
                self.notices.sent(packet.link.peer);
            }
            // A full queue, an unreachable host: a lost datagram, as far as the protocol can tell.
            Err(error) => {
                self.counters.send_failed += 1;
                self.notices.failed(packet.link.peer, address, &error);
            }
        }
        Ok(())
    }

    /// Takes what the socket holds, up to a bound, and says how many datagrams that were.
    fn drain(
        &mut self,
        buffer: &mut [u8],
        messages: &mut Vec<(Link, Vec<u8>)>,
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
        messages: &mut Vec<(Link, Vec<u8>)>,
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
    fn take(&mut self, datagram: &[u8], from: SocketAddr) -> Option<(Link, Vec<u8>)> {
        self.counters.datagrams_received += 1;
        self.counters.bytes_received += datagram.len() as u64;
        let packet = match self.seal.open(datagram, |number| self.own.contains(&number)) {
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
    fn accept(&mut self, packet: Packet, from: SocketAddr) -> Option<(Link, Vec<u8>)> {
        let (now, link) = (Instant::now(), packet.link);
        let peer = link.peer;
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
                let link = Link { me: link.me, peer: forgotten };
                self.outbox.forget(link..=link);
                self.reassembly.forget(link..=link);
            }
        } else {
            self.counters.reject_sender += 1;
            return None;
        }
        if packet.kind == Kind::Report {
            match Report::decode(&packet.payload) {
                Some(report) => self.outbox.report(now, link, packet.message, &report),
                None => self.counters.reject_malformed += 1,
            }
            return None;
        }
        let message = self.reassembly.accept(now, packet)?;
        Some((link, message))
    }

    fn address_of(&self, peer: u64) -> Option<SocketAddr> {
        let client = || self.clients.as_ref().and_then(|clients| clients.address(peer));
        self.servers.get(&peer).copied().or_else(client)
    }
}

impl AsFd for Carrier {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
