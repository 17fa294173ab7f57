//! Snapshots: the specs of them, explored to their ends, and what becomes of one that is damaged.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quorate_models::kv::{Command, Kv};
use quorate_models::number::{Index, Term};
use quorate_models::protocol::{Protocol as _, Settings};
use quorate_models::raft::config::Config;
use quorate_models::raft::log::{Log, Position};
use quorate_models::raft::message::{
    AppendReply, InstallSnapshot, Message as Said, Outcome, Piece, SnapshotReply,
};
use quorate_models::raft::protocol::Node;
use quorate_models::raft::read::Round;
use quorate_models::raft::snapshot::Snapshot;
use quorate_models::raft::state::{Progress, Role, ServerState};
use quorate_models::service::Message;
use quorate_models::session::Sessions;
use stateright::actor::{Actor, Id, Out};

use crate::support::specs::holds;

holds! {
    late: "raft/snapshot" has depth 27;
    conflict: "raft/snapshot-conflict" has depth 27;
    suffix: "raft/snapshot-suffix" has depth 33;
    pieces: "raft/snapshot-pieces" has depth 33;
    crash: "raft/snapshot-crash" has depth 29;
    retry: "raft/snapshot-retry" has depth 34;
    read: "raft/snapshot-read" has depth 30;
    members: "raft/snapshot-members" has depth 46;
    leavers: "raft/snapshot-leavers" has depth 28;
    told: "raft/snapshot-told-live" has depth 56;
    rejoin: "raft/snapshot-rejoin-live" has depth 56;
    lossy: "raft/snapshot-lossy-live" has depth 67;
}

/// A node, which is the third of three.
struct Third(Node, Cow<'static, ServerState<Kv>>);

impl Third {
    fn starting() -> Self {
        let server = Node::server((0..3).map(Id::from).collect(), &Settings::default());
        let state = server.on_start(id(), &None, &mut Out::new());
        Third(server, Cow::Owned(state))
    }

    fn hears(&mut self, from: usize, message: Said<Command>) -> Vec<Said<Command>> {
        let mut out = Out::new();
        self.0.on_msg(id(), &mut self.1, Id::from(from), Message::Peer(message), &mut out);
        let sends = out.into_iter().filter_map(|command| match command {
            stateright::actor::Command::Send(to, Message::Peer(message)) => {
                assert_eq!(to, Id::from(from));
                Some(message)
            }
            _ => None,
        });
        sends.collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.0.status(id(), &self.1).warnings
    }
}

/// Its name.
fn id() -> Id {
    Id::from(2)
}

const TERM: Term = Term(1);

fn last(index: u64) -> Position {
    Position { index: Index(index), term: TERM }
}

/// All of `snapshot`, in one piece, or that there is one.
fn sent(snapshot: &Snapshot, has_piece: bool) -> Said<Command> {
    let bytes = snapshot.pieces[0].clone();
    Said::InstallSnapshot(InstallSnapshot {
        term: TERM,
        last: snapshot.last,
        config: snapshot.config.clone(),
        pieces: 1,
        piece: has_piece.then_some(Piece { number: 0, bytes }),
        acknowledged: Index::ZERO,
        round: 0,
    })
}

fn asks(last: Position, next: u32) -> Vec<Said<Command>> {
    vec![Said::SnapshotReply(SnapshotReply { term: TERM, last, next, round: 0 })]
}

#[test]
fn a_snapshot_that_cannot_be_read_is_not_taken_nor_asked_for_again() {
    let mut third = Third::starting();
    let config = (Index::ZERO, Config::of((0..3).map(Id::from)));
    let (machine, sessions) = (Kv::default(), Sessions::default());
    let whole = Snapshot::of(last(7), config, &machine, &sessions, 1 << 10);
    let mut cut = whole.clone();
    cut.pieces[0].pop();
    for has_piece in [true, false, true] {
        assert_eq!(third.hears(0, sent(&cut, has_piece)), asks(last(7), 1), "it lacks no piece");
        assert_eq!((third.1.commit, &third.1.storage.snapshot), (Index::ZERO, &None));
        let words = "it cannot read the snapshot that the leader of term 1 sends, and lacks what \
                     that stands for, up to index 7";
        assert_eq!(third.warnings(), [words]);
    }
    let newer = Snapshot { last: last(8), ..whole };
    assert_eq!(third.hears(0, sent(&newer, false)), asks(last(8), 0), "this is another one");
    let (term, outcome) = (TERM, Outcome::Stored { matched: Index(8) });
    let stored = Said::AppendReply(AppendReply { term, outcome, round: 0 });
    assert_eq!(third.hears(0, sent(&newer, true)), [stored]);
    assert_eq!((third.1.commit, &third.1.storage.snapshot), (Index(8), &Some(newer)));
    assert_eq!(third.warnings(), [""; 0]);
}

#[test]
fn a_leader_sends_no_more_to_who_lacks_no_piece() {
    let mut third = Third::starting();
    let config = Config::of((0..3).map(Id::from));
    let (machine, sessions) = (Kv::default(), Sessions::default());
    let snapshot = Snapshot::of(last(7), (Index::ZERO, config), &machine, &sessions, 1 << 10);
    let state = third.1.to_mut();
    state.storage.term = TERM;
    state.storage.log = Log::behind_base(last(7));
    state.storage.snapshot = Some(snapshot.clone());
    let lacks_all = Progress { next: Index(1), ..Progress::behind(Index(7)) };
    let followers = BTreeMap::from([(Id::from(0), lacks_all)]);
    state.role = Role::Leader { followers, round: Round::default(), transfer: None };
    let hears = |third: &mut Third, reply: Vec<Said<Command>>| third.hears(0, reply[0].clone());
    assert_eq!(hears(&mut third, asks(last(7), 0)), [sent(&snapshot, true)]);
    assert_eq!(hears(&mut third, asks(last(6), 1)), [sent(&snapshot, false)], "of an older one");
    assert_eq!(hears(&mut third, asks(last(7), 1)), []);
}
