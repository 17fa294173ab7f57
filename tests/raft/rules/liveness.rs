//! The rules of liveness: without them there is a run in which something never happens, or it takes
//! longer than it has to. Each within the smallest bounds in which that shows. Counterexamples are
//! pinned in kind and length; a lasso's length is that of the way to the loop and once around it.

use quorate_checker::engine::Miss;
use quorate_checker::spec::Faults;
use quorate_models::claims::all_answered;
use quorate_models::kv::put;
use quorate_models::raft::claims::properties::{all_caught_up, all_follow_a_leader};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::BASIC;
use quorate_models::raft::specs::live::{
    self, A_LEADER, ALL_ANSWERED, ALL_FOLLOW, Bounds, CAUGHT_UP, Pace, RECOVERY, ROLLBACK,
};

use super::Directed;
use crate::proofs::{missed, slower};

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
    options: BASIC,
};
const TWO: Bounds<'static> = Bounds { servers: 2, ..THREE };

/// A follower has an entry of term 1 where the leader has one of term 2, and refuses what comes
/// behind. A leader that took its hint for a match would never go back so far.
const LEFT_BEHIND: Directed = Directed("left behind", live::left_behind);

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
    candidate_yields: CandidateYields lets ALL_FOLLOW be missed by Lasso in 18
        within Bounds { early: 1, ..THREE };
    leader_puts_off_election: LeaderPutsOffElection lets ALL_FOLLOW be missed by Unbounded in 66
        within THREE;
    leader_sends_heartbeats: LeaderSendsHeartbeats lets ALL_FOLLOW be missed by Unbounded in 50
        within Bounds { faults: DROP, ..TWO };
    heartbeats_go_on: HeartbeatsGoOn lets ALL_FOLLOW be missed by Unbounded in 68
        within Bounds { faults: DROP, ..TWO };
    refusal_is_told: RefusalIsTold lets CAUGHT_UP be missed by Lasso in 21
        within Bounds { early: 1, ..THREE };
    refusal_matches_nothing: RefusalMatchesNothing lets CAUGHT_UP be missed by Lasso in 30
        within LEFT_BEHIND;
    refused_append_goes_back: RefusedAppendGoesBack lets CAUGHT_UP be missed by Lasso in 23
        within Bounds { early: 1, ..THREE };
    sends_the_rest: SendsTheRest lets CAUGHT_UP be missed by Lasso in 22
        within Bounds { early: 1, ..THREE };
    heartbeat_shows_loss: HeartbeatShowsLoss lets CAUGHT_UP be missed by Lasso in 17
        within Bounds { faults: DROP, ..THREE };
    commit_is_passed_on: CommitIsPassedOn lets CAUGHT_UP be missed by Lasso in 8
        within Bounds { early: 1, ..TWO };
    no_op_at_start_of_term: NoOpAtStartOfTerm lets ALL_ANSWERED be missed by Lasso in 41
        within Bounds { early: 1, scripts: &[&[put("x", "1")]], ..TWO };
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 35
        within Bounds { faults: DROP, scripts: &[&[put("x", "1")]], ..TWO };
    lost_memory_takes_out: LostMemoryTakesOut lets CAUGHT_UP be missed by Lasso in 22
        within Bounds { faults: ROLLBACK, recovery: Some(RECOVERY), ..THREE };
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 14
        within Bounds { scripts: &[&[put("x", "1")]], ..TWO };
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 24
        within Bounds { faults: CRASH, scripts: &[&[put("x", "1")]], ..THREE };
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
