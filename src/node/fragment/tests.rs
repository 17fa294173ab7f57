//! The two sides against each other over a network that loses, duplicates and reorders.

mod many;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{BURST, GIVE_UP, Outbox, PARTIAL_BYTES, Queued, REFILL, Reassembly, Report, TRANSFERS};
use crate::node::seal::{Link, Packet};
use crate::node::wire::{self, CHUNK, CHUNK_MIN, DATAGRAM_MAX, Kind, MESSAGE_MAX};

/// As the sender sees it.
const OUT: Link = Link { me: 1, peer: 2 };
/// As the receiver does.
const IN: Link = Link { me: 2, peer: 1 };

/// As messages are cut for any path.
const SAFE: u16 = CHUNK as u16;

/// A small generator, so that a failing case is replayed by its seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

struct Pair {
    start: Instant,
    now: Instant,
    outbox: Outbox,
    reassembly: Reassembly,
    /// Packets in flight, each with when it arrives.
    wire: Vec<(Instant, Packet)>,
    dice: Dice,
    /// Percent of the packets that are lost; as many are duplicated.
    loss: u64,
    /// How messages are cut.
    chunk: usize,
    /// By how many microseconds packets are delayed at most.
    delay: u64,
    sent: u64,
    delivered: Vec<Vec<u8>>,
}

impl Pair {
    fn new(seed: u64, loss: u64, delay: u64) -> Self {
        let now = Instant::now();
        Pair {
            start: now,
            now,
            outbox: Outbox::new(seed, BURST),
            chunk: CHUNK,
            reassembly: Reassembly::new(),
            wire: Vec::new(),
            dice: Dice(seed),
            loss,
            delay,
            sent: 0,
            delivered: Vec::new(),
        }
    }

    fn send(&mut self, bytes: Vec<u8>) -> Queued {
        self.outbox.send(self.now, OUT, bytes, self.chunk as u16)
    }

    fn put(&mut self, packet: Packet) {
        self.sent += 1;
        if self.dice.below(100) < self.loss {
            return;
        }
        let copies = 1 + u64::from(self.dice.below(100) < self.loss);
        for _ in 0..copies {
            let delay = Duration::from_micros(50 + self.dice.below(self.delay + 1));
            self.wire.push((self.now + delay, packet.clone()));
        }
    }

    /// Runs until nothing is left to do, or the deadline.
    fn run(&mut self, limit: Duration) {
        loop {
            for packet in self.outbox.due(self.now) {
                self.put(packet);
            }
            for report in self.reassembly.reports(self.now) {
                self.put(report);
            }
            let arrival = self.wire.iter().map(|(at, _)| *at).min();
            let wakes = [arrival, self.outbox.wake(), self.reassembly.wake()];
            let Some(next) = wakes.into_iter().flatten().min() else {
                return;
            };
            // A step of the clock: nothing wakes twice at one instant.
            self.now = next.max(self.now + Duration::from_micros(1));
            if self.now > self.start + limit {
                return;
            }
            let (arrived, flying): (Vec<_>, Vec<_>) =
                std::mem::take(&mut self.wire).into_iter().partition(|(at, _)| *at <= self.now);
            self.wire = flying;
            for (_, packet) in arrived {
                self.arrive(packet);
            }
        }
    }

    fn arrive(&mut self, mut packet: Packet) {
        if packet.kind == Kind::Report {
            let report = Report::decode(&packet.payload).expect("our own report");
            self.outbox.report(self.now, OUT, packet.message, &report);
        } else {
            packet.link = IN;
            self.delivered.extend(self.reassembly.accept(self.now, packet));
        }
    }
}

fn text(length: usize, salt: u8) -> Vec<u8> {
    (0..length).map(|i| (i / CHUNK) as u8 ^ (i % 251) as u8 ^ salt).collect()
}

fn data(message: u64, index: u16, length: u32, payload: Vec<u8>) -> Packet {
    Packet { kind: Kind::Data, link: IN, message, index, chunk: SAFE, length, payload }
}

#[test]
fn a_perfect_network_delivers_every_size_with_few_extra_packets() {
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 40 * CHUNK, 1 << 20, MESSAGE_MAX] {
        let mut pair = Pair::new(7, 0, 0);
        pair.send(text(length, 0));
        pair.run(Duration::from_secs(5));
        assert_eq!(pair.delivered, [text(length, 0)], "{length} bytes");
        let fragments = length.div_ceil(CHUNK).max(1) as u64;
        assert!(pair.sent <= fragments + fragments / 8 + 2, "{} for {fragments}", pair.sent);
        assert_eq!(pair.reassembly.bytes(), 0);
    }
}

#[test]
fn the_same_message_is_not_queued_twice_while_it_is_on_its_way() {
    let mut pair = Pair::new(7, 0, 0);
    let third = Link { peer: 3, ..OUT };
    for length in [10, 5 * CHUNK] {
        let queued = Queued::Queued { dropped: 0 };
        assert_eq!(pair.send(text(length, 0)), queued);
        assert_eq!(pair.send(text(length, 0)), Queued::Merged);
        assert_eq!(
            pair.outbox.send(pair.now, third, text(length, 0), SAFE),
            queued,
            "another receiver"
        );
    }
    pair.outbox.forget(third..=third);
    let started = pair.outbox.due(pair.now);
    assert_eq!(pair.send(text(5 * CHUNK, 0)), Queued::Merged);
    for packet in started {
        pair.put(packet);
    }
    pair.run(Duration::from_secs(1));
    assert_eq!(pair.delivered.len(), 2);
    let again = pair.send(text(5 * CHUNK, 0));
    assert_eq!(again, Queued::Queued { dropped: 0 }, "it arrived, so this is another");
}

#[test]
fn a_sender_gives_up_on_silence_and_goes_on_with_the_next() {
    let mut pair = Pair::new(7, 100, 0);
    pair.send(text(1 << 20, 0));
    pair.send(text(1 << 20, 1));
    pair.run(GIVE_UP * 3);
    assert_eq!(pair.outbox.abandoned(), 2);
    assert!(!pair.outbox.is_sending(OUT));
    assert!(pair.sent < 200, "{} packets into the void", pair.sent);
}

#[test]
fn the_queue_is_bounded_and_the_newest_stay() {
    let mut pair = Pair::new(7, 0, 0);
    let dropped: u64 = (0..100)
        .map(|salt| match pair.send(text(CHUNK + 1, salt)) {
            Queued::Queued { dropped } => dropped,
            other => panic!("{other:?}"),
        })
        .sum();
    pair.run(Duration::from_secs(5));
    assert_eq!(dropped, 68);
    assert_eq!(pair.delivered.last(), Some(&text(CHUNK + 1, 99)));
    let large = pair.send(vec![0; MESSAGE_MAX + 1]);
    assert_eq!(large, Queued::TooLarge);
}

#[test]
fn a_receiver_that_starts_again_gets_the_whole_message() {
    let mut pair = Pair::new(7, 0, 0);
    pair.send(text(1 << 20, 0));
    pair.run(Duration::from_millis(1));
    assert!(pair.reassembly.bytes() > 0, "it is in the middle");
    pair.reassembly = Reassembly::new();
    pair.run(Duration::from_secs(5));
    assert_eq!(pair.delivered, [text(1 << 20, 0)]);
}

#[test]
fn reassembly_is_bounded_in_count_bytes_and_age() {
    let mut reassembly = Reassembly::new();
    let now = Instant::now();
    for message in 0..1_000 {
        let first = data(message, 0, MESSAGE_MAX as u32, vec![1; CHUNK]);
        assert_eq!(reassembly.accept(now, first), None);
        assert!(reassembly.bytes() <= PARTIAL_BYTES);
    }
    assert_eq!(reassembly.counters().evicted, 998);
    reassembly.reports(now + GIVE_UP);
    assert_eq!(reassembly.bytes(), 0);
    assert_eq!(reassembly.counters().expired, 2);
    assert_eq!(reassembly.wake(), None);
}

#[test]
fn contradictory_fragments_change_nothing() {
    let mut reassembly = Reassembly::new();
    let now = Instant::now();
    let length = 3 * CHUNK as u32;
    let part = |index| data(1, index, length, vec![index as u8; CHUNK]);
    assert_eq!(reassembly.accept(now, part(0)), None);
    let wrong = [
        data(1, 1, length + 1, vec![9; CHUNK]),
        data(1, 1, length, vec![9; CHUNK - 1]),
        data(1, 3, length, vec![9; CHUNK]),
        data(1, 0, u32::MAX, vec![9; CHUNK]),
        Packet { chunk: SAFE + 1, ..part(1) },
        Packet { chunk: 0, ..part(1) },
        Packet { chunk: CHUNK_MIN as u16 - 1, ..part(1) },
        Packet { kind: Kind::Report, ..part(1) },
    ];
    for packet in wrong {
        assert_eq!(reassembly.accept(now, packet), None);
    }
    assert_eq!(reassembly.counters().inconsistent, 8);
    assert_eq!(reassembly.accept(now, data(1, 0, length, vec![9; CHUNK])), None, "the first stays");
    assert_eq!(reassembly.accept(now, part(2)), None);
    let whole = reassembly.accept(now, part(1)).expect("complete");
    assert_eq!(whole, [vec![0; CHUNK], vec![1; CHUNK], vec![2; CHUNK]].concat());
    assert_eq!(reassembly.accept(now, part(1)), None, "delivered once");
}

/// What one of many senders on a socket says to a receiver.
fn packets_of(packets: &[Packet], me: u64) -> usize {
    packets.iter().filter(|packet| packet.link.me == me).count()
}

#[test]
fn who_says_much_does_not_keep_others_from_their_turn() {
    let (now, mut outbox) = (Instant::now(), Outbox::new(0, BURST));
    let to = |me| Link { me, peer: 2 };
    let send = |outbox: &mut Outbox, link, first| {
        outbox.send(now, link, [vec![first], vec![0; CHUNK - 1]].concat(), SAFE);
    };
    for salt in 0..200 {
        send(&mut outbox, to(7), salt);
    }
    send(&mut outbox, to(8), 1);
    send(&mut outbox, to(9), 1);
    let burst = outbox.due(now);
    assert_eq!(burst.len(), BURST.div_ceil(CHUNK));
    assert_eq!((packets_of(&burst, 8), packets_of(&burst, 9)), (1, 1));
    // To one receiver there go no more, whoever says it; to another there do.
    send(&mut outbox, to(8), 2);
    send(&mut outbox, Link { me: 8, peer: 3 }, 2);
    let packets = outbox.due(now);
    assert_eq!(packets.iter().map(|packet| packet.link.peer).collect::<Vec<_>>(), [3]);
    assert_eq!(outbox.wake(), Some(now + REFILL));
    assert_eq!(packets_of(&outbox.due(now + REFILL), 8), 1);
}

#[test]
fn some_large_messages_of_many_senders_go_at_once_and_the_others_after_them() {
    let (now, mut outbox) = (Instant::now(), Outbox::new(0, BURST));
    let to = |me| Link { me, peer: 2 };
    let senders = TRANSFERS as u64 + 3;
    for me in 0..senders {
        outbox.send(now, to(me), text(2 * CHUNK, me as u8), SAFE);
    }
    let first = outbox.due(now);
    let begun = |packets: &[Packet]| (0..senders).filter(|me| packets_of(packets, *me) > 0).count();
    assert_eq!(begun(&first), TRANSFERS);
    assert!(outbox.is_arriving(now, to(senders - 1), REFILL), "those before it arrive");
    let all = Report { seen: 2, missing: Vec::new() };
    for packet in first.iter().filter(|packet| packet.index == 0) {
        outbox.report(now, packet.link, packet.message, &all);
    }
    assert_eq!(begun(&outbox.due(now)), 3);
    // Who is forgotten holds up nobody.
    outbox.send(now, to(senders), text(2 * CHUNK, 99), SAFE);
    outbox.forget(to(0)..=to(senders - 1));
    assert_eq!(begun(&outbox.due(now)), 0);
    assert!(outbox.is_sending(to(senders)) && !outbox.is_sending(to(senders - 1)));
}

#[test]
fn a_link_forgets_nothing_of_another() {
    let (now, mut reassembly) = (Instant::now(), Reassembly::new());
    let link = |me| Link { me, peer: 1 };
    let part =
        |me, index| Packet { link: link(me), ..data(5, index, 2 * CHUNK as u32, vec![1; CHUNK]) };
    assert_eq!(reassembly.accept(now, part(7, 0)), None);
    assert_eq!(reassembly.accept(now, part(8, 1)), None, "another message, of the same number");
    reassembly.forget(link(7)..=link(7));
    assert_eq!(reassembly.bytes(), 2 * CHUNK);
    assert!(reassembly.accept(now, part(8, 0)).is_some());
    assert_eq!(reassembly.bytes(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn messages_arrive_whole_once_or_not_at_all(
        seed: u64,
        loss in 0_u64..40,
        delay in 0_u64..20_000,
        lengths in prop::collection::vec(0_usize..60 * CHUNK, 1..6),
        chunk in prop_oneof![Just(CHUNK), CHUNK_MIN..CHUNK, Just(wire::chunk(DATAGRAM_MAX))],
    ) {
        let mut pair = Pair { chunk, ..Pair::new(seed, loss, delay) };
        let sent: Vec<_> =
            lengths.iter().enumerate().map(|(i, &length)| text(length, i as u8)).collect();
        for message in &sent {
            pair.send(message.clone());
        }
        pair.run(Duration::from_secs(60));
        prop_assert!(!pair.outbox.is_sending(OUT), "stuck");
        prop_assert_eq!(pair.reassembly.bytes(), 0);
        let mut expected = sent.clone();
        expected.sort();
        expected.dedup();
        for message in &pair.delivered {
            let at = expected.iter().position(|sent| sent == message);
            prop_assert!(at.is_some(), "delivered twice, or never sent");
            expected.remove(at.unwrap());
        }
        // What is asked for again arrives, unless the network is very bad.
        if loss < 20 {
            prop_assert!(expected.iter().all(|message| message.len() <= chunk));
        }
    }

    #[test]
    fn arbitrary_packets_break_neither_side(
        packets in prop::collection::vec(
            (any::<bool>(), 0_u64..3, 0_u64..3, any::<u16>(), any::<u16>(), any::<u32>(),
             prop::collection::vec(any::<u8>(), 0..CHUNK)), 0..60)
    ) {
        let mut reassembly = Reassembly::new();
        let mut outbox = Outbox::new(0, BURST);
        let mut now = Instant::now();
        outbox.send(now, Link { me: 9, peer: 0 }, text(20 * CHUNK, 0), SAFE);
        outbox.due(now);
        for (is_data, peer, message, index, chunk, length, payload) in packets {
            let link = Link { me: 9, peer };
            now += Duration::from_millis(u64::from(index % 50));
            if let Some(report) = Report::decode(&payload) {
                prop_assert_eq!(&report.encode(), &payload);
                outbox.report(now, link, message, &report);
            }
            let kind = if is_data { Kind::Data } else { Kind::Report };
            let packet = Packet { kind, link, message, index, chunk, length, payload };
            reassembly.accept(now, packet);
            reassembly.reports(now);
            prop_assert!(reassembly.bytes() <= 3 * PARTIAL_BYTES);
            prop_assert!(outbox.due(now).len() <= 64);
        }
    }

    #[test]
    fn a_report_says_what_is_there(have in prop::collection::vec(any::<bool>(), 0..3_000)) {
        let report = Report::of(&have);
        prop_assert_eq!(Report::decode(&report.encode()), Some(report.clone()));
        for (index, there) in have.iter().enumerate().take(usize::from(report.seen)) {
            let missing = report.missing.iter().any(|range| range.contains(&(index as u16)));
            prop_assert_eq!(missing, !there);
        }
    }
}
