//! What is to be sent on one link.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::node::fragment::transfer::{Pace, Transfer};
use crate::node::fragment::{LARGE_QUEUE, QUEUE_BYTES, Report, SMALL_QUEUE};
use crate::node::seal::{Link, Packet};
use crate::node::wire::{self, Kind};

/// A message that is to be sent.
#[derive(Debug)]
pub(in crate::node::fragment) struct Waiting {
    pub(in crate::node::fragment) number: u64,
    pub(in crate::node::fragment) bytes: Vec<u8>,
    /// How it is cut.
    pub(in crate::node::fragment) chunk: u16,
}

impl Waiting {
    /// It fits into one datagram.
    fn is_small(&self) -> bool {
        self.bytes.len() <= usize::from(self.chunk)
    }

    fn packet(&self, link: Link, index: usize) -> Packet {
        let Waiting { number, bytes, chunk } = self;
        Packet {
            kind: Kind::Data,
            link,
            message: *number,
            index: index as u16,
            chunk: *chunk,
            length: bytes.len() as u32,
            payload: bytes[wire::fragment(bytes.len(), *chunk, index)].to_vec(),
        }
    }
}

/// The messages of one link.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Messages of one fragment. They overtake the others, whom a lost fragment may hold up.
    small: VecDeque<Waiting>,
    /// Messages of several fragments.
    large: VecDeque<Waiting>,
    /// The sum of the lengths of what waits in `large`.
    bytes: usize,
    /// The one of them that is on its way.
    pub(super) transfer: Option<Transfer>,
    pace: Pace,
}

impl Queue {
    /// The same bytes wait here, or are on their way.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let waiting = self.small.iter().chain(&self.large);
        let sending = self.transfer.iter().map(|transfer| &transfer.message);
        waiting.chain(sending).any(|message| message.bytes == bytes)
    }

    /// A message of one fragment waits.
    pub(super) fn has_small(&self) -> bool {
        !self.small.is_empty()
    }

    /// A message of several fragments waits for the one before it, or for its turn.
    pub(super) fn has_large(&self) -> bool {
        !self.large.is_empty()
    }

    /// Nothing is to be sent, and nothing is known of how fast the receiver takes it.
    pub(super) fn is_blank(&self) -> bool {
        let is_empty = self.small.is_empty() && self.large.is_empty() && self.transfer.is_none();
        is_empty && self.pace == Pace::default()
    }

    /// Queues a message and says how many others had to go.
    pub(super) fn push(&mut self, message: Waiting) -> u64 {
        if message.is_small() {
            self.small.push_back(message);
            if self.small.len() > SMALL_QUEUE {
                self.small.pop_front();
                return 1;
            }
            return 0;
        }
        self.bytes += message.bytes.len();
        self.large.push_back(message);
        let mut dropped = 0;
        while self.large.len() > LARGE_QUEUE || self.bytes > QUEUE_BYTES {
            self.pop_large();
            dropped += 1;
        }
        dropped
    }

    fn pop_large(&mut self) -> Option<Waiting> {
        let message = self.large.pop_front()?;
        self.bytes -= message.bytes.len();
        Some(message)
    }

    /// Takes out a message of one fragment.
    pub(super) fn next_small(&mut self, link: Link) -> Option<Packet> {
        Some(self.small.pop_front()?.packet(link, 0))
    }

    /// Ends the transfer if it is over, and says how many messages were given up.
    pub(super) fn end_transfer(&mut self, now: Instant) -> Option<u64> {
        let over = self.transfer.take_if(|transfer| transfer.is_over(now))?;
        if over.is_complete() {
            return Some(0);
        }
        let mut abandoned = 1;
        // Who does not answer now has not missed only this one. When it is back, it should get the
        // newest first, not all that was said to it meanwhile.
        while self.large.len() > 1 {
            self.pop_large();
            abandoned += 1;
        }
        Some(abandoned)
    }

    /// Begins with the next message of several fragments, of which `burst` bytes may be in flight;
    /// false if there is none.
    pub(super) fn begin_transfer(&mut self, now: Instant, burst: usize) -> bool {
        let Some(message) = self.pop_large() else { return false };
        self.transfer = Some(Transfer::new(now, message, burst));
        true
    }

    /// Takes out the fragments that may go now.
    pub(super) fn send_fragments(&mut self, now: Instant, link: Link, packets: &mut Vec<Packet>) {
        let Some(transfer) = &mut self.transfer else { return };
        transfer.tick(now, &mut self.pace);
        // Its window is what keeps it from sending too much at once.
        while let Some(index) = transfer.next(now, &self.pace) {
            packets.push(transfer.message.packet(link, index));
        }
    }

    /// Notes what the receiver says it has of `message`.
    pub(super) fn report(&mut self, now: Instant, message: u64, report: &Report) {
        if let Some(transfer) = self.transfer.as_mut().filter(|t| t.message.number == message) {
            transfer.report(now, report, &mut self.pace);
        }
    }

    /// True if the receiver had something new within the last `lately` of what is on its way.
    pub(super) fn is_arriving(&self, now: Instant, lately: Duration) -> bool {
        self.transfer.as_ref().is_some_and(|transfer| transfer.is_arriving(now, lately))
    }

    /// When what is in flight counts as lost.
    pub(super) fn wake(&self) -> Option<Instant> {
        self.transfer.as_ref().map(|transfer| transfer.deadline(&self.pace))
    }
}
