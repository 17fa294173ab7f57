//! A leader with a store of its own, which takes snapshots all the time and is deposed now and
//! then. Whenever it is killed, its store holds what it has committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::node::event_loop::EventLoop;
use quorate::node::storage::{self, Identity, Store};
use quorate::node::transport::Transport;
use quorate::node::wire;
use quorate_models::kv::{Command, Kv, put};
use quorate_models::number::{Index, Term};
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::raft::compaction::Compaction;
use quorate_models::raft::log::{Entry, Log, Payload};
use quorate_models::raft::message::{
    AppendEntries, AppendReply, InstallSnapshot, Message, Outcome, PreVoteReply, VoteReply,
};
use quorate_models::raft::protocol::Node;
use quorate_models::raft::state::Storage;
use quorate_models::raft::{MessageOf, Server, Timing};
use quorate_models::service::{Message as Said, Request, Sequence, Session};
use stateright::actor::Id;
use tempfile::TempDir;

use crate::support::arbitrary::config;
use crate::{Board, MS, members};

type Saved = Storage<Kv>;

/// Node 1 of three, driven step by step. The test is node 2, which votes for it and acknowledges
/// what it is sent; nobody is node 3. So nothing is committed that node 1 has not written.
struct Bench {
    node: EventLoop<Node, Store<Saved>, Board>,
    board: Board,
    folder: TempDir,
    peer: Transport,
    client: Transport,
    asked: u32,
    /// What node 2 has.
    term: Term,
    log: Log<Command>,
}

fn identity() -> Identity {
    let (founders, first_stores) = ([1, 2, 3].into(), BTreeMap::new());
    Identity { cluster: 1, node: 1, protocol: Node::NAME.into(), founders, first_stores }
}

fn open(path: &Path) -> (Store<Saved>, Option<Saved>) {
    Store::open(path, identity()).expect("it is not damaged")
}

impl Bench {
    fn start() -> Self {
        let (folder, members) = (tempfile::tempdir().unwrap(), members(3));
        let path = folder.path().join("store");
        storage::create(&path, identity()).unwrap();
        let ids = members.servers.keys().map(|id| Id::from(*id as usize)).collect();
        let compaction = Compaction {
            floor: 4 << 10,
            keep: 1 << 10,
            keeps_size: false,
            piece: 512,
            aside: true,
        };
        let server = Server {
            timing: Timing { heartbeat: MS * 2, election: MS * 5..MS * 10 },
            compaction: Some(compaction),
            knows_stores: false,
            ..Node::server(ids, &Settings::default())
        };
        let (board, (store, found)) = (Board::default(), open(&path));
        let transport = Transport::server(&members, 1).unwrap();
        let node = EventLoop::start(server, transport, store, &found, board.clone()).unwrap();
        let (peer, client) =
            (Transport::server(&members, 2).unwrap(), Transport::client(&members).unwrap());
        let (term, log) = (Term::ZERO, Log::default());
        Bench { node, board, folder, peer, client, asked: 0, term, log }
    }

    fn number(&self, name: &str) -> u64 {
        let last = self.board.last.lock().unwrap();
        last.as_ref().and_then(|(status, _, _)| status.number(name)).unwrap_or_default()
    }

    fn say(&mut self, message: Message<Command>) {
        let message: MessageOf<Kv> = Said::Peer(message);
        self.peer.send(Id::from(1), wire::encode(&message).unwrap());
        self.peer.flush().unwrap();
    }

    /// Both nodes go on.
    fn step(&mut self) {
        self.node.step().unwrap();
        for (_, bytes) in self.peer.poll(Instant::now()).unwrap() {
            match wire::decode::<MessageOf<Kv>>(&bytes) {
                Ok(Said::Peer(message)) => self.hear(message),
                other => panic!("{other:?}"),
            }
        }
    }

    fn hear(&mut self, message: Message<Command>) {
        match message {
            Message::PreVote(asked) => {
                self.say(Message::PreVoteReply(PreVoteReply::Granted { term: asked.term }));
            }
            Message::RequestVote(asked) if asked.term > self.term => {
                self.term = asked.term;
                self.say(Message::VoteReply(VoteReply { term: asked.term }));
            }
            Message::AppendEntries(append) if append.term >= self.term => self.take(append),
            Message::InstallSnapshot(InstallSnapshot { term, last, round, .. })
                if term >= self.term =>
            {
                self.log = Log::behind_base(last);
                self.answer(term, Outcome::Stored { matched: last.index }, round);
            }
            _ => {}
        }
    }

    fn take(&mut self, append: AppendEntries<Command>) {
        let AppendEntries { term, previous, entries, round, .. } = append;
        if !self.log.contains(previous) {
            let may_match = self.log.last_within(previous);
            return self.answer(term, Outcome::Refused { may_match }, round);
        }
        let mut matched = previous.index;
        for entry in entries {
            matched = matched.next();
            if self.log.term_at(matched) != Some(entry.term) {
                self.log.truncate_from(matched);
                self.log.append(entry);
            }
        }
        self.answer(term, Outcome::Stored { matched }, round);
    }

    fn answer(&mut self, term: Term, outcome: Outcome, round: u64) {
        self.term = term;
        let reply = AppendReply { term, outcome, round, store: None, promise: None };
        self.say(Message::AppendReply(reply));
    }

    /// A client writes so many bytes.
    fn write(&mut self, bytes: usize) {
        self.asked += 1;
        let session = Session::of(self.client.id());
        let (sequence, since) = (Sequence(self.asked), Index(self.number("commit")));
        let command = put(&format!("key {}", self.asked % 3), &"x".repeat(bytes));
        let request: MessageOf<Kv> = Said::Request(Request { session, sequence, since, command });
        self.client.send(Id::from(1), wire::encode(&request).unwrap());
        self.client.flush().unwrap();
    }

    /// Node 2 leads from now on, with what it has.
    fn depose(&mut self) {
        self.term = Term(self.term.0.max(self.number("term")) + 1);
        let (term, previous) = (self.term, self.log.last());
        let entries = vec![Entry { term, payload: Payload::NoOp }];
        let commit = Index(self.number("commit").min(previous.index.0));
        let (acknowledged, round) = (false, 0);
        self.log.append(entries[0].clone());
        let append = AppendEntries { term, previous, entries, commit, acknowledged, round };
        self.say(Message::AppendEntries(append));
    }

    /// What node 1 would find if it were killed now.
    fn killed(&self) {
        let committed = self.number("commit");
        let copy = self.folder.path().join("copy");
        fs::copy(self.folder.path().join("store"), &copy).unwrap();
        let (_, found) = open(&copy);
        let last = found.map_or(Index::ZERO, |found| found.log.last_index());
        assert!(last.0 >= committed, "{last:?}, and committed is {committed}");
    }
}

proptest! {
    #![proptest_config(config(20))]

    #[test]
    fn a_leader_that_is_killed_has_what_it_has_committed(
        life in vec((0..10_u8, 1..2_000_usize, 1..8_u8), 60..120),
    ) {
        let mut bench = Bench::start();
        for (what, bytes, steps) in life {
            match what {
                0 => bench.depose(),
                _ => bench.write(bytes),
            }
            for _ in 0..steps {
                bench.step();
            }
            bench.killed();
        }
        let limit = Instant::now() + Duration::from_secs(20);
        while bench.number("snapshot") == 0 {
            assert!(Instant::now() < limit, "it takes no snapshot");
            bench.write(2_000);
            bench.step();
            bench.killed();
        }
    }
}
