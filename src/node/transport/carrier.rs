//! One UDP socket and what goes through it, whoever of this side it concerns: a server, or any
//! number of clients.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::bell::Bell;
use super::clients::Clients;
use super::intake::Intake;
use super::notices::Notices;
use super::socket::Socket;
use super::train::Train;
use super::{Counters, Holds, Members, Notice, TransportError};
use crate::node::fragment::{BURST, Outbox, Queued, Reassembly, Report};
use crate::node::seal::{Link, NoRandom, Packet, Reject, Seal};
use crate::node::wire::{self, DATAGRAM_MAX, FIRST_CLIENT, Kind};

/// How many datagrams are taken from the socket before what they brought is handed over.
const DRAIN: usize = 256;

/// How many bytes one receiver is sent at once at most, however large its buffer.
const BURST_MAX: usize = 512 << 10;

/// A socket with everything between it and whole messages. Every message goes over a link: from one
/// of this side's numbers to somebody else's.
pub struct Carrier {
    socket: Socket,
    seal: Seal,
    /// The numbers that this side answers to.
    own: BTreeSet<u64>,
    servers: BTreeMap<u64, SocketAddr>,
    /// `None` if this side is clients itself: clients hear servers only.
    clients: Option<Clients>,
    /// The largest datagram in bytes that is sent to another machine.
    datagram: usize,
    outbox: Outbox,
    reassembly: Reassembly,
    counters: Counters,
    notices: Notices,
    /// The socket held more than was taken from it at once.
    has_more: bool,
    intake: Intake,
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
        let socket = Socket::bind(address)?;
        // Far from where it would wrap around.
        let first = getrandom::u64().map_err(NoRandom)? >> 1;
        let burst = (socket.receives() / 8).clamp(BURST, BURST_MAX);
        Ok(Carrier {
            socket,
            seal: Seal::new(&members.key, members.cluster),
            own,
            servers: members.servers.clone(),
            clients,
            datagram: members.datagram,
            outbox: Outbox::new(first, burst),
            reassembly: Reassembly::new(),
            counters: Counters::default(),
            notices: Notices::default(),
            has_more: false,
            intake: Intake::new(),
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
        self.socket.address()
    }

    /// Takes these for the servers from now on. This side stays where it is.
    pub fn know(&mut self, servers: BTreeMap<u64, SocketAddr>) {
        self.servers = servers;
    }

    /// The servers.
    pub(super) fn servers(&self) -> &BTreeMap<u64, SocketAddr> {
        &self.servers
    }

    /// [`poll`](Self::poll) returns when `bell` rings.
    pub(super) fn listen_for(&mut self, bell: Arc<Bell>) {
        self.socket.listen_for(bell);
    }

    /// Notes that nothing is taken from the socket for a while.
    pub(super) fn note_full(&mut self) {
        self.counters.inbox_full += 1;
    }

    /// Whether `peer` is a server of the cluster.
    pub fn is_server(&self, peer: u64) -> bool {
        self.servers.contains_key(&peer)
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        let (incoming, abandoned) = (self.reassembly.counters(), self.outbox.abandoned());
        let (receives, sends) = (self.socket.receives() as u64, self.socket.sends() as u64);
        let now = Holds { receive_buffer: receives, send_buffer: sends, waiting: 0 };
        Counters { incoming, abandoned, now, ..self.counters }
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
        let address = self.address_of(link.peer).filter(|_| !self.own.contains(&link.peer));
        let Some(address) = address else {
            self.counters.unroutable += 1;
            return;
        };
        let chunk = wire::chunk(self.datagram_to(address)) as u16;
        match self.outbox.send(Instant::now(), link, message, chunk) {
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
        let mut messages = Vec::new();
        loop {
            self.flush()?;
            let drained = self.drain(&mut messages)?;
            self.flush()?;
            let now = Instant::now();
            if !messages.is_empty() || now >= deadline {
                return Ok(messages);
            }
            // There may be no end of what comes and is no message.
            let is_called = if drained > 0 {
                self.socket.hears_bell()
            } else {
                let wake = self.wake().map_or(deadline, |wake| wake.min(deadline));
                self.socket.wait(wake.saturating_duration_since(now))?
            };
            if is_called {
                return Ok(messages);
            }
        }
    }

    /// When something is to be sent again, or given up, though nothing comes; at once if the socket
    /// may hold more.
    pub fn wake(&self) -> Option<Instant> {
        let at_once = self.has_more.then(Instant::now);
        [at_once, self.outbox.wake(), self.reassembly.wake()].into_iter().flatten().min()
    }

    /// Sends what may go now, without waiting.
    ///
    /// # Errors
    /// [`TransportError`] if there is no random nonce to be had.
    pub fn flush(&mut self) -> Result<(), TransportError> {
        let now = Instant::now();
        let mut packets = self.reassembly.reports(now);
        packets.extend(self.outbox.due(now));
        self.transmit(packets)
    }

    /// Sends packets, those together that may go together.
    fn transmit(&mut self, packets: Vec<Packet>) -> Result<(), TransportError> {
        let mut train: Option<Train> = None;
        for packet in packets {
            let peer = packet.link.peer;
            let Some(address) = self.address_of(peer) else {
                self.counters.unroutable += 1;
                continue;
            };
            let (length, most) = (wire::datagram(packet.payload.len()), self.socket.train_max());
            if let Some(full) = train.take_if(|train| !train.takes(address, length, most)) {
                self.depart(&full);
            }
            let train = train.get_or_insert_with(|| Train::new(peer, address, length));
            self.seal.seal(&packet, &mut train.bytes)?;
        }
        if let Some(train) = train {
            self.depart(&train);
        }
        Ok(())
    }

    fn depart(&mut self, train: &Train) {
        let count = train.count() as u64;
        match self.socket.send(train) {
            Ok(()) => {
                self.counters.datagrams_sent += count;
                self.counters.bytes_sent += train.bytes.len() as u64;
                self.notices.sent(train.peer);
            }
            // A full queue, an unreachable host: lost datagrams, as far as the protocol can tell.
            Err(error) => {
                self.counters.send_failed += count;
                self.notices.failed(train.peer, train.to, &error);
            }
        }
    }

    /// Takes what the socket holds, up to a bound, and says how many datagrams that were.
    fn drain(&mut self, messages: &mut Vec<(Link, Vec<u8>)>) -> Result<usize, TransportError> {
        let mut intake = std::mem::take(&mut self.intake);
        let mut taken = 0;
        self.has_more = loop {
            self.socket.receive(&mut intake)?;
            for (datagram, from) in intake.datagrams() {
                messages.extend(self.take(datagram, from));
                taken += 1;
            }
            if !intake.is_full() || taken >= DRAIN {
                break intake.is_full();
            }
        };
        self.intake = intake;
        Ok(taken)
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

    /// How large a datagram to `address` may be. One that does not leave this machine may be as
    /// large as there are.
    fn datagram_to(&self, address: SocketAddr) -> usize {
        if address.ip().is_loopback() { DATAGRAM_MAX } else { self.datagram }
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
