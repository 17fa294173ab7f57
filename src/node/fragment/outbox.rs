//! The sending side: queues per link, paced per receiver, bounded.

mod queue;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use super::{REFILL, Report, TRANSFERS};
use crate::node::seal::{Link, Packet};
use crate::node::wire::MESSAGE_MAX;
use queue::Queue;
pub(super) use queue::Waiting;

/// So many bytes are sent at once, and those of one receiver more. Servers come first: a sign of
/// life is not to wait until all clients have large answers.
const AT_ONCE: usize = 1 << 20;

/// What became of a message handed to [`Outbox::send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queued {
    /// It will be sent, in place of those that waited longest, if the queue was full.
    Queued {
        /// How many others had to go.
        dropped: u64,
    },
    /// The same bytes are still on their way on that link: they are that message.
    Merged,
    /// Over [`MESSAGE_MAX`].
    TooLarge,
}

/// Who has something for one receiver, and how much it is sent at once.
#[derive(Debug)]
struct Receiver {
    /// The senders with messages of one fragment, in the order of their turns.
    small: VecDeque<u64>,
    /// The senders with messages of several fragments whose turn has not come.
    large: VecDeque<u64>,
    /// The senders of which one is on its way.
    sending: BTreeSet<u64>,
    /// How many bytes of messages of one fragment may still go in this burst.
    tokens: usize,
    /// When the burst began.
    burst: Instant,
}

/// The messages on their way out, of all links.
#[derive(Debug)]
pub struct Outbox {
    /// What is to be sent on each link, and how fast its receiver takes it, if that is known.
    queues: BTreeMap<Link, Queue>,
    /// Those for whom there is something, or was just now.
    receivers: BTreeMap<u64, Receiver>,
    /// The number of the next message. The numbers of a sender never repeat.
    next: u64,
    /// How many bytes go to one receiver at once.
    burst: usize,
    /// Messages of several fragments that were given up.
    abandoned: u64,
    /// When there was more to be sent than is sent at once, if that was so last.
    more: Option<Instant>,
}

impl Outbox {
    /// An empty outbox that sends a receiver `burst` bytes at once, and numbers its messages from
    /// `first`: random, so that the numbers of a sender that starts again do not collide with those
    /// of its past.
    pub fn new(first: u64, burst: usize) -> Self {
        let (queues, receivers) = (BTreeMap::new(), BTreeMap::new());
        Outbox { queues, receivers, next: first, burst, abandoned: 0, more: None }
    }

    /// Puts `bytes` in the queue of `link`, to be cut into chunks of `chunk`.
    pub fn send(&mut self, now: Instant, link: Link, bytes: Vec<u8>, chunk: u16) -> Queued {
        if bytes.len() > MESSAGE_MAX {
            return Queued::TooLarge;
        }
        let queue = self.queues.entry(link).or_default();
        if queue.holds(&bytes) {
            return Queued::Merged;
        }
        let message = Waiting { number: self.next, bytes, chunk };
        self.next = self.next.wrapping_add(1);
        let (had_small, had_large) = (queue.has_small(), queue.has_large());
        let dropped = queue.push(message);
        let new = || Receiver::new(now, self.burst);
        let receiver = self.receivers.entry(link.peer).or_insert_with(new);
        if queue.has_small() && !had_small {
            receiver.small.push_back(link.me);
        }
        // One that sends another will have its turn when that has ended.
        if queue.has_large() && !had_large && queue.transfer.is_none() {
            receiver.large.push_back(link.me);
        }
        Queued::Queued { dropped }
    }

    /// Notes what the other side of `link` says it has of `message`. Ignored if that is not on its
    /// way there.
    pub fn report(&mut self, now: Instant, link: Link, message: u64, report: &Report) {
        if let Some(queue) = self.queues.get_mut(&link) {
            queue.report(now, message, report);
        }
    }

    /// The packets that may go out now, as many as are sent at once.
    pub fn due(&mut self, now: Instant) -> Vec<Packet> {
        let (mut packets, mut counted, mut bytes) = (Vec::new(), 0, 0);
        let Outbox { queues, receivers, burst, abandoned, more, .. } = self;
        *more = None;
        receivers.retain(|&peer, receiver| {
            bytes += packets[counted..].iter().map(|it: &Packet| it.payload.len()).sum::<usize>();
            counted = packets.len();
            if bytes >= AT_ONCE {
                *more = Some(now);
                return true;
            }
            receiver.refill(now, *burst);
            receiver.send_small(queues, peer, &mut packets);
            *abandoned += receiver.end_transfers(now, queues, peer);
            receiver.send_large(now, queues, peer, *burst, &mut packets);
            !receiver.is_idle(*burst)
        });
        packets
    }

    /// When [`due`](Self::due) has something to do again, if nothing arrives until then. Asked
    /// after that, when only spent tokens or full windows hold anything back, or there is more than
    /// is sent at once.
    pub fn wake(&self) -> Option<Instant> {
        let wakes = self.receivers.iter().flat_map(|(&peer, receiver)| {
            let refill = (!receiver.small.is_empty()).then_some(receiver.burst + REFILL);
            let sending = receiver.sending.iter();
            let probes = sending.filter_map(move |&me| self.queues.get(&Link { me, peer })?.wake());
            refill.into_iter().chain(probes)
        });
        wakes.chain(self.more).min()
    }

    /// Whether a message of several fragments is on its way on `link`, or waits.
    pub fn is_sending(&self, link: Link) -> bool {
        self.queues.get(&link).is_some_and(|queue| queue.transfer.is_some() || queue.has_large())
    }

    /// Whether the other side of `link` has reported something new of such a message within the
    /// last `lately`, or it was begun since; or it waits for others of which that is so.
    pub fn is_arriving(&self, now: Instant, link: Link, lately: Duration) -> bool {
        let arrives = |me| {
            let queue = self.queues.get(&Link { me, ..link });
            queue.is_some_and(|queue| queue.is_arriving(now, lately))
        };
        let Some(queue) = self.queues.get(&link) else { return false };
        match (&queue.transfer, self.receivers.get(&link.peer)) {
            (None, Some(receiver)) if queue.has_large() => {
                receiver.sending.iter().any(|m| arrives(*m))
            }
            _ => arrives(link.me),
        }
    }

    /// Drops everything that concerns these links.
    pub fn forget(&mut self, links: RangeInclusive<Link>) {
        let gone: Vec<Link> = self.queues.range(links).map(|(&link, _)| link).collect();
        for link in gone {
            self.queues.remove(&link);
            if let Some(receiver) = self.receivers.get_mut(&link.peer) {
                receiver.small.retain(|me| *me != link.me);
                receiver.large.retain(|me| *me != link.me);
                receiver.sending.remove(&link.me);
            }
        }
    }

    /// How many messages of several fragments were given up so far.
    pub fn abandoned(&self) -> u64 {
        self.abandoned
    }
}

impl Receiver {
    fn new(now: Instant, burst: usize) -> Self {
        Receiver {
            small: VecDeque::new(),
            large: VecDeque::new(),
            sending: BTreeSet::new(),
            tokens: burst,
            burst: now,
        }
    }

    fn refill(&mut self, now: Instant, burst: usize) {
        if now.saturating_duration_since(self.burst) >= REFILL {
            self.tokens = burst;
            self.burst = now;
        }
    }

    /// Nothing is to be sent, and nothing was in this burst.
    fn is_idle(&self, burst: usize) -> bool {
        let waits = !self.small.is_empty() || !self.large.is_empty() || !self.sending.is_empty();
        !waits && self.tokens == burst
    }

    /// Takes out the messages of one fragment that may go now, one of each sender in turn.
    fn send_small(
        &mut self,
        queues: &mut BTreeMap<Link, Queue>,
        peer: u64,
        packets: &mut Vec<Packet>,
    ) {
        while self.tokens > 0
            && let Some(me) = self.small.pop_front()
        {
            let link = Link { me, peer };
            let Some(queue) = queues.get_mut(&link) else { continue };
            if let Some(packet) = queue.next_small(link) {
                self.tokens = self.tokens.saturating_sub(packet.payload.len().max(1));
                packets.push(packet);
            }
            if queue.has_small() {
                self.small.push_back(me);
            } else if queue.is_blank() {
                queues.remove(&link);
            }
        }
    }

    /// Ends the transfers that are over, and says how many messages were given up.
    fn end_transfers(
        &mut self,
        now: Instant,
        queues: &mut BTreeMap<Link, Queue>,
        peer: u64,
    ) -> u64 {
        let mut abandoned = 0;
        self.sending.retain(|&me| {
            let Some(queue) = queues.get_mut(&Link { me, peer }) else { return false };
            let Some(given_up) = queue.end_transfer(now) else { return true };
            abandoned += given_up;
            if queue.has_large() {
                self.large.push_back(me);
            } else if queue.is_blank() {
                queues.remove(&Link { me, peer });
            }
            false
        });
        abandoned
    }

    /// Takes out the fragments of larger messages that may go now.
    fn send_large(
        &mut self,
        now: Instant,
        queues: &mut BTreeMap<Link, Queue>,
        peer: u64,
        burst: usize,
        packets: &mut Vec<Packet>,
    ) {
        while self.sending.len() < TRANSFERS
            && let Some(me) = self.large.pop_front()
        {
            let queue = queues.get_mut(&Link { me, peer });
            if queue.is_some_and(|queue| queue.begin_transfer(now, burst)) {
                self.sending.insert(me);
            }
        }
        for &me in &self.sending {
            let link = Link { me, peer };
            if let Some(queue) = queues.get_mut(&link) {
                queue.send_fragments(now, link, packets);
            }
        }
    }
}
