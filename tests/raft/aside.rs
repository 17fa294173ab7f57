//! Servers that go on while their snapshots are encoded and written.

use std::borrow::Cow;

use quorate_models::durable::{Ahead, Change, Durable};
use quorate_models::kv::{Kv, put};
use quorate_models::number::Index;
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::raft::Timer;
use quorate_models::raft::protocol::{COMPACTION, Node};
use quorate_models::raft::state::ServerState;
use quorate_models::service::{Message, Request, Sequence, Session};
use stateright::actor::{Actor, Id, Out};

use crate::support::specs::holds;

holds! {
    overtaken: "raft/aside" has depth 37;
    crash: "raft/aside-crash" has depth 30;
    rejoin: "raft/aside-live" has depth 65;
}

/// A node makes its snapshot known before it is saved, so that it can be encoded and written by
/// then; what is saved is just that, and what was applied meanwhile is no part of it.
#[test]
fn a_node_that_is_alone_says_what_it_is_going_to_save() {
    let id = Id::from(0);
    let node = Node::server(vec![id], &Settings::default());
    let mut state: Cow<'static, ServerState<Kv>> =
        Cow::Owned(node.on_start(id, &None, &mut Out::new()));
    let mut saved = state.storage.clone();
    node.on_timeout(id, &mut state, &Timer::Election, &mut Out::new());
    let mut sequence = 0;
    let mut large = |state: &mut Cow<'static, ServerState<Kv>>| {
        sequence += 1;
        let command = put("x", &sequence.to_string().repeat(1 << 20));
        let (session, since) = (Session(9), Index(1));
        let request = Request { session, sequence: Sequence(sequence), since, command };
        node.on_msg(id, state, Id::from(9), Message::Request(request), &mut Out::new());
        node.on_timeout(id, state, &Timer::Write, &mut Out::new());
    };
    // The no-op is written.
    node.on_timeout(id, &mut state, &Timer::Write, &mut Out::new());
    assert!(matches!(Node::ahead(&state), Ahead::Nothing));
    for _ in 0..COMPACTION.floor >> 20 {
        large(&mut state);
    }
    let Ahead::Unmade(work) = Node::ahead(&state) else { panic!("a snapshot is due") };
    large(&mut state);
    assert!(state.storage.snapshot.is_none() && Node::is_patient(&Timer::Snapshot));
    Node::made(state.to_mut(), work());
    let Ahead::Records(early) = Node::ahead(&state) else { panic!("it is made") };
    assert!(early.is_whole);
    saved.clone_from(&state.storage);
    node.on_timeout(id, &mut state, &Timer::Snapshot, &mut Out::new());
    assert!(matches!(Node::ahead(&state), Ahead::Nothing));
    let snapshot = state.storage.snapshot.as_ref().expect("it is taken");
    assert_eq!(snapshot.last.index.0 + 1, state.applied.index.0);
    assert_eq!(snapshot.pieces, early.values);
    let changes = state.storage.changes(Some(&saved));
    let is_first =
        |change: &Change| matches!(change, Change::Put { key, .. } if *key == early.first);
    assert!(changes.iter().any(is_first), "the records have the keys that they were to have");
}
