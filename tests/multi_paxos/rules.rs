//! The rules of Multi-Paxos: without each of them there is a run that breaks what it protects. Each
//! within small bounds, and the length of each shortest counterexample is pinned.

use quorate_checker::report::Verdict;
use quorate_checker::spec::{Action, ActionOf, Faults, SAVED_BEFORE_SENT};
use quorate_models::kv::{get, put};
use quorate_models::member::Timer::Server;
use quorate_models::multi_paxos::claims::properties::{
    ACCEPTED_IS_PROMISED, COUNTED_ACCEPTED, LEADER_HAS_ALL, LINEARIZABILITY, MAJORITY_HOLDS,
    NEVER_BACK, ONE_PROPOSAL, ONE_VALUE, QUORUM_PROMISED, STATE_FOLLOWS,
};
use quorate_models::multi_paxos::message::Message;
use quorate_models::multi_paxos::rules::Rule;
use quorate_models::multi_paxos::specs::{
    Book, Bounds, COMPACT, CRASH, Checked, MultiPaxosSpec, NOTHING_KEPT, Now, ONE_OPEN, Past, WIPE,
    add, chosen_twice, lags_and_crashes, lost_disk, multi_paxos, promises_and_forgets,
    second_slot_only,
};
use quorate_models::multi_paxos::{Limits, MultiPaxos, Timer};
use quorate_models::number::Round;
use quorate_models::rules::AllBut;
use quorate_models::service;

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, explore, necessary};
use crate::{lease, live, membership};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = MultiPaxos<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> MultiPaxosSpec {
        multi_paxos("proof", rules, *self, &[])
    }
}

/// A client that writes, two that do, and so on, and three servers unless it says otherwise.
macro_rules! of {
    (write $(, $field:ident: $value:expr)*) => {
        of!(@ &[&[put("x", "1")]] $(, $field: $value)*)
    };
    (both $(, $field:ident: $value:expr)*) => {
        of!(@ &[&[put("x", "1"), get("x")]] $(, $field: $value)*)
    };
    (two $(, $field:ident: $value:expr)*) => {
        of!(@ &[&[put("x", "1")], &[put("x", "2")]] $(, $field: $value)*)
    };
    (two_and_more $(, $field:ident: $value:expr)*) => {
        of!(@ &[&[put("x", "1")], &[put("x", "2"), get("x")]] $(, $field: $value)*)
    };
    (@ $scripts:expr $(, $field:ident: $value:expr)*) => {
        Bounds { scripts: $scripts, $($field: $value,)* ..Bounds::default() }
    };
}

const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

necessary! {
    promise_rises: PromiseRises breaks LEADER_HAS_ALL in 9 within of!(write, silences: 2);
    accepts_only_promised: AcceptsOnlyPromised breaks LEADER_HAS_ALL in 9
        within of!(write, silences: 2);
    accept_promises: AcceptPromises breaks ACCEPTED_IS_PROMISED in 5 within of!(two);
    promise_survives_crash: PromiseSurvivesCrash breaks LEADER_HAS_ALL in 11
        within of!(write, silences: 2, faults: CRASH);
    accepted_survives_crash: AcceptedSurvivesCrash breaks MAJORITY_HOLDS in 7
        within of!(write, faults: CRASH);
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1 within of!(write);
    ballot_is_own: BallotIsOwn breaks ONE_PROPOSAL in 8 within of!(two, silences: 2);
    majority_promises: MajorityPromises breaks LEADER_HAS_ALL in 5
        within of!(write, silences: 2);
    promiser_counts_once: PromiserCountsOnce breaks QUORUM_PROMISED in 4
        within of!(write, servers: 4, faults: DUPLICATE);
    promises_of_this_ballot: PromisesOfThisBallot breaks LEADER_HAS_ALL in 10
        within of!(write, silences: 3);
    accepted_is_reported: AcceptedIsReported breaks LEADER_HAS_ALL in 9
        within of!(write, silences: 2);
    highest_ballot_wins: HighestBallotWins breaks MAJORITY_HOLDS in 13
        within of!(two, silences: 3, limits: ONE_OPEN);
    every_slot_merged: EverySlotMerged breaks LEADER_HAS_ALL in 14 within of!(two, silences: 2);
    one_proposal_per_ballot_slot: OneProposalPerBallotSlot breaks ONE_PROPOSAL in 8
        within of!(two);
    majority_accepts: MajorityAccepts breaks MAJORITY_HOLDS in 4 within of!(write);
    accepter_counts_once: AccepterCountsOnce breaks MAJORITY_HOLDS in 9
        within of!(write, servers: 4, faults: DUPLICATE);
    notice_names_ballot: NoticeNamesBallot breaks ONE_VALUE in 13
        within of!(two_and_more, silences: 2, limits: ONE_OPEN);
    applies_in_order: AppliesInOrder breaks MAJORITY_HOLDS in 8 within of!(two, retries: 1);
    applies_only_chosen: AppliesOnlyChosen breaks MAJORITY_HOLDS in 7
        within of!(write, servers: 4, faults: DUPLICATE);
    no_slot_is_skipped: NoSlotIsSkipped breaks ONE_VALUE in 16
        within of!(@ &[&[put("x", "1"), put("x", "2")]], agains: 1, faults: CRASH);
    snapshot_has_sessions: SnapshotHasSessions breaks STATE_FOLLOWS in 8
        within of!(write, limits: COMPACT, faults: CRASH);
    snapshot_of_its_moment: SnapshotOfItsMoment breaks STATE_FOLLOWS in 15
        within of!(@ &[&[put("x", "1"), put("x", "2")]], limits: NOTHING_KEPT, agains: 1);
    other_store_is_wiped: OtherStoreIsWiped breaks LEADER_HAS_ALL in 11
        within of!(write, silences: 2, faults: WIPE);
    wiped_does_not_promise: WipedDoesNotPromise breaks LEADER_HAS_ALL in 11
        within of!(write, silences: 2, faults: WIPE);
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 8
        within of!(both, faults: DUPLICATE);
}

/// What may happen in a state.
type May = fn(&(), &Now, &ActionOf<MultiPaxos<Checked>>) -> bool;

/// Of the runs that `may` allows, without `rule` one breaks `property` in so many steps, and by the
/// whole rule book none does.
fn assert_broken_by_some(
    rule: Rule,
    property: &'static str,
    steps: usize,
    bounds: Bounds<'_>,
    may: May,
) {
    let directed = |rules: Vec<Rule>| bounds.spec(AllBut(rules)).directed("some runs only", may);
    assert_breaks(directed(vec![rule]), property, steps);
    let control = explore(directed(Vec::new()).only(property));
    assert_eq!((control.verdict, control.cut_short), (Verdict::Holds, None));
}

/// Whether an action allows it that nobody stands but these, by their numbers.
fn only_stand(servers: [usize; 2], action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    match action {
        Action::Timeout(id, Server(Timer::Silence)) => servers.contains(&usize::from(*id)),
        _ => true,
    }
}

/// The listed spec `multi-paxos/twice` has these bounds.
#[test]
fn takes_effect_once() {
    let scripts: &[&[_]] = &[&[add()], &[put("x", "2")]];
    let bounds = chosen_twice(scripts);
    assert_broken_by_some(Rule::TakesEffectOnce, STATE_FOLLOWS, 19, bounds, second_slot_only);
}

/// S1 counts for its second ballot what S2 accepted in its first one. With three servers that would
/// be no lie: S1 and S2 are a majority.
#[test]
fn acks_of_this_ballot() {
    let bounds = of!(write, servers: 4, silences: 3);
    let rule = Rule::AcksOfThisBallot;
    assert_broken_by_some(rule, COUNTED_ACCEPTED, 15, bounds, |(), _, action| match action {
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (2, to, Message::Prepare(_)) => to == 0,
                (0, 1, Message::Prepare(m)) => m.ballot.round == Round(1),
                (0, to, Message::Accept(_)) => to == 1,
                _ => true,
            }
        }
        _ => only_stand([0, 2], action),
    });
}

/// What [`Rule::AcceptPromises`] is for: S5 accepts what S2 proposes, which is chosen by that, and
/// then what S1 has proposed before. With fewer than five servers S1 or S5 would be in the majority
/// that promises to S2.
#[test]
fn without_accept_promises_a_chosen_value_is_lost() {
    let bounds = of!(two, servers: 5, silences: 2);
    let rule = Rule::AcceptPromises;
    assert_broken_by_some(rule, MAJORITY_HOLDS, 17, bounds, |(), _, action| match action {
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, to, Message::Prepare(_)) => [2, 4].contains(&to),
                (0, to, Message::Accept(_)) => to == 4,
                (1, to, Message::Prepare(_)) => [2, 3].contains(&to),
                (1, to, Message::Accept(_)) => [2, 4].contains(&to),
                _ => true,
            }
        }
        _ => only_stand([0, 1], action),
    });
}

/// A piece of an older snapshot of S1 arrives when S3 has caught up in another way.
#[test]
fn snapshot_newer_only() {
    let scripts: &[&[_]] = &[&[put("x", "1"), put("x", "2"), put("x", "3")]];
    let limits = Limits { piece: 1_000, ..COMPACT };
    let bounds = Bounds { scripts, limits, agains: 2, ..Bounds::default() };
    let rule = Rule::SnapshotNewerOnly;
    assert_broken_by_some(rule, NEVER_BACK, 25, bounds, |(), _, action| match action {
        Action::Timeout(id, Server(Timer::Snapshot)) => usize::from(*id) == 0,
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 1, Message::Chosen(_)) => false,
                (2, 0, message) => matches!(message, Message::Learn(_)),
                _ => true,
            }
        }
        _ => only_stand([0, 0], action),
    });
}

/// The listed spec `multi-paxos/snapshot-crash` has these bounds.
#[test]
fn installed_ends_taking() {
    let scripts: &[&[_]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds =
        Bounds { scripts, limits: NOTHING_KEPT, agains: 2, faults: CRASH, ..Bounds::default() };
    let rule = Rule::InstalledEndsTaking;
    assert_broken_by_some(rule, STATE_FOLLOWS, 19, bounds, lags_and_crashes);
}

/// The listed specs `multi-paxos/wiped-rejoins` and `multi-paxos/wiped-stays-out` have these
/// bounds.
#[test]
fn wiped_stays_out() {
    let scripts: &[&[_]] = &[&[put("x", "1"), put("x", "2")]];
    let (rule, bounds) = (Rule::WipedStaysOut, lost_disk(scripts));
    assert_broken_by_some(rule, LEADER_HAS_ALL, 27, bounds, promises_and_forgets);
}

/// What the tests above suspend, one by one.
const DIRECTED: &[(Rule, &str)] = &[
    (Rule::TakesEffectOnce, STATE_FOLLOWS),
    (Rule::AcksOfThisBallot, COUNTED_ACCEPTED),
    (Rule::AcceptPromises, MAJORITY_HOLDS),
    (Rule::SnapshotNewerOnly, NEVER_BACK),
    (Rule::InstalledEndsTaking, STATE_FOLLOWS),
    (Rule::WipedStaysOut, LEADER_HAS_ALL),
];

#[test]
fn every_rule_is_proven() {
    assert_each_is_proven(
        Rule::ALL,
        &[
            PROVEN,
            DIRECTED,
            lease::PROVEN,
            live::MISSED,
            live::SLOWER,
            membership::PROVEN,
            membership::MISSED,
        ],
    );
}
