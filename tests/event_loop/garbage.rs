//! Whatever the cluster's key has sealed, a node with Raft behind it goes on, and loses nothing of
//! what it stored.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use quorate::node::event_loop::EventLoop;
use quorate::node::transport::Transport;
use quorate::node::wire;
use quorate_models::durable::{Change, Durable};
use quorate_models::kv::Kv;
use quorate_models::number::{Index, Term};
use quorate_models::raft::log::{Entry, Payload};
use quorate_models::raft::message::VoteReply;
use quorate_models::raft::protocol::Node;
use quorate_models::raft::state::Storage;
use quorate_models::raft::{Message, MessageOf};
use quorate_models::service::Message::{Order, Peer, Request as Asked};
use quorate_models::service::{Request, Session};
use stateright::actor::Id;

use crate::support::arbitrary::{any_message, any_request, config};
use crate::{Board, MS, Memory, members, raft};

type Saved = Storage<Kv>;

/// One node of three, driven step by step; the other two members are the test.
struct Bench {
    node: EventLoop<Node, Memory<Saved>, Board>,
    board: Board,
    kept: Arc<Mutex<Option<Saved>>>,
    server: Transport,
    client: Transport,
}

/// How many messages the node decoded and handled, refused for either reason, and did not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Met {
    handled: u64,
    refused: u64,
    impostors: u64,
    undecodable: u64,
}

impl Bench {
    /// A node that starts with `stored` and is soon the leader.
    fn leading(stored: Saved) -> Self {
        let members = members(3);
        let mut actor = raft(&members);
        actor.timing.election = MS * 5..MS * 10;
        actor.timing.heartbeat = MS * 2;
        let (board, disk) = (Board::default(), Memory::of(Some(stored.clone())));
        let kept = disk.kept.clone();
        let transport = Transport::server(&members, 1).unwrap();
        let node = EventLoop::start(actor, transport, disk, &Some(stored), board.clone()).unwrap();
        let server = Transport::server(&members, 2).unwrap();
        let client = Transport::client(&members).unwrap();
        let mut bench = Bench { node, board, kept, server, client };
        while bench.status().0 != "leader" {
            bench.node.step().unwrap();
            let (role, term, _) = bench.status();
            if role == "candidate" {
                let vote: MessageOf<Kv> = Peer(Message::VoteReply(VoteReply { term: Term(term) }));
                bench.deliver(true, wire::encode(&vote).unwrap());
            }
        }
        bench
    }

    /// Role, term, and the length of the log.
    fn status(&self) -> (String, u64, u64) {
        let last = self.board.last.lock().unwrap();
        let status = &last.as_ref().expect("it has started").0;
        let number = |name| status.number(name).expect("Raft has it");
        (status.role.clone(), number("term"), number("last"))
    }

    fn met(&self) -> Met {
        let counts = self.board.last.lock().unwrap().as_ref().expect("it has started").1;
        Met {
            handled: counts.messages,
            refused: counts.refused,
            impostors: counts.impostors,
            undecodable: counts.undecodable,
        }
    }

    fn stored(&self) -> Saved {
        self.kept.lock().unwrap().clone().expect("it stored something from the beginning")
    }

    /// Sends the node `payload`, and waits until it has met it.
    fn deliver(&mut self, by_server: bool, payload: Vec<u8>) {
        let before = self.met();
        let sender = if by_server { &mut self.server } else { &mut self.client };
        sender.send(Id::from(1), payload);
        sender.flush().unwrap();
        let limit = Instant::now() + Duration::from_secs(5);
        while self.met() == before {
            assert!(Instant::now() < limit, "it was not heard");
            self.node.step().unwrap();
        }
    }

    /// True if a server that is heard says with `payload` that this one has acknowledged something.
    /// If it lacks that, it must stop, which is tested with a real store.
    fn takes_out(by_server: bool, payload: &[u8]) -> bool {
        let says_so = match wire::decode::<MessageOf<Kv>>(payload) {
            Ok(Peer(Message::AppendEntries(m))) => m.acknowledged,
            Ok(Peer(Message::InstallSnapshot(m))) => m.acknowledged > Index::ZERO,
            _ => false,
        };
        by_server && says_so
    }

    /// `payload`, but if it is a request or an order, of the session that its sender has.
    fn in_own_name(&self, by_server: bool, payload: Vec<u8>) -> Vec<u8> {
        let session = Session::of(self.sender(by_server));
        let request: MessageOf<Kv> = match wire::decode::<MessageOf<Kv>>(&payload) {
            Ok(Asked(request)) => Asked(Request { session, ..request }),
            Ok(Order(order)) => Order(Request { session, ..order }),
            _ => return payload,
        };
        wire::encode(&request).expect("plain data")
    }

    fn sender(&self, by_server: bool) -> Id {
        if by_server { self.server.id() } else { self.client.id() }
    }

    /// Has the node hear `payload`, and asserts that it did with it what it should.
    fn hear(&mut self, by_server: bool, payload: Vec<u8>) {
        if Self::takes_out(by_server, &payload) {
            return;
        }
        let mut expected = self.met();
        let before = self.stored();
        match wire::decode::<MessageOf<Kv>>(&payload) {
            Err(_) => expected.undecodable += 1,
            Ok(Asked(Request { session, .. }) | Order(Request { session, .. }))
                if session.client() == self.sender(by_server) =>
            {
                expected.handled += 1;
            }
            Ok(Asked(_) | Order(_)) => expected.impostors += 1,
            Ok(_) if by_server => expected.handled += 1,
            Ok(_) => expected.refused += 1,
        }
        self.deliver(by_server, payload);
        assert_eq!(self.met(), expected);
        let stored = self.stored();
        assert!(stored.term >= before.term);
        if !by_server {
            assert!(stored.log.starts_with(&before.log), "a client has cut the log");
        }
        let (_, term, last) = self.status();
        assert_eq!((stored.term.0, stored.log.last_index().0), (term, last));
    }
}

/// A term, a log of three entries, and no vote.
fn stored() -> Saved {
    let entry = |term| Entry { term: Term(term), payload: Payload::NoOp };
    Storage { term: Term(2), log: [1, 1, 2].map(entry).into_iter().collect(), ..Storage::default() }
}

/// Bytes, whole messages, and those of which one byte is another.
fn any_sealed() -> impl Strategy<Value = Vec<u8>> {
    let encoded = |message: MessageOf<Kv>| wire::encode(&message).expect("plain data");
    let message = any_message().prop_map(encoded);
    let altered = (any_message().prop_map(encoded), any::<Pick>(), any::<u8>());
    prop_oneof![
        1 => vec(any::<u8>(), 0..80),
        4 => message,
        1 => any_request().prop_map(move |request| encoded(Asked(request))),
        2 => altered.prop_map(|(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ]
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_node_stands_whatever_is_sealed_for_it(
        heard in vec((any::<bool>(), any::<bool>(), any_sealed()), 1..40),
    ) {
        let mut bench = Bench::leading(stored());
        for (by_server, in_own_name, payload) in heard {
            let payload = match in_own_name {
                true => bench.in_own_name(by_server, payload),
                false => payload,
            };
            bench.hear(by_server, payload);
        }
        // What it stored is what it would start from.
        let stored = bench.stored();
        let records = stored.changes(None).into_iter().map(|change| match change {
            Change::Put { key, value } => (key, value),
            Change::Remove { key } => panic!("{key:?} is not there to be removed"),
        });
        prop_assert_eq!(Storage::restore(records.collect()), Ok(stored));
    }
}
