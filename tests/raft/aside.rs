//! Servers that go on while their snapshots are encoded and written.

use std::borrow::Cow;

use quorate_models::durable::{Ahead, Change, Durable, Early};
use quorate_models::kv::{Kv, put};
use quorate_models::number::{Index, Term};
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::raft::Timer;
use quorate_models::raft::message::{self, RequestVote};
use quorate_models::raft::protocol::{COMPACTION, Node};
use quorate_models::raft::state::ServerState;
use quorate_models::service::{Message, MessageOf, Request, Sequence, Session};
use stateright::actor::{Actor, Command, Id, Out};

use crate::support::specs::holds;

holds! {
    overtaken: "raft/aside" has depth 37;
    parallel: "raft/aside-parallel" has depth 36;
    crash: "raft/aside-crash" has depth 30;
    rejoin: "raft/aside-live" has depth 65;
}

/// A leader that is alone, and applies commands of 1 MiB.
struct Alone {
    node: Node,
    state: Cow<'static, ServerState<Kv>>,
    sequence: u32,
}

fn id() -> Id {
    Id::from(0)
}

fn sets(out: &Out<Node>, timer: Timer) -> bool {
    out.iter().any(|it| matches!(it, Command::SetTimer(set, _) if *set == timer))
}

impl Alone {
    fn new() -> Self {
        let node = Node::server(vec![id()], &Settings::default());
        let state = Cow::Owned(node.on_start(id(), &None, &mut Out::new()));
        let mut alone = Alone { node, state, sequence: 0 };
        alone.fires(Timer::Election);
        alone.fires(Timer::Write);
        alone.fires(Timer::Written);
        alone
    }

    fn fires(&mut self, timer: Timer) -> Out<Node> {
        let mut out = Out::new();
        self.node.on_timeout(id(), &mut self.state, &timer, &mut out);
        out
    }

    fn hears(&mut self, message: MessageOf<Node>) -> Out<Node> {
        let mut out = Out::new();
        self.node.on_msg(id(), &mut self.state, Id::from(9), message, &mut out);
        out
    }

    fn appends(&mut self) {
        self.sequence += 1;
        let command = put("x", &self.sequence.to_string().repeat(1 << 20));
        let (session, since) = (Session(9), Index(1));
        let sequence = Sequence(self.sequence);
        self.hears(Message::Request(Request { session, sequence, since, command }));
    }

    fn writes(&mut self) {
        self.fires(Timer::Write);
        self.fires(Timer::Written);
    }

    /// Until a snapshot is taken aside, which is made by then.
    fn takes_one(&mut self) -> Early {
        for _ in 0..COMPACTION.floor >> 20 {
            self.appends();
            self.writes();
        }
        let Ahead::Unmade(work) = Node::ahead(&self.state) else { panic!("a snapshot is due") };
        Node::made(self.state.to_mut(), work());
        let Ahead::Records(early) = Node::ahead(&self.state) else { panic!("it is made") };
        assert!(early.is_whole);
        early
    }

    fn last_of_snapshot(&self) -> Option<Index> {
        Some(self.state.storage.snapshot.as_ref()?.last.index)
    }
}

/// A node makes its snapshot known before it is saved, so that it can be encoded and written by
/// then; what is saved is just that, and what was applied meanwhile is no part of it.
#[test]
fn a_node_that_is_alone_says_what_it_is_going_to_save() {
    let mut alone = Alone::new();
    assert!(matches!(Node::ahead(&alone.state), Ahead::Nothing));
    let early = alone.takes_one();
    alone.appends();
    alone.writes();
    assert_eq!(alone.last_of_snapshot(), None);
    let saved = alone.state.storage.clone();
    alone.fires(Timer::Snapshot);
    // It is written with the log, and until then it is none.
    assert!(matches!(Node::ahead(&alone.state), Ahead::Records(_)));
    let written = Node::being_written(&alone.state).expect("it is being written");
    alone.appends();
    assert_eq!(alone.last_of_snapshot(), None);
    alone.fires(Timer::Written);
    assert!(matches!(Node::ahead(&alone.state), Ahead::Nothing));
    let snapshot = written.snapshot.as_ref().expect("it is taken");
    assert_eq!(alone.state.storage.snapshot.as_ref(), Some(snapshot));
    assert_eq!(snapshot.last.index.0 + 1, alone.state.applied.index.0);
    assert_eq!(snapshot.pieces, early.values);
    let changes = written.changes(Some(&saved));
    let is_first =
        |change: &Change| matches!(change, Change::Put { key, .. } if *key == early.first);
    assert!(changes.iter().any(is_first), "the records have the keys that they were to have");
}

/// What is being written is what is saved when it is written, and no more.
#[test]
fn what_is_appended_meanwhile_is_written_after_what_is_being_written() {
    let mut alone = Alone::new();
    alone.appends();
    alone.fires(Timer::Write);
    let first = Node::being_written(&alone.state).expect("it is being written");
    alone.appends();
    assert_eq!(Node::being_written(&alone.state), Some(first.clone()));
    assert_eq!(alone.state.commit, Index(1), "it is not written");
    let out = alone.fires(Timer::Written);
    assert_eq!(alone.state.commit, Index(2));
    assert!(out.iter().any(|it| matches!(it, Command::Save(saved) if *saved == first)));
    assert_eq!(Node::being_written(&alone.state), None);
    alone.writes();
    assert_eq!(alone.state.commit, Index(3));
}

/// A snapshot waits for what is being written, and is written after that.
#[test]
fn a_snapshot_is_written_after_what_is_being_written() {
    let mut alone = Alone::new();
    alone.takes_one();
    alone.appends();
    alone.fires(Timer::Write);
    alone.fires(Timer::Snapshot);
    let out = alone.fires(Timer::Written);
    assert!(sets(&out, Timer::Snapshot) && alone.last_of_snapshot().is_none());
    alone.fires(Timer::Snapshot);
    alone.fires(Timer::Written);
    assert!(alone.last_of_snapshot().is_some());
}

/// A leader that steps down while it writes its snapshot has it then: the disk does not go back.
#[test]
fn who_leads_no_more_has_the_snapshot_that_it_was_writing() {
    let mut alone = Alone::new();
    let early = alone.takes_one();
    alone.fires(Timer::Snapshot);
    let written = Node::being_written(&alone.state).expect("it is being written");
    let (term, last) = (Term(alone.state.term().0 + 1), alone.state.log().last());
    alone.hears(Message::Peer(message::Message::RequestVote(RequestVote {
        term,
        last,
        is_heir: true,
        store: None,
    })));
    assert!(!alone.state.is_leader() && alone.last_of_snapshot().is_some());
    let later = alone.state.storage.changes(Some(&written));
    assert!(!later.iter().any(|it| matches!(it, Change::Put { key, .. } if *key == early.first)));
}
