//! What is to be sent on one link.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::node::fragment::transfer::{Pace, Transfer};
use crate::node::fragment::{LARGE_QUEUE, QUEUE_BYTES, Report, SMALL_QUEUE};
use crate::node::seal::{Link, Packet};
use crate::node::wire::{self, CHUNK, Kind};

/// The messages of one link.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Messages of one fragment. They overtake the others, whom a lost fragment may hold up.
    small: VecDeque<(u64, Vec<u8>)>,
    /// Messages of several fragments.
    large: VecDeque<(u64, Vec<u8>)>,
    /// The sum of the lengths of what waits in `large`.
    bytes: usize,
    /// The one of them that is on its way.
    pub(super) transfer: Option<Transfer>,
    pace: Pace,
}

impl Queue {
    /// The same bytes wait here, or are on their way.
    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let queue = if bytes.len() > CHUNK { &self.large } else { &self.small };
        queue.iter().any(|(_, waiting)| waiting == bytes)
            || self.transfer.as_ref().is_some_and(|transfer| transfer.bytes == bytes)
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
    pub(super) fn push(&mut self, message: u64, bytes: Vec<u8>) -> u64 {
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

    /// Takes out a message of one fragment.
    pub(super) fn next_small(&mut self, link: Link) -> Option<Packet> {
        let (message, bytes) = self.small.pop_front()?;
        Some(packet(link, message, 0, &bytes))
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

    /// Begins with the next message of several fragments; false if there is none.
    pub(super) fn begin_transfer(&mut self, now: Instant) -> bool {
        let Some((message, bytes)) = self.pop_large() else { return false };
        self.transfer = Some(Transfer::new(now, message, bytes));
        true
    }

    /// Takes out the fragments that may go now.
    pub(super) fn send_fragments(&mut self, now: Instant, link: Link, packets: &mut Vec<Packet>) {
        let Some(transfer) = &mut self.transfer else { return };
        transfer.tick(now, &mut self.pace);
        // Its window is what keeps it from sending too much at once.
        while let Some(index) = transfer.next(now, &self.pace) {
            packets.push(packet(link, transfer.message, index, &transfer.bytes));
        }
    }

    /// Notes what the receiver says it has of `message`.
    pub(super) fn report(&mut self, now: Instant, message: u64, report: &Report) {
        if let Some(transfer) = self.transfer.as_mut().filter(|t| t.message == message) {
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

/// Fragment `index` of a message.
fn packet(link: Link, message: u64, index: usize, bytes: &[u8]) -> Packet {
    Packet {
        kind: Kind::Data,
        link,
        message,
        index: index as u16,
        count: wire::fragments(bytes.len()) as u16,
        length: bytes.len() as u32,
        payload: bytes[wire::fragment(bytes.len(), index)].to_vec(),
    }
}
