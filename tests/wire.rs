//! What is not a member's datagram is never let in, and never answered.

mod support;

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use quorate::node::fragment::{Reassembly, Report};
use quorate::node::seal::{Link, Packet, Reject, Seal};
use quorate::node::transport::{FIRST_CLIENT, Members, Transport};
use quorate::node::wire::{self, CHUNK, DATAGRAM_MAX, Datagram, Header, Kind, WireError};
use quorate_models::consistency::{Freshness, Query};
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::number::Index;
use quorate_models::order::{Order, Refusal};
use quorate_models::raft::MessageOf;
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::Id;

const KEY: [u8; 32] = [7; 32];
const CLUSTER: u64 = 0xC1;
/// As messages are cut for any path.
const SAFE: u16 = CHUNK as u16;
fn packet(kind: Kind, link: Link, payload: &[u8]) -> Packet {
    let length = payload.len() as u32;
    Packet { kind, link, message: 5, index: 0, chunk: SAFE, length, payload: payload.to_vec() }
}

fn link(me: u64, peer: u64) -> Link {
    Link { me, peer }
}

/// The datagram of `packet` under `seal`.
fn datagram(seal: &mut Seal, packet: &Packet) -> Vec<u8> {
    let mut bytes = Vec::new();
    seal.seal(packet, &mut bytes).unwrap();
    assert_eq!(bytes.len(), wire::datagram(packet.payload.len()));
    bytes
}

/// A datagram from `from` to `to`.
fn sealed(from: u64, to: u64, payload: &[u8]) -> Vec<u8> {
    datagram(&mut Seal::new(&KEY, CLUSTER), &packet(Kind::Data, link(from, to), payload))
}

#[test]
fn a_sealed_packet_opens_for_its_receiver_only() {
    let datagram = sealed(1, 2, b"a vote");
    let opened = Seal::new(&KEY, CLUSTER).open(&datagram, |number| number == 2).unwrap();
    assert_eq!(opened, packet(Kind::Data, link(2, 1), b"a vote"));
    let one_of_many = Seal::new(&KEY, CLUSTER).open(&datagram, |number| (2..9).contains(&number));
    assert_eq!(one_of_many, Ok(opened));

    let reject = |key: &[u8; 32], cluster, me| Seal::new(key, cluster).open(&datagram, |n| n == me);
    assert_eq!(reject(&KEY, CLUSTER, 3), Err(Reject::Receiver), "another server");
    assert_eq!(reject(&KEY, CLUSTER, 1), Err(Reject::Receiver), "reflected to its sender");
    assert_eq!(reject(&KEY, CLUSTER + 1, 2), Err(Reject::Cluster));
    assert_eq!(reject(&[8; 32], CLUSTER, 2), Err(Reject::Forged), "another key");
    let to_itself = sealed(2, 2, b"a vote");
    assert_eq!(Seal::new(&KEY, CLUSTER).open(&to_itself, |n| n == 2), Err(Reject::Receiver));
}

#[test]
fn every_bit_of_a_datagram_counts() {
    let datagram = sealed(1, 2, b"a vote");
    let open = |bytes: &[u8]| Seal::new(&KEY, CLUSTER).open(bytes, |number| number == 2);
    for bit in 0..datagram.len() * 8 {
        let mut flipped = datagram.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&flipped).is_err(), "bit {bit}");
    }
    for length in 0..datagram.len() {
        assert!(open(&datagram[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(open(&[&datagram[..], &[0]].concat()).is_err(), "one byte more");
}

/// The transport of server 2, and an attacker's socket where an answer would be seen.
fn attacked() -> (Transport, UdpSocket) {
    let address = support::free_addresses(1)[0];
    let attacker = listener();
    let servers = BTreeMap::from([(2, address), (1, "127.0.0.1:1".parse().unwrap())]);
    let members = Members { cluster: CLUSTER, key: KEY, servers, datagram: 1_200 };
    (Transport::server(&members, 2).unwrap(), attacker)
}

fn listener() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    socket
}

fn poll(transport: &mut Transport) -> Vec<(Id, Vec<u8>)> {
    transport.poll(Instant::now() + Duration::from_millis(20)).unwrap()
}

fn client() -> Id {
    Id::from(FIRST_CLIENT as usize)
}

#[test]
fn what_is_not_authentic_is_counted_and_never_answered() {
    let (mut transport, attacker) = attacked();
    let mut foreign = Seal::new(&KEY, CLUSTER + 1);
    let mut forged = Seal::new(&[8; 32], CLUSTER);
    // The first of many fragments: it would be reported on, if it were authentic.
    let length = 3 * CHUNK as u32;
    let first = Packet { length, ..packet(Kind::Data, link(FIRST_CLIENT, 2), &[1; CHUNK]) };
    let attacks = [
        vec![],
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0xFF; 65_000],
        datagram(&mut foreign, &first),
        datagram(&mut forged, &first),
        datagram(&mut forged, &packet(Kind::Report, link(FIRST_CLIENT, 2), &[0, 1])),
        sealed(FIRST_CLIENT, 3, b"for another"),
        sealed(2, 2, b"reflected"),
        // Authentic, but not from the address of server 1; and from a number that nobody has.
        sealed(1, 2, b"a vote"),
        sealed(9, 2, b"a vote"),
    ];
    for attack in &attacks {
        attacker.send_to(attack, transport.address()).unwrap();
    }
    assert_eq!(poll(&mut transport), []);
    let counters = transport.counters();
    assert_eq!(counters.reject_malformed, 3);
    assert_eq!(counters.reject_cluster, 1);
    assert_eq!(counters.reject_forged, 2);
    assert_eq!(counters.reject_receiver, 2);
    assert_eq!(counters.reject_address, 1);
    assert_eq!(counters.reject_sender, 1);
    assert_eq!(counters.rejected(), attacks.len() as u64);
    assert_eq!(counters.datagrams_sent, 0);
    assert!(attacker.recv(&mut [0; 64]).is_err(), "an answer");
}

#[test]
fn no_flipped_bit_gets_through_the_socket_and_a_client_is_heard_after_it() {
    let (mut transport, attacker) = attacked();
    let datagram = sealed(FIRST_CLIENT, 2, b"request");
    for bit in 0..datagram.len() * 8 {
        let mut flipped = datagram.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        attacker.send_to(&flipped, transport.address()).unwrap();
        if bit % 64 == 63 {
            assert_eq!(poll(&mut transport), []);
        }
    }
    assert_eq!(poll(&mut transport), []);
    assert_eq!(transport.counters().rejected(), datagram.len() as u64 * 8);
    assert_eq!(transport.counters().datagrams_sent, 0);

    attacker.send_to(&datagram, transport.address()).unwrap();
    attacker.send_to(&datagram, transport.address()).unwrap();
    assert_eq!(poll(&mut transport), [(client(), b"request".to_vec())], "once");
    transport.send(client(), b"reply".to_vec());
    transport.flush().unwrap();
    let mut buffer = [0; DATAGRAM_MAX];
    let length = attacker.recv(&mut buffer).expect("the reply");
    let is_client = |number| number == FIRST_CLIENT;
    let reply = Seal::new(&KEY, CLUSTER).open(&buffer[..length], is_client).unwrap();
    assert_eq!(reply.payload, b"reply");
}

#[test]
fn a_recorded_datagram_sent_from_elsewhere_does_not_divert_replies() {
    let (mut transport, honest) = attacked();
    let thief = listener();
    let datagram = sealed(FIRST_CLIENT, 2, b"request");
    honest.send_to(&datagram, transport.address()).unwrap();
    assert_eq!(poll(&mut transport).len(), 1);
    thief.send_to(&datagram, transport.address()).unwrap();
    assert_eq!(poll(&mut transport), []);
    transport.send(client(), b"reply".to_vec());
    transport.flush().unwrap();
    assert!(honest.recv(&mut [0; DATAGRAM_MAX]).is_ok());
    assert!(thief.recv(&mut [0; DATAGRAM_MAX]).is_err());
}

#[test]
fn arbitrary_datagrams_change_nothing_in_a_transport() {
    let (mut transport, attacker) = attacked();
    let valid = sealed(FIRST_CLIENT, 2, &[9; 200]);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let bytes = prop::collection::vec(any::<u8>(), 0..DATAGRAM_MAX);
    for round in 0..3_000 {
        let mut datagram = bytes.new_tree(&mut runner).unwrap().current();
        // Half of them begin like a valid one.
        if round % 2 == 0 {
            let keep = (round % valid.len()).min(datagram.len());
            datagram[..keep].copy_from_slice(&valid[..keep]);
        }
        attacker.send_to(&datagram, transport.address()).unwrap();
        if round % 50 == 49 {
            assert_eq!(poll(&mut transport), []);
        }
    }
    let counters = transport.counters();
    assert_eq!(counters.rejected(), counters.datagrams_received);
    assert_eq!(counters.datagrams_received, 3_000);
    assert_eq!(counters.datagrams_sent, 0);
}

type Spoken = MessageOf<Kv>;

fn any_text() -> impl Strategy<Value = Text> {
    ".{0,40}".prop_map(|text| Text::from(&*text))
}

fn any_message() -> impl Strategy<Value = Spoken> {
    let command = prop_oneof![
        (any_text(), any_text()).prop_map(|(key, value)| Command::Put { key, value }),
        any_text().prop_map(|key| Command::Get { key }),
        (any_text(), any_text(), any_text()).prop_map(|(key, old, new)| Command::Cas {
            key,
            old,
            new
        }),
        any_text().prop_map(|key| Command::Delete { key }),
    ];
    let output = prop_oneof![
        Just(Output::Stored),
        prop::option::of(any_text()).prop_map(Output::Value),
        prop::option::of(any_text()).prop_map(|actual| Output::Mismatch { actual }),
        any::<bool>().prop_map(|existed| Output::Deleted { existed }),
    ];
    let leader = prop::option::of(any::<usize>().prop_map(Id::from));
    let index = || any::<u64>().prop_map(Index);
    let read = (output.clone(), index());
    let answer = prop_oneof![
        (output, index()).prop_map(|(output, index)| Answer::Done { output, index }),
        index().prop_map(|index| Answer::Begin { index }),
        index().prop_map(|index| Answer::Ended { index }),
        index().prop_map(|number| Answer::Tag { number }),
        read.prop_map(|(output, index)| Answer::Read { output, index }),
        leader.prop_map(|leader| Answer::Redirect { leader }),
        Just(Answer::NoMember),
        any::<u8>().prop_map(|s| Answer::Busy { after: Duration::from_secs(s.into()) }),
    ];
    let number = || (any::<u64>().prop_map(Session), any::<u32>().prop_map(Sequence));
    prop_oneof![
        (number(), index(), command).prop_map(|((session, sequence), since, command)| {
            Message::Request(Request { session, sequence, since, command })
        }),
        (number(), answer).prop_map(|((session, sequence), answer)| {
            Message::Reply(Reply { session, sequence, answer })
        }),
        (number(), any_text(), any::<(bool, u64)>()).prop_map(|(number, key, seen)| {
            let (is_stale, seen) = seen;
            let freshness = if is_stale { Freshness::Stale } else { Freshness::Lease };
            let consistency = freshness.after(Index(seen));
            let since = Index::ZERO;
            let command = Query { command: Command::Get { key }, consistency };
            Message::Read(Request { session: number.0, sequence: number.1, since, command })
        }),
        (number(), any::<usize>()).prop_map(|((session, sequence), to)| {
            let command = Order::Transfer { to: Id::from(to) };
            Message::Order(Request { session, sequence, since: Index::ZERO, command })
        }),
        (number(), any::<bool>()).prop_map(|((session, sequence), is_done)| {
            let outcome = if is_done { Ok(()) } else { Err(Refusal::UnknownOrder) };
            Message::OrderReply(Reply { session, sequence, answer: Answer::done(outcome) })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn messages_survive_the_codec(message in any_message()) {
        let bytes = wire::encode(&message).unwrap();
        prop_assert_eq!(wire::decode::<Spoken>(&bytes), Ok(message));
        // Neither cut short nor with something behind it.
        prop_assert!(wire::decode::<Spoken>(&bytes[..bytes.len() - 1]).is_err());
        prop_assert!(wire::decode::<Spoken>(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn arbitrary_bytes_decode_to_an_error_or_a_value(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = wire::decode::<Spoken>(&bytes);
        let _ = wire::decode::<Spoken>(&[&[1], &bytes[..]].concat());
        let _ = Datagram::decode(&bytes);
        let _ = Report::decode(&bytes);
        prop_assert!(Seal::new(&KEY, CLUSTER).open(&bytes, |number| number == 2).is_err());
    }

    #[test]
    fn a_message_altered_anywhere_never_panics(
        message in any_message(),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut bytes = wire::encode(&message).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = wire::decode::<Spoken>(&bytes);
    }

    #[test]
    fn headers_survive_the_codec(
        is_data: bool, sender: u64, receiver: u64, message: u64, length in 0_u32..100_000,
        index: prop::sample::Index,
    ) {
        let (kind, length) =
            if is_data { (Kind::Data, length) } else { (Kind::Report, length % CHUNK as u32) };
        let chunk = SAFE;
        let index = index.index(wire::fragments(length as usize, chunk)) as u16;
        let header =
            Header { kind, cluster: CLUSTER, sender, receiver, message, index, chunk, length };
        let carried = wire::fragment(length as usize, chunk, usize::from(index)).len();
        let bytes = [&header.encode()[..], &[3; 24], &vec![0; carried + 16]].concat();
        prop_assert_eq!(Datagram::decode(&bytes).unwrap().header, header);
    }

    #[test]
    fn arbitrary_packets_do_not_break_reassembly(
        message in 0_u64..4, index: u16, chunk: u16, length: u32,
        payload in prop::collection::vec(any::<u8>(), 0..CHUNK),
    ) {
        let mut reassembly = Reassembly::new();
        let (kind, link) = (Kind::Data, link(2, 1));
        let packet = Packet { kind, link, message, index, chunk, length, payload };
        reassembly.accept(Instant::now(), packet);
        prop_assert!(reassembly.bytes() <= wire::MESSAGE_MAX);
    }
}

#[test]
fn a_client_says_the_same_whatever_the_servers_say_to_each_other() {
    let request = Request {
        session: Session(1 << 63),
        sequence: Sequence(3),
        since: Index(2),
        command: Command::Get { key: "key".into() },
    };
    let of_raft: MessageOf<Kv> = Message::Request(request.clone());
    let of_any: Message<(), Command, Output> = Message::Request(request);
    assert_eq!(wire::encode(&of_raft), wire::encode(&of_any));
    let reply =
        Reply { session: Session(7), sequence: Sequence(3), answer: Answer::done(Output::Stored) };
    let of_raft: MessageOf<Kv> = Message::Reply(reply.clone());
    let of_any: Message<(), Command, Output> = Message::Reply(reply);
    assert_eq!(wire::decode(&wire::encode(&of_raft).unwrap()), Ok(of_any));
    let (session, sequence) = (Session(1 << 63), Sequence(4));
    let order = Request {
        session,
        sequence,
        since: Index::ZERO,
        command: Order::Transfer { to: Id::from(2) },
    };
    let of_raft: MessageOf<Kv> = Message::Order(order.clone());
    let of_any: Message<(), Command, Output> = Message::Order(order);
    assert_eq!(wire::encode(&of_raft), wire::encode(&of_any));
    let reply = Reply { session, sequence, answer: Answer::done(Err(Refusal::UnknownOrder)) };
    let of_raft: MessageOf<Kv> = Message::OrderReply(reply.clone());
    let of_any: Message<(), Command, Output> = Message::OrderReply(reply);
    assert_eq!(wire::decode(&wire::encode(&of_raft).unwrap()), Ok(of_any));
}

#[test]
fn a_message_of_an_older_build_is_not_taken_for_another() {
    let mut bytes = wire::encode(&Message::<(), Command, Output>::Peer(())).unwrap();
    bytes[0] -= 1;
    let decoded = wire::decode::<Message<(), Command, Output>>(&bytes);
    assert_eq!(decoded, Err(WireError::Version));
}
