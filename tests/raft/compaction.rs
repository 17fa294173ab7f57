//! What a server says and does about snapshots that no spec asks for: when it takes one, and what
//! becomes of messages that are late, damaged or of an older leader.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate_models::kv::{Command, Kv, get, put};
use quorate_models::number::{Index, Term};
use quorate_models::protocol::{Protocol as _, Settings};
use quorate_models::raft::compaction::{Compaction, ENTRY};
use quorate_models::raft::config::Config;
use quorate_models::raft::log::{Entry, Log, Payload, Position};
use quorate_models::raft::message::{
    AppendEntries, AppendReply, InstallSnapshot, Message as Said, Outcome, Piece, SnapshotReply,
};
use quorate_models::raft::protocol::Node;
use quorate_models::raft::read::{Question, Read, Round};
use quorate_models::raft::snapshot::Snapshot;
use quorate_models::raft::state::{Progress, Role, ServerState};
use quorate_models::raft::{Timer, specs};
use quorate_models::service::{Message, Request, Sequence, Session};
use quorate_models::session::Sessions;
use stateright::actor::{Actor, Id, Out};

/// A node, which is the third of three.
struct Third(Node, Cow<'static, ServerState<Kv>>);

impl Third {
    fn starting() -> Self {
        let server = Node::server((0..3).map(Id::from).collect(), &Settings::default());
        let server = Node { knows_stores: false, ..server };
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

    /// It leads, has compacted seven entries, and the first server has none of them. Returns its
    /// snapshot.
    fn leads(&mut self) -> Snapshot {
        let snapshot = snapshot(last(7), 1 << 10);
        let state = self.1.to_mut();
        state.storage.term = TERM;
        state.storage.log = Log::behind_base(last(7));
        state.storage.snapshot = Some(snapshot.clone());
        let lacks_all = Progress { next: Index(1), ..Progress::behind(Index(7)) };
        let followers = [0, 1].map(|id| (Id::from(id), lacks_all.clone()));
        let (followers, round) = (BTreeMap::from(followers), Round::default());
        state.role = Role::Leader { followers, round, transfer: None, unwritten: None };
        snapshot
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

/// Of a machine that was told of nothing, in pieces of `size` bytes.
fn snapshot(last: Position, size: usize) -> Snapshot {
    let config = (Index::ZERO, Config::of((0..3).map(Id::from)));
    Snapshot::of(last, config, &Kv::default(), &Sessions::default(), size)
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
    vec![Said::SnapshotReply(SnapshotReply {
        term: TERM,
        last,
        next,
        round: 0,
        store: None,
        promise: None,
    })]
}

/// It has all up to this index.
fn stored(index: u64) -> Vec<Said<Command>> {
    let (term, outcome) = (TERM, Outcome::Stored { matched: Index(index) });
    vec![Said::AppendReply(AppendReply { term, outcome, round: 0, store: None, promise: None })]
}

#[test]
fn a_snapshot_that_cannot_be_read_is_not_taken_nor_asked_for_again() {
    let mut third = Third::starting();
    let whole = snapshot(last(7), 1 << 10);
    let mut damaged = whole.clone();
    let bytes = whole.pieces[0].to_vec();
    damaged.pieces[0] = bytes[..bytes.len() - 1].to_vec().into();
    assert!(damaged.decode::<Kv>().is_err());
    damaged.pieces[0] = [bytes, vec![0]].concat().into();
    for has_piece in [true, false, true] {
        assert_eq!(
            third.hears(0, sent(&damaged, has_piece)),
            asks(last(7), 1),
            "it lacks no piece"
        );
        assert_eq!((third.1.commit, &third.1.storage.snapshot), (Index::ZERO, &None));
        let words = "it cannot read the snapshot that the leader of term 1 sends, and lacks what \
                     that stands for, up to index 7";
        assert_eq!(third.warnings(), [words]);
    }
    let newer = Snapshot { last: last(8), ..whole };
    assert_eq!(third.hears(0, sent(&newer, false)), asks(last(8), 0), "this is another one");
    assert_eq!(third.hears(0, sent(&newer, true)), stored(8));
    assert_eq!((third.1.commit, &third.1.storage.snapshot), (Index(8), &Some(newer)));
    assert_eq!(third.warnings(), [""; 0]);
}

#[test]
fn a_leader_sends_no_more_to_who_lacks_no_piece() {
    let mut third = Third::starting();
    let snapshot = third.leads();
    let hears = |third: &mut Third, reply: Vec<Said<Command>>| third.hears(0, reply[0].clone());
    assert_eq!(hears(&mut third, asks(last(7), 0)), [sent(&snapshot, true)]);
    for other in [6, 8] {
        let offer = [sent(&snapshot, false)];
        assert_eq!(hears(&mut third, asks(last(other), 0)), offer, "this is another one");
    }
    assert_eq!(hears(&mut third, asks(last(7), 1)), []);
    if let Role::Leader { followers, .. } = &mut third.1.to_mut().role {
        followers.get_mut(&Id::from(0)).expect("a follower").matched = Index(3);
    }
    let Said::InstallSnapshot(offer) = sent(&snapshot, true) else { unreachable!() };
    let offer = Said::InstallSnapshot(InstallSnapshot { acknowledged: Index(3), ..offer });
    assert_eq!(hears(&mut third, asks(last(7), 0)), [offer]);
}

#[test]
fn a_leader_heeds_the_answers_of_its_own_term() {
    let mut third = Third::starting();
    let snapshot = third.leads();
    let (session, sequence, command) = (Session(9), Sequence(1), get("x"));
    let question = Question {
        request: Request { session, sequence, since: Index::ZERO, command },
        asks_index: false,
        by_lease: false,
    };
    let state = third.1.to_mut();
    state.storage.term = Term(2);
    state.reads.asked = BTreeSet::from([Read { follower: None, question }]);
    let is_heard = |third: &Third| match &third.1.role {
        Role::Leader { followers, .. } => followers[&Id::from(0)].is_heard,
        _ => false,
    };
    assert_eq!(third.hears(0, asks(last(7), 0)[0].clone()), [], "this is for a leader of before");
    assert!(!is_heard(&third) && !third.1.reads.asked.is_empty());
    let (term, last) = (Term(2), last(7));
    let reply = Said::SnapshotReply(SnapshotReply {
        term,
        last,
        next: 0,
        round: 0,
        store: None,
        promise: None,
    });
    let Said::InstallSnapshot(piece) = sent(&snapshot, true) else { unreachable!() };
    let piece = Said::InstallSnapshot(InstallSnapshot { term, ..piece });
    assert_eq!(third.hears(0, reply), [piece]);
    assert!(is_heard(&third) && third.1.reads.asked.is_empty(), "two of three know that it leads");
}

#[test]
fn an_offer_of_an_older_leader_is_answered_with_the_newer_term_and_does_nothing() {
    let mut third = Third::starting();
    third.1.to_mut().storage.term = Term(2);
    let before = third.1.clone();
    let (term, last, next) = (Term(2), last(7), 0);
    let reply = Said::SnapshotReply(SnapshotReply {
        term,
        last,
        next,
        round: 0,
        store: None,
        promise: None,
    });
    assert_eq!(third.hears(0, sent(&snapshot(last, 1 << 10), true)), [reply]);
    assert_eq!(third.1, before);
}

#[test]
fn who_lacks_what_it_acknowledged_says_so() {
    let mut third = Third::starting();
    let Said::InstallSnapshot(offer) = sent(&snapshot(last(7), 1 << 10), false) else {
        unreachable!()
    };
    let offer = InstallSnapshot { acknowledged: Index(1), ..offer };
    let (term, outcome, round) = (TERM, Outcome::Lost, 0);
    let lost = Said::AppendReply(AppendReply { term, outcome, round, store: None, promise: None });
    assert_eq!(third.hears(0, Said::InstallSnapshot(offer)), [lost]);
    assert!(third.1.is_taken_out());
}

#[test]
fn pieces_are_taken_in_their_order_and_forgotten_when_they_are_of_no_more_use() {
    let mut third = Third::starting();
    let whole = snapshot(last(7), 1);
    assert_eq!(whole.pieces.len(), 2);
    let piece = |number: usize| {
        let Said::InstallSnapshot(offer) = sent(&whole, false) else { unreachable!() };
        let (bytes, number) = (whole.pieces[number].clone(), number as u32);
        let piece = Some(Piece { number, bytes });
        Said::InstallSnapshot(InstallSnapshot { pieces: 2, piece, ..offer })
    };
    assert_eq!(third.hears(0, piece(1)), []);
    assert_eq!(third.1.incoming, None);
    assert_eq!(third.1.role, Role::Follower { leader: Some(Id::from(0)) });
    assert_eq!(third.hears(0, piece(0)), asks(last(7), 1));
    assert!(third.1.incoming.is_some());

    let mut has_the_entries = Third::starting();
    has_the_entries.1 = third.1.clone();
    let entry = Entry { term: TERM, payload: Payload::NoOp };
    has_the_entries.1.to_mut().storage.log = std::iter::repeat_n(entry, 8).collect();
    assert_eq!(has_the_entries.hears(0, piece(1)), stored(7));
    let state = &has_the_entries.1;
    assert_eq!((&state.incoming, state.commit, state.applied.index), (&None, Index(7), Index(7)));
    assert_eq!((state.log().last_index(), &state.storage.snapshot), (Index(8), &None));

    third.1.to_mut().since_snapshot = 5;
    assert_eq!(third.hears(0, piece(1)), stored(7));
    assert_eq!((&third.1.incoming, third.1.since_snapshot), (&None, 0));
    assert_eq!(third.1.storage.snapshot, Some(whole));
}

#[test]
fn entries_that_are_compacted_in_part_are_taken_but_for_that_part() {
    let mut third = Third::starting();
    third.leads();
    third.1.to_mut().role = Role::Follower { leader: None };
    let entry = Entry { term: TERM, payload: Payload::NoOp };
    let entries = vec![entry; 4];
    let (previous, commit, acknowledged) = (last(5), Index(7), false);
    let append = AppendEntries { term: TERM, previous, entries, commit, acknowledged, round: 0 };
    assert_eq!(third.hears(0, Said::AppendEntries(append)), stored(9));
    assert_eq!((third.1.log().base(), third.1.log().last()), (last(7), last(9)));
}

/// The value weighs so much with its key and the entry that has it.
fn weighing(bytes: usize) -> Command {
    put("x", &"y".repeat(bytes - ENTRY - 1))
}

/// A server that is alone, and has entries of these weights applied behind its no-op.
fn alone(compaction: Compaction, weights: &[usize]) -> ServerState<Kv> {
    let mut server = specs::server::<specs::Checked>(vec![id()], specs::EVERY_RULE);
    server.compaction = Some(compaction);
    let mut state = Cow::Owned(server.on_start(id(), &None, &mut Out::new()));
    server.on_timeout(id(), &mut state, &Timer::Election, &mut Out::new());
    for (sequence, weight) in (1..).map(Sequence).zip(weights) {
        let request = Request {
            session: Session(9),
            sequence,
            since: Index::ZERO,
            command: weighing(*weight),
        };
        server.on_msg(id(), &mut state, Id::from(9), Message::Request(request), &mut Out::new());
    }
    assert_eq!(state.commit, Index(1 + weights.len() as u64));
    state.into_owned()
}

#[test]
fn a_snapshot_is_taken_when_what_was_applied_weighs_as_much_as_the_floor_and_the_last_one() {
    let (floor, keep) = (ENTRY + 300, 200);
    let compaction = Compaction { floor, keep, keeps_size: false, piece: 64, aside: false };
    let taken_by = |compaction, weights: &[usize]| {
        let state = alone(compaction, weights);
        (
            state.storage.snapshot.as_ref().map_or(0, |it| it.last.index.0),
            state.log().base().index.0,
        )
    };
    let taken = |weights: &[usize]| taken_by(compaction, weights);
    assert_eq!(taken(&[100, 100]), (0, 0));
    assert_eq!(taken(&[100, 100, 99]), (0, 0));
    assert_eq!(taken(&[100, 100, 100]), (4, 2), "the last two weigh 200");
    assert_eq!(taken(&[100, 99, 101]), (4, 2));
    assert_eq!(taken(&[100, 99, 102]), (4, 3));
    // The floor counts again, and the first snapshot is smaller than that.
    assert_eq!(taken(&[100, 100, 100, 263, 100]), (4, 2));
    assert_eq!(taken(&[100, 100, 100, 264, 100]), (6, 5));
    // The value alone is larger than the floor: the next snapshot has to wait for as much.
    let size = alone(compaction, &[1_000]).storage.snapshot.expect("a snapshot").size();
    assert!(size > compaction.floor);
    assert_eq!(taken(&[1_000, size - 101, 100]), (2, 2));
    assert_eq!(taken(&[1_000, size - 100, 100]), (4, 3));
    let larger = Compaction { keeps_size: true, ..compaction };
    assert_eq!(taken_by(larger, &[1_000, size - 100, 100]), (4, 2), "as much as the last snapshot");
}
