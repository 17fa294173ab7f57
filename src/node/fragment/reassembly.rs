//! The receiving side: puts fragments together, reports what it has, forgets what takes too long.
//!
//! Only authenticated packets may come here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::RangeInclusive;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{
    ASK, CLIENT_BYTES, GIVE_UP, PARTIAL_BYTES, PARTIALS, REMEMBERED, REMEMBERED_OF_CLIENT,
    REPORT_BYTES, Report, TOTAL_BYTES,
};
use crate::node::seal::{Link, Packet};
use crate::node::wire::{self, CHUNK, FIRST_CLIENT, Kind};

/// A message some of whose fragments are here.
#[derive(Debug)]
struct Partial {
    bytes: Vec<u8>,
    /// How it is cut.
    chunk: u16,
    have: Vec<bool>,
    lacks: usize,
    /// How many bytes came since the last report.
    unreported: usize,
    /// When the last new fragment came.
    touched: Instant,
    /// When to report again, if nothing comes.
    ask: Instant,
    /// How many reports in a row brought nothing.
    asked: u32,
}

/// What is remembered of one link's sender.
#[derive(Debug, Default)]
struct Sender {
    partials: BTreeMap<u64, Partial>,
    bytes: usize,
    /// The numbers of its last messages, so that a duplicate is delivered once.
    recent: VecDeque<u64>,
    /// Messages to report on at the next opportunity, and their reports.
    reports: BTreeMap<u64, Report>,
}

/// How often something was not delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReassemblyCounters {
    /// Packets of a message that was delivered already, or fragments that were there already.
    pub duplicates: u64,
    /// Packets that contradict others of the same message, or themselves.
    pub inconsistent: u64,
    /// Incomplete messages that were given up because nothing more came.
    pub expired: u64,
    /// Incomplete messages that had to make room for others of their senders.
    pub evicted: u64,
    /// Fragments of messages for which there was no room. Their senders send them again.
    pub refused: u64,
}

/// The messages on their way in, of all links.
#[derive(Debug, Default)]
pub struct Reassembly {
    senders: BTreeMap<Link, Sender>,
    /// The links that have incomplete messages or reports.
    busy: BTreeSet<Link>,
    bytes: usize,
    counters: ReassemblyCounters,
}

impl Reassembly {
    /// A reassembly that has nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an authenticated data packet; returns the message if it is now complete.
    pub fn accept(&mut self, now: Instant, packet: Packet) -> Option<Vec<u8>> {
        let Packet { kind, chunk, index, .. } = packet;
        let (length, carried) = (packet.length as usize, packet.payload.len());
        if kind != Kind::Data || !wire::is_fragment(length, chunk, index, carried) {
            self.counters.inconsistent += 1;
            return None;
        }
        let (from, count) = (packet.link, wire::fragments(length, chunk));
        let sender = self.senders.entry(from).or_default();
        if sender.recent.contains(&packet.message) {
            self.counters.duplicates += 1;
            if count > 1 {
                // It has not heard yet that all of it is here.
                let all = Report { seen: count as u16, missing: Vec::new() };
                sender.reports.insert(packet.message, all);
                self.busy.insert(from);
            }
            return None;
        }
        if count == 1 {
            sender.remember(from, packet.message);
            return Some(packet.payload);
        }
        self.accept_fragment(now, packet)
    }

    /// The reports that are to go out now; gives up messages that take too long.
    pub fn reports(&mut self, now: Instant) -> Vec<Packet> {
        let mut packets = Vec::new();
        let Reassembly { senders, busy, bytes, counters } = self;
        busy.retain(|&from| {
            let Some(sender) = senders.get_mut(&from) else {
                return false;
            };
            let before = sender.bytes;
            counters.expired += sender.tick(now);
            *bytes -= before - sender.bytes;
            for (message, report) in std::mem::take(&mut sender.reports) {
                packets.push(report_packet(from, message, &report));
            }
            !sender.partials.is_empty()
        });
        packets
    }

    /// When [`reports`](Self::reports) has something to do again, if nothing arrives until then.
    pub fn wake(&self) -> Option<Instant> {
        let busy = self.busy.iter().filter_map(|from| self.senders.get(from));
        busy.flat_map(|sender| sender.partials.values().map(|partial| partial.ask)).min()
    }

    /// Drops everything that concerns these links.
    pub fn forget(&mut self, links: RangeInclusive<Link>) {
        let gone: Vec<Link> = self.senders.range(links).map(|(&link, _)| link).collect();
        for link in gone {
            self.bytes -= self.senders.remove(&link).map_or(0, |sender| sender.bytes);
            self.busy.remove(&link);
        }
    }

    /// The bytes that incomplete messages occupy.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How often something was not delivered.
    pub fn counters(&self) -> ReassemblyCounters {
        self.counters
    }

    fn accept_fragment(&mut self, now: Instant, packet: Packet) -> Option<Vec<u8>> {
        let (from, message) = (packet.link, packet.message);
        let known = self.senders.get(&from).is_some_and(|s| s.partials.contains_key(&message));
        if !known && !self.makes_room(from, packet.length as usize) {
            self.counters.refused += 1;
            return None;
        }
        let sender = self.senders.entry(from).or_default();
        if !known {
            sender.partials.insert(message, Partial::new(now, &packet));
            sender.bytes += packet.length as usize;
            self.bytes += packet.length as usize;
            self.busy.insert(from);
        }
        let partial = sender.partials.get_mut(&message)?;
        if partial.bytes.len() != packet.length as usize || partial.chunk != packet.chunk {
            self.counters.inconsistent += 1;
            return None;
        }
        if !partial.fill(now, &packet) {
            self.counters.duplicates += 1;
            return None;
        }
        if partial.lacks > 0 && partial.unreported < REPORT_BYTES {
            return None;
        }
        partial.unreported = 0;
        sender.reports.insert(message, Report::of(&partial.have));
        if partial.lacks > 0 {
            return None;
        }
        sender.remember(from, message);
        let whole = sender.partials.remove(&message)?;
        sender.bytes -= whole.bytes.len();
        self.bytes -= whole.bytes.len();
        Some(whole.bytes)
    }

    /// Whether a message of `length` bytes from `from` keeps all bounds. Of the same sender older
    /// ones make room, but those of others stay: were they to go, nobody's would ever be complete
    /// while many send. Clients leave room for servers.
    fn makes_room(&mut self, from: Link, length: usize) -> bool {
        while let Some(sender) = self.senders.get_mut(&from)
            && (sender.partials.len() >= PARTIALS || sender.bytes + length > PARTIAL_BYTES)
        {
            self.bytes -= sender.evict();
            self.counters.evicted += 1;
        }
        let bound = if from.peer >= FIRST_CLIENT { CLIENT_BYTES } else { TOTAL_BYTES };
        self.bytes + length <= bound
    }
}

impl Sender {
    fn remember(&mut self, from: Link, message: u64) {
        let is_client = from.me.max(from.peer) >= FIRST_CLIENT;
        let bound = if is_client { REMEMBERED_OF_CLIENT } else { REMEMBERED };
        if self.recent.len() == bound {
            self.recent.pop_front();
        }
        self.recent.push_back(message);
    }

    /// Drops the incomplete message that was untouched longest, and says how many bytes it had.
    fn evict(&mut self) -> usize {
        let oldest = self.partials.iter().min_by_key(|(_, partial)| partial.touched);
        let Some((&message, _)) = oldest else {
            return 0;
        };
        self.drop_partial(message)
    }

    fn drop_partial(&mut self, message: u64) -> usize {
        self.reports.remove(&message);
        let bytes = self.partials.remove(&message).map_or(0, |partial| partial.bytes.len());
        self.bytes -= bytes;
        bytes
    }

    /// Asks for what is missing where nothing came for a while; says how many were given up.
    fn tick(&mut self, now: Instant) -> u64 {
        let stale = |partial: &Partial| now.saturating_duration_since(partial.touched) >= GIVE_UP;
        let expired: Vec<u64> =
            self.partials.iter().filter(|(_, p)| stale(p)).map(|(&message, _)| message).collect();
        for &message in &expired {
            self.drop_partial(message);
        }
        for (&message, partial) in &mut self.partials {
            if now >= partial.ask {
                self.reports.insert(message, Report::of(&partial.have));
                partial.unreported = 0;
                partial.asked += 1;
                partial.ask = now + ASK * (1 << partial.asked.min(5));
            }
        }
        expired.len() as u64
    }
}

impl Partial {
    /// Of the message that `packet` is a fragment of, and nothing of it yet.
    fn new(now: Instant, packet: &Packet) -> Self {
        let (length, chunk) = (packet.length as usize, packet.chunk);
        let count = wire::fragments(length, chunk);
        Partial {
            bytes: vec![0; length],
            chunk,
            have: vec![false; count],
            lacks: count,
            unreported: 0,
            touched: now,
            ask: now + ASK,
            asked: 0,
        }
    }

    /// Puts a fragment in its place; false if it was there already.
    fn fill(&mut self, now: Instant, packet: &Packet) -> bool {
        let index = usize::from(packet.index);
        if std::mem::replace(&mut self.have[index], true) {
            return false;
        }
        let range = wire::fragment(self.bytes.len(), self.chunk, index);
        self.bytes[range].copy_from_slice(&packet.payload);
        self.lacks -= 1;
        self.unreported += packet.payload.len();
        self.touched = now;
        self.ask = now + ASK;
        self.asked = 0;
        true
    }
}

fn report_packet(link: Link, message: u64, report: &Report) -> Packet {
    let payload = report.encode();
    Packet {
        kind: Kind::Report,
        link,
        message,
        index: 0,
        chunk: CHUNK as u16,
        length: payload.len() as u32,
        payload,
    }
}
