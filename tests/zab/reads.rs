//! Reads that no transaction is spent on: what is needed for them, and what they are not.

use std::borrow::Cow;
use std::sync::Arc;

use quorate_checker::report::{Engine, Verdict};
use quorate_models::consistency::{Consistency, Freshness, Query};
use quorate_models::data::Data;
use quorate_models::kv::{Kv, Output, get};
use quorate_models::number::{Epoch, Index};
use quorate_models::pieces;
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use quorate_models::zab::Zab;
use quorate_models::zab::claims::ghost::Ghost;
use quorate_models::zab::claims::properties::LINEARIZABILITY;
use quorate_models::zab::claims::reads::ONE_ORDER;
use quorate_models::zab::log::Log;
use quorate_models::zab::protocol::Node;
use quorate_models::zab::rules::Rule;
use quorate_models::zab::specs::reads::{Bounds, again, deposed, follower, stale, zab};
use quorate_models::zab::specs::{Book, Checked, ZabSpec};
use quorate_models::zab::state::{Snapshot, Storage};
use quorate_models::zab::zxid::Zxid;
use stateright::actor::{Actor, Command, Id, Out};

use crate::proofs::{Within, necessary};
use crate::support::specs::explore;

impl Within for Bounds {
    type Rule = Rule;
    type Actor = Zab<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ZabSpec {
        let mut spec = zab("proof", rules, self, &[]);
        if self.freshness == Freshness::Stale {
            spec.claims.retain(|claim| claim.name != LINEARIZABILITY);
        }
        spec
    }
}

necessary! {
    follower_asks_leader: FollowerAsksLeader breaks LINEARIZABILITY in 18 within follower();
    read_waits_for_effect: ReadWaitsForEffect breaks LINEARIZABILITY in 25 within follower();
    majority_confirms: MajorityConfirms breaks LINEARIZABILITY in 35 within deposed();
    round_after_read: RoundAfterRead breaks LINEARIZABILITY in 39 within deposed();
    sync_of_established: SyncOfEstablished breaks LINEARIZABILITY in 31 within again();
    session_goes_on: SessionGoesOn breaks ONE_ORDER in 17 within stale();
}

/// Asserts that a spec is violated as expected, in so many steps.
fn assert_violated(spec: &str, property: &str, steps: usize) {
    let report = explore(spec, Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    let found = report.property(property);
    assert_eq!((found.verdict, found.steps), (Verdict::Violated, Some(steps)));
}

#[test]
fn a_stale_read_misses_what_was_answered_before() {
    assert_violated("zab/stale-reads-late", LINEARIZABILITY, 18);
}

#[test]
fn zookeepers_sync_is_answered_by_who_leads_no_more() {
    assert_violated("zab/sync-of-one", LINEARIZABILITY, 35);
}

/// What a server that has just started from this answers a session that has seen so much.
fn answers(storage: Storage<Kv>, seen: u64) -> Answer<Output> {
    let server = Node::server((0..3).map(Id::from).collect(), &Settings::default());
    let state = server.on_start(Id::from(0), &Some(storage), &mut Out::new());
    let command =
        Query { command: get("x"), consistency: Consistency::Stale { seen: Index(seen) } };
    let (session, sequence, since) = (Session(7), Sequence(1), Index::ZERO);
    let read = Message::Read(Request { session, sequence, command, since });
    let mut out = Out::new();
    server.on_msg(Id::from(0), &mut Cow::Owned(state), Id::from(7), read, &mut out);
    let said = out.into_iter().find_map(|command| match command {
        Command::Send(_, Message::Reply(Reply { answer, .. })) => Some(answer),
        _ => None,
    });
    said.expect("it answers")
}

#[test]
fn a_server_that_has_heard_of_nothing_since_it_started_does_not_answer_that_there_is_nothing() {
    let (zxid, index) = (Zxid { epoch: Epoch(1), counter: 5 }, Index(5));
    let pieces = pieces::encode(&Data::<Kv>::default(), 64);
    let snapshot = Some(Snapshot { zxid, index, pieces });
    let known = Storage { snapshot, log: Log::behind(zxid, index), ..Storage::of(1) };
    let nobody = Answer::Redirect { leader: None };
    assert_eq!(answers(Storage::of(1), 0), nobody);
    assert_eq!(answers(known.clone(), 5), Answer::Read { output: Output::Value(None), index });
    assert_eq!(answers(known, 6), nobody);
}
