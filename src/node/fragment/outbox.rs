//! The sending side: queues per receiver, paced, bounded.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use super::transfer::{Pace, Transfer};
use super::{BURST, LARGE_QUEUE, QUEUE_BYTES, REFILL, Report, SMALL_QUEUE};
use crate::node::seal::Packet;
use crate::node::wire::{self, CHUNK, Kind, MESSAGE_MAX};

/// What became of a message handed to [`Outbox::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It will be sent, in place of those that waited longest, if the queue was full.
    Queued {
        /// How many others had to go.
        dropped: u64,
    },
    /// The same bytes are still on their way to that receiver: they are that message.
    Merged,
    /// Over [`MESSAGE_MAX`].
    TooLarge,
}

/// What is to be sent to one receiver.
#[derive(Debug)]
struct Peer {
    /// Messages of one fragment. They overtake the others, whom a lost fragment may hold up.
    small: VecDeque<(u64, Vec<u8>)>,
    /// Messages of several fragments.
    large: VecDeque<(u64, Vec<u8>)>,
    /// The sum of the lengths of what waits in `large`.
    bytes: usize,
    transfer: Option<Transfer>,
    pace: Pace,
    /// How many messages of one fragment may still go in this burst.
    tokens: u32,
    /// When the burst began.
    burst: Instant,
}

/// The messages on their way out, of all receivers.
#[derive(Debug)]
pub struct Outbox {
    peers: BTreeMap<u64, Peer>,
    /// The number of the next message. The numbers of a sender never repeat.
    next: u64,
    /// Messages of several fragments that were given up.
    abandoned: u64,
}

impl Outbox {
    /// An empty outbox that numbers its messages from `first`: random, so that the numbers of a
    /// sender that starts again do not collide with those of its past.
    pub fn new(first: u64) -> Self {
        Outbox { peers: BTreeMap::new(), next: first, abandoned: 0 }
    }

    /// Puts `bytes` in the queue for `to`.
    pub fn send(&mut self, now: Instant, to: u64, bytes: Vec<u8>) -> Queued {
        if bytes.len() > MESSAGE_MAX {
            return Queued::TooLarge;
        }
        let peer = self.peers.entry(to).or_insert_with(|| Peer::new(now));
        if peer.holds(&bytes) {
            return Queued::Merged;
        }
        let message = self.next;
        self.next = self.next.wrapping_add(1);
        Queued::Queued { dropped: peer.push(message, bytes) }
    }

    /// Notes what `from` says it has of `message`. Ignored if that is not on its way to `from`.
    pub fn report(&mut self, now: Instant, from: u64, message: u64, report: &Report) {
        let Some(peer) = self.peers.get_mut(&from) else {
            return;
        };
        if let Some(transfer) = peer.transfer.as_mut().filter(|t| t.message == message) {
            transfer.report(now, report, &mut peer.pace);
        }
    }

    /// The packets that may go out now.
    pub fn due(&mut self, now: Instant) -> Vec<Packet> {
        let mut packets = Vec::new();
        for (&to, peer) in &mut self.peers {
            peer.refill(now);
            self.abandoned += peer.due(now, to, &mut packets);
        }
        packets
    }

    /// When [`due`](Self::due) has something to do again, if nothing arrives until then.
    pub fn wake(&self) -> Option<Instant> {
        self.peers.values().filter_map(Peer::wake).min()
    }

    /// Whether a message of several fragments is on its way to `to`.
    pub fn is_sending(&self, to: u64) -> bool {
        self.peers.get(&to).is_some_and(|peer| peer.transfer.is_some() || !peer.large.is_empty())
    }

    /// Whether `to` has reported something new of such a message within the last `lately`, or it
    /// was begun since.
    pub fn is_arriving(&self, now: Instant, to: u64, lately: Duration) -> bool {
        let transfer = self.peers.get(&to).and_then(|peer| peer.transfer.as_ref());
        transfer.is_some_and(|transfer| transfer.is_arriving(now, lately))
    }

    /// Drops everything that concerns `peer`.
    pub fn forget(&mut self, peer: u64) {
        self.peers.remove(&peer);
    }

    /// How many messages of several fragments were given up so far.
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }
}

impl Peer {
    fn new(now: Instant) -> Self {
        Peer {
            small: VecDeque::new(),
            large: VecDeque::new(),
            bytes: 0,
            transfer: None,
            pace: Pace::default(),
            tokens: BURST,
            burst: now,
        }
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        let queue = if bytes.len() > CHUNK { &self.large } else { &self.small };
        queue.iter().any(|(_, waiting)| waiting == bytes)
            || self.transfer.as_ref().is_some_and(|transfer| transfer.bytes == bytes)
    }

    /// Queues a message and says how many others had to go.
    fn push(&mut self, message: u64, bytes: Vec<u8>) -> u64 {
        if bytes.len() <= CHUNK {
            self.small.push_back((message, bytes));
            if self.small.len() > SMALL_QUEUE {
                self.small.pop_front();
                return 1;
            }
            return 0;
        }
        self.bytes += bytes.len();
        self.large.push_back((message, bytes));
        let mut dropped = 0;
        while self.large.len() > LARGE_QUEUE || self.bytes > QUEUE_BYTES {
            self.pop_large();
            dropped += 1;
        }
        dropped
    }

    fn pop_large(&mut self) -> Option<(u64, Vec<u8>)> {
        let (message, bytes) = self.large.pop_front()?;
        self.bytes -= bytes.len();
        Some((message, bytes))
    }

    fn refill(&mut self, now: Instant) {
        if now.saturating_duration_since(self.burst) >= REFILL {
            self.tokens = BURST;
            self.burst = now;
        }
    }

    /// Takes out what may go now, and says how many messages were given up.
    fn due(&mut self, now: Instant, to: u64, packets: &mut Vec<Packet>) -> u64 {
        let mut abandoned = 0;
        while self.tokens > 0
            && let Some((message, bytes)) = self.small.pop_front()
        {
            self.tokens -= 1;
            packets.push(packet(to, message, 0, &bytes));
        }
        if let Some(over) = self.transfer.take_if(|transfer| transfer.is_over(now))
            && !over.is_complete()
        {
            abandoned = 1;
            // Who does not answer now has not missed only this one. When it is back, it should get
            // the newest first, not all that was said to it meanwhile.
            while self.large.len() > 1 {
                self.pop_large();
                abandoned += 1;
            }
        }
        if self.transfer.is_none()
            && let Some((message, bytes)) = self.pop_large()
        {
            self.transfer = Some(Transfer::new(now, message, bytes));
        }
        if let Some(transfer) = &mut self.transfer {
            transfer.tick(now, &mut self.pace);
            // Its window is what keeps it from sending too much at once.
            while let Some(index) = transfer.next(now, &self.pace) {
                packets.push(packet(to, transfer.message, index, &transfer.bytes));
            }
        }
        abandoned
    }

    /// Asked after [`due`](Self::due), when only spent tokens or a full window hold anything back.
    fn wake(&self) -> Option<Instant> {
        let refill = (!self.small.is_empty()).then_some(self.burst + REFILL);
        let probe = self.transfer.as_ref().map(|transfer| transfer.deadline(&self.pace));
        [refill, probe].into_iter().flatten().min()
    }
}

/// Fragment `index` of a message.
fn packet(to: u64, message: u64, index: usize, bytes: &[u8]) -> Packet {
    Packet {
        kind: Kind::Data,
        peer: to,
        message,
        index: index as u16,
        count: wire::fragments(bytes.len()) as u16,
        length: bytes.len() as u32,
        payload: bytes[wire::fragment(bytes.len(), index)].to_vec(),
    }
}
