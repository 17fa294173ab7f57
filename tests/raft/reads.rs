//! Reads that say what they need: the specs of them, and what a server does with each.

use std::borrow::Cow;
use std::time::Duration;

use quorate_checker::report::{Engine, Verdict};
use quorate_models::consistency::{Consistency, Freshness, Query};
use quorate_models::kv::{Command as Kind, Kv, Output, get, put};
use quorate_models::number::{Index, Term};
use quorate_models::order::Order;
use quorate_models::raft::claims::reads::LEASE_IS_ALONE;
use quorate_models::raft::lease;
use quorate_models::raft::log::Position;
use quorate_models::raft::message::{AppendEntries, AppendReply, Message as Said, Outcome};
use quorate_models::raft::message::{PreVoteReply, RequestVote, VoteReply};
use quorate_models::raft::specs::{self, Checked, EVERY_RULE};
use quorate_models::raft::state::{Role, ServerState};
use quorate_models::raft::{MessageOf, Server, Timer};
use quorate_models::service::{Answer, Message, Reply, Request, Sequence, Session};
use stateright::actor::{Actor, Command, Id, Out};

use crate::support::specs::{explore, holds};

holds! {
    stale_reads: "raft/stale-reads" has depth 27;
    lease_cut: "raft/lease-cut" has depth 102;
    lease_crash: "raft/lease-crash" has depth 116;
    lease_transfer: "raft/lease-transfer" has depth 60;
    lease_promise: "raft/lease-promise" has depth 58;
    lease_members: "raft/lease-members" has depth 107;
    lease_snapshot: "raft/lease-snapshot" has depth 121;
    lease_wiped: "raft/lease-wiped" has depth 80;
    lease_drift_asked: "raft/lease-drift-asked" has depth 81;
    lease_drift_plain: "raft/lease-drift-plain" has depth 81;
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
    assert_violated("raft/stale-reads-late", "linearizability", 14);
}

#[test]
fn a_lease_of_a_leader_whose_clock_runs_too_slow_is_no_lease() {
    assert_violated("raft/lease-drift", LEASE_IS_ALONE, 32);
}

#[test]
fn a_read_by_a_lease_that_lasts_too_long_misses_what_was_answered_before() {
    assert_violated("raft/lease-drift-late", "linearizability", 41);
}

#[test]
fn a_lease_is_shorter_than_the_least_election_timeout_by_the_drift() {
    let length = lease::length(&specs::timing());
    assert_eq!(length, Duration::from_millis(150) * 90 / 110);
}

const SESSION: Session = Session(7);

/// The first server, in a cluster of those that it knows of.
struct First(Server<Checked>, Cow<'static, ServerState<Kv>>);

impl First {
    fn of(servers: std::ops::Range<usize>) -> Self {
        let server = specs::server::<Checked>(servers.map(Id::from).collect(), EVERY_RULE);
        let state = server.on_start(Id::from(0), &None, &mut Out::new());
        First(server, Cow::Owned(state))
    }

    /// It has applied so much of the log.
    fn applied(mut self, index: u64) -> Self {
        self.1.to_mut().applied.index = Index(index);
        self
    }

    /// What it says to `message`, and to whom.
    fn hears(&mut self, from: usize, message: MessageOf<Kv>) -> Vec<MessageOf<Kv>> {
        let mut out = Out::new();
        self.0.on_msg(Id::from(0), &mut self.1, Id::from(from), message, &mut out);
        let said = out.into_iter().filter_map(|command| match command {
            Command::Send(_, message) => Some(message),
            _ => None,
        });
        said.collect()
    }

    fn times_out(&mut self, timer: Timer) {
        self.0.on_timeout(Id::from(0), &mut self.1, &timer, &mut Out::new());
    }

    /// It has leases.
    fn leasing(mut self) -> Self {
        self.0.options.check_quorum = true;
        self.0.options.lease_reads = true;
        self
    }

    /// What it answers to `command`, which is asked for as a read.
    fn answers(&mut self, command: Kind, consistency: Consistency) -> Option<Answer<Output>> {
        let (command, sequence) = (Query { command, consistency }, Sequence(9));
        let since = Index::ZERO;
        let request = Message::Read(Request { session: SESSION, sequence, since, command });
        let mut answers =
            self.hears(SESSION.0 as usize, request).into_iter().map(|said| match said {
                Message::Reply(Reply { answer, .. }) => Some(answer),
                _ => None,
            });
        answers.next().flatten()
    }
}

fn stale(seen: u64) -> Consistency {
    Freshness::Stale.after(Index(seen))
}

const NOBODY: Option<Answer<Output>> = Some(Answer::Redirect { leader: None });

#[test]
fn a_stale_read_is_answered_by_whoever_has_seen_as_much_as_its_session() {
    for (seen, is_answered) in
        [(stale(0), true), (stale(5), true), (stale(6), false), (Consistency::Linearizable, false)]
    {
        let (output, index) = (Output::Value(None), Index(5));
        let read = Some(Answer::Read { output, index });
        let expected = if is_answered { read } else { NOBODY };
        assert_eq!(First::of(0..3).applied(5).answers(get("x"), seen), expected, "{seen:?}");
    }
}

#[test]
fn who_knows_nothing_or_is_no_member_answers_no_read() {
    assert_eq!(First::of(0..3).answers(get("x"), stale(0)), NOBODY, "it has just started");
    for query in [stale(0), Consistency::Linearizable] {
        let outside = First::of(1..3).applied(5).answers(get("x"), query);
        assert_eq!(outside, Some(Answer::NoMember), "{query:?}");
    }
}

#[test]
fn a_write_is_no_read_whatever_it_is_called() {
    assert_eq!(First::of(0..3).applied(5).answers(put("x", "1"), stale(0)), NOBODY);
}

/// For how long a server votes for nobody else, by the timers of specs.
const PROMISE: Duration = Duration::from_millis(150);

/// The second server has all up to `matched`, and hears what its leader asked in `round`.
fn stored(matched: u64, round: u64) -> MessageOf<Kv> {
    promising(matched, round, Some(PROMISE))
}

/// The same, and it promises its vote for so long.
fn promising(matched: u64, round: u64, promise: Option<Duration>) -> MessageOf<Kv> {
    let (term, outcome) = (Term(1), Outcome::Stored { matched: Index(matched) });
    Message::Peer(Said::AppendReply(AppendReply { term, outcome, round, store: None, promise }))
}

/// It leads, and has committed its first entry.
fn leading(mut first: First) -> First {
    first.times_out(Timer::Election);
    first.hears(1, Message::Peer(Said::VoteReply(VoteReply { term: Term(1) })));
    first.hears(1, stored(1, 0));
    first
}

#[test]
fn there_is_no_lease_without_the_option_or_once_a_leader_has_handed_over() {
    let mut first = leading(First::of(0..3));
    assert_eq!(first.answers(get("x"), Consistency::Lease), None, "it begins a round");
    assert_eq!(first.hears(1, stored(1, 1)).len(), 1, "it answers");
    assert!(!lease::is_held(&first.1));

    let mut first = leading(First::of(0..3).leasing());
    first.answers(get("x"), Consistency::Lease);
    first.hears(1, stored(1, 1));
    assert!(lease::is_held(&first.1));
    let (session, sequence) = (Session(8), Sequence(1));
    let command = Order::Transfer { to: Id::from(2) };
    first.hears(8, Message::Order(Request { session, sequence, since: Index::ZERO, command }));
    first.times_out(Timer::Transfer);
    assert_eq!(first.1.hands_over(), None, "it goes on");
    assert!(!lease::is_held(&first.1));
    assert_eq!(first.answers(get("x"), Consistency::Lease), None, "it begins a round");
    assert_eq!(first.hears(1, stored(1, 2)).len(), 1, "it answers");
    assert!(!lease::is_held(&first.1));
    assert_eq!(first.answers(get("x"), Consistency::Lease), None, "it begins another one");
}

#[test]
fn a_lease_answers_reads_that_ask_for_no_more_until_it_ends() {
    let mut first = leading(First::of(0..3).leasing());
    let by_lease = |first: &mut First| first.answers(get("x"), Consistency::Lease).is_some();
    assert!(!by_lease(&mut first), "it begins a round, which brings a lease");
    assert!(!lease::is_held(&first.1));
    assert_eq!(first.hears(1, stored(1, 1)).len(), 1, "it answers");
    assert!(lease::is_held(&first.1) && by_lease(&mut first));
    assert_eq!(first.answers(get("x"), Consistency::Linearizable), None, "it begins a round");
    first.hears(1, stored(1, 2));
    assert!(lease::is_held(&first.1), "by the first round still");
    first.times_out(Timer::Lease);
    assert!(!lease::is_held(&first.1) && !by_lease(&mut first));
    first.times_out(Timer::Lease);
    first.hears(1, stored(1, 3));
    assert!(!lease::is_held(&first.1), "the answer took longer than the lease would last");
}

#[test]
fn a_follower_that_promises_less_than_a_lease_takes_brings_none() {
    let short = PROMISE - Duration::from_millis(1);
    for (promise, brings) in
        [(None, false), (Some(short), false), (Some(PROMISE), true), (Some(2 * PROMISE), true)]
    {
        let mut first = leading(First::of(0..3).leasing());
        assert_eq!(first.answers(get("x"), Consistency::Lease), None, "it begins a round");
        assert_eq!(first.hears(1, promising(1, 1, promise)).len(), 1, "it answers");
        assert_eq!(lease::is_held(&first.1), brings, "{promise:?}");
        assert_eq!(first.answers(get("x"), Consistency::Lease).is_some(), brings, "{promise:?}");
        first.hears(1, stored(1, 2));
        assert!(lease::is_held(&first.1), "the next round brings it");
    }
}

/// Does this server vote for the third one in the second term?
fn votes(first: &mut First) -> bool {
    let last = Position { index: Index(1), term: Term(1) };
    let request = RequestVote { term: Term(2), last, is_heir: false, store: None };
    !first.hears(2, Message::Peer(Said::RequestVote(request))).is_empty()
}

#[test]
fn a_promise_outlives_the_term_and_a_restart() {
    let mut first = First::of(0..3).leasing();
    first.hears(1, heartbeat());
    // It had asked before it heard its leader.
    let behind = PreVoteReply::Behind { term: Term(2) };
    first.hears(2, Message::Peer(Said::PreVoteReply(behind)));
    assert_eq!((first.1.term(), &first.1.role), (Term(2), &Role::Follower { leader: None }));
    assert!(!votes(&mut first));

    let storage = Some(first.1.storage.clone());
    let again = first.0.on_start(Id::from(0), &storage, &mut Out::new());
    let mut again = First(first.0.clone(), Cow::Owned(again));
    assert!(!votes(&mut again), "it may have promised");
    for server in [&mut first, &mut again] {
        server.times_out(Timer::Promise);
        assert!(votes(server));
    }
}

/// The second server leads.
fn heartbeat() -> MessageOf<Kv> {
    Message::Peer(Said::AppendEntries(AppendEntries {
        term: Term(1),
        previous: Position::default(),
        entries: Vec::new(),
        commit: Index::ZERO,
        acknowledged: false,
        round: 0,
    }))
}

/// How long a promise lasts that is made, or made again.
fn length(out: Out<Server<Checked>>) -> Option<Duration> {
    out.into_iter().find_map(|command| match command {
        Command::SetTimer(Timer::Promise, range) => Some(range.start),
        _ => None,
    })
}

#[test]
fn a_promise_is_kept_to_its_end_though_the_timers_are_changed_meanwhile() {
    let short = PROMISE / 2;
    let mut first = First::of(0..3).leasing();
    first.hears(1, heartbeat());
    let storage = Some(first.1.storage.clone());
    first.0.timing.election = short..PROMISE;
    let mut out = Out::new();
    first.1 = Cow::Owned(first.0.on_start(Id::from(0), &storage, &mut out));
    assert_eq!(length(out), Some(PROMISE), "it starts again");
    let hears = |first: &mut First| {
        let mut out = Out::new();
        first.0.on_msg(Id::from(0), &mut first.1, Id::from(1), heartbeat(), &mut out);
        length(out)
    };
    assert_eq!(hears(&mut first), Some(PROMISE), "the earlier promise stands");
    first.times_out(Timer::Promise);
    assert_eq!(hears(&mut first), Some(short));
    assert_eq!(first.1.storage.promise, Some(short));

    // No leases any more, nor leaders that count whom they hear.
    (first.0.options.lease_reads, first.0.options.check_quorum) = (false, false);
    let again = first.0.on_start(Id::from(0), &storage, &mut Out::new());
    let mut again = First(first.0, Cow::Owned(again));
    assert!(!votes(&mut again));
    again.times_out(Timer::Promise);
    assert!(votes(&mut again));
}
