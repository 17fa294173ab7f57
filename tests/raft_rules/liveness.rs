//! The rules of liveness: without them there is a run in which something never happens, or it takes
//! longer than it has to. Each within the smallest bounds in which that shows. Counterexamples are
//! pinned in kind and length; a lasso's length is that of the way to the loop and once around it.

use quorate_checker::engine::Miss::{self, Lasso, Stop, Unbounded, Zeno};
use quorate_checker::report::Verdict;
use quorate_checker::spec::{Faults, TIME_PASSES};
use quorate_models::claims::all_answered;
use quorate_models::kv::put;
use quorate_models::raft::claims::properties::{
    NOBODY_TAKEN_OUT, Named, all_caught_up, all_follow_a_leader,
};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::live::{
    self, A_LEADER, ALL_ANSWERED, ALL_FOLLOW, Bounds, CAUGHT_UP, Pace, RECOVERY, ROLLBACK,
};
use quorate_models::raft::specs::{Book, Boxed, Checked, EVERY_RULE, RaftSpec, SEEN};
use quorate_models::rules::AllBut;

use super::explore;

const FAULTLESS: Faults =
    Faults { crashes: 0, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE };
const CRASH: Faults = Faults { crashes: 1, ..FAULTLESS };
const DROP: Faults = Faults { drops: 1, ..FAULTLESS };
const DROPS: Faults = Faults { drops: 2, ..FAULTLESS };
const CRASHES: Faults = Faults { crashes: 3, ..FAULTLESS };

const THREE: Bounds<'static> = Bounds {
    servers: 3,
    pace: Pace::Short,
    scripts: &[],
    early: 0,
    faults: FAULTLESS,
    recovery: None,
};
const TWO: Bounds<'static> = Bounds { servers: 2, ..THREE };

fn assert_missed(rule: Rule, property: &'static str, miss: Miss, steps: usize, bounds: Bounds<'_>) {
    let spec = live::raft("suspended", AllBut(vec![rule]), bounds, &[]);
    assert_misses(spec, rule, property, miss, steps);
}

fn assert_misses(spec: RaftSpec, rule: Rule, property: &'static str, miss: Miss, steps: usize)
where
    RaftSpec: Boxed,
{
    let report = explore(spec.only(property));
    assert_eq!(report.cut_short, None, "without {rule:?}");
    assert_eq!(report.verdict, Verdict::Violated, "nothing misses {property} without {rule:?}");
    let (found, text) = (&report.properties[0], report.counterexamples[0].trace.text(false));
    assert_eq!((found.miss, found.steps), (Some(miss), Some(steps)), "{text}");
}

/// One test for each rule, and the list of rules that have one.
macro_rules! missed {
    ($(
        $name:ident: $rule:ident lets $property:ident be missed by $miss:ident in $steps:literal
            within $bounds:expr;
    )*) => {
        $(
            #[test]
            fn $name() {
                assert_missed(Rule::$rule, $property, $miss, $steps, $bounds);
            }
        )*

        pub const SUSPENDED: &[Rule] = &[$(Rule::$rule),*];
    };
}

missed! {
    newer_term_is_adopted: NewerTermIsAdopted lets A_LEADER be missed by Unbounded in 22
        within THREE;
    new_term_new_vote: NewTermNewVote lets A_LEADER be missed by Unbounded in 29
        within Bounds { faults: CRASH, ..THREE };
    stands_again: StandsAgain lets A_LEADER be missed by Stop in 4
        within Bounds { early: 1, ..TWO };
    stands_after_crash: StandsAfterCrash lets A_LEADER be missed by Stop in 14
        within Bounds { faults: CRASHES, recovery: Some(RECOVERY), ..THREE };
    stands_when_deposed: StandsWhenDeposed lets ALL_FOLLOW be missed by Unbounded in 39
        within Bounds { early: 1, ..TWO };
    candidate_yields: CandidateYields lets ALL_FOLLOW be missed by Lasso in 20
        within Bounds { early: 1, ..THREE };
    leader_puts_off_election: LeaderPutsOffElection lets ALL_FOLLOW be missed by Unbounded in 66
        within THREE;
    leader_sends_heartbeats: LeaderSendsHeartbeats lets ALL_FOLLOW be missed by Unbounded in 50
        within Bounds { faults: DROP, ..TWO };
    heartbeats_go_on: HeartbeatsGoOn lets ALL_FOLLOW be missed by Unbounded in 74
        within Bounds { faults: DROP, ..TWO };
    refusal_is_told: RefusalIsTold lets CAUGHT_UP be missed by Lasso in 22
        within Bounds { early: 1, ..THREE };
    refused_append_goes_back: RefusedAppendGoesBack lets CAUGHT_UP be missed by Lasso in 24
        within Bounds { early: 1, ..THREE };
    next_follows_matched: NextFollowsMatched lets TIME_PASSES be missed by Zeno in 8
        within Bounds { early: 1, ..TWO };
    sends_the_rest: SendsTheRest lets CAUGHT_UP be missed by Lasso in 24
        within Bounds { early: 1, ..THREE };
    heartbeat_shows_loss: HeartbeatShowsLoss lets CAUGHT_UP be missed by Lasso in 19
        within Bounds { faults: DROP, ..THREE };
    commit_is_passed_on: CommitIsPassedOn lets CAUGHT_UP be missed by Lasso in 9
        within Bounds { early: 1, ..TWO };
    no_op_at_start_of_term: NoOpAtStartOfTerm lets ALL_ANSWERED be missed by Lasso in 46
        within Bounds { early: 1, scripts: &[&[put("x", "1")]], ..TWO };
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 39
        within Bounds { faults: DROP, scripts: &[&[put("x", "1")]], ..TWO };
    lost_memory_takes_out: LostMemoryTakesOut lets CAUGHT_UP be missed by Lasso in 22
        within Bounds { faults: ROLLBACK, recovery: Some(RECOVERY), ..THREE };
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 15
        within Bounds { scripts: &[&[put("x", "1")]], ..TWO };
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 28
        within Bounds { faults: CRASH, scripts: &[&[put("x", "1")]], ..THREE };
}

/// What the test below suspends.
pub const ELSEWHERE: &[Rule] = &[Rule::RefusalMatchesNothing];

/// A follower that has an entry of term 1 where the leader has one of term 2 refuses what comes
/// behind. A leader that took its hint for a match would never go back so far.
#[test]
fn refusal_matches_nothing() {
    let held = explore(live::left_behind("left-behind", EVERY_RULE).only(CAUGHT_UP));
    assert_eq!((held.cut_short, held.verdict), (None, Verdict::Holds));
    let rule = Rule::RefusalMatchesNothing;
    let both = AllBut(vec![rule, Rule::LostMemoryTakesOut]);
    assert_misses(live::left_behind("suspended", both), rule, CAUGHT_UP, Lasso, 36);

    // That the follower lacks what it is believed to have is told, and taken for lost memory.
    let spec = live::left_behind("suspended", AllBut(vec![rule]));
    let report = explore(spec.only(NOBODY_TAKEN_OUT));
    assert_eq!((report.verdict, report.properties[0].steps), (Verdict::Violated, Some(30)));
}

/// The most ticks until the goal is met, without any fault meanwhile.
fn worst(rules: Book, bounds: Bounds<'_>, (name, goal): Named<Checked>) -> Option<u32> {
    let spec = live::raft("slow", rules, bounds, &[]).without_properties();
    let spec = spec.worst_case(name, SEEN, goal);
    let report = explore(spec);
    assert_eq!(report.cut_short, None);
    report.worst_case.and_then(|worst| worst.calm).and_then(|longest| longest.ticks)
}

/// One test for each rule without which everything happens all the same, but later.
macro_rules! slower {
    ($(
        $name:ident: $rule:ident lets $property:ident take $slow:literal ticks instead of
            $quick:literal until $goal:ident within $bounds:expr;
    )*) => {
        $(
            #[test]
            fn $name() {
                let quick = worst(EVERY_RULE, $bounds, ($property, $goal));
                assert_eq!(quick, Some($quick));
                let without = AllBut(vec![Rule::$rule]);
                let slow = worst(without, $bounds, ($property, $goal));
                assert_eq!(slow, Some($slow));
            }
        )*

        pub const SLOWER: &[Rule] = &[$(Rule::$rule),*];
    };
}

slower! {
    vote_puts_off_election: VotePutsOffElection lets CAUGHT_UP take 4 ticks instead of 2
        until all_caught_up within Bounds { faults: DROP, ..THREE };
    leader_says_so: LeaderSaysSo lets ALL_FOLLOW take 4 ticks instead of 3
        until all_follow_a_leader within THREE;
    stale_leader_is_told: StaleLeaderIsTold lets ALL_FOLLOW take 6 ticks instead of 4
        until all_follow_a_leader
        within Bounds { faults: DROPS, scripts: &[&[put("x", "1")]], ..TWO };
    command_is_sent_at_once: CommandIsSentAtOnce lets ALL_ANSWERED take 5 ticks instead of 4
        until all_answered within Bounds { scripts: &[&[put("x", "1")]], ..TWO };
    applied_is_answered: AppliedIsAnswered lets ALL_ANSWERED take 8 ticks instead of 4
        until all_answered within Bounds { scripts: &[&[put("x", "1")]], ..THREE };
    leader_is_named: LeaderIsNamed lets ALL_ANSWERED take 12 ticks instead of 4
        until all_answered within Bounds { scripts: &[&[put("x", "1")]], ..THREE };
    client_follows_redirect: ClientFollowsRedirect lets ALL_ANSWERED take 12 ticks instead of 4
        until all_answered within Bounds { scripts: &[&[put("x", "1")]], ..THREE };
}
