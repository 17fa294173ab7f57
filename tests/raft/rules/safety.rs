//! The rules of safety. Lengths are the shortest there are, within the bounds, for that property
//! alone.

use quorate_checker::report::Verdict;
use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT};
use quorate_models::kv::Command;
use quorate_models::kv::{get, put};
use quorate_models::raft::claims::conduct::WINDOW_KEPT;
use quorate_models::raft::claims::properties::{
    self, ELECTION_SAFETY, LEADER_APPEND_ONLY, LEADER_COMPLETENESS, LINEARIZABILITY, LOG_MATCHING,
    STATE_MACHINE_SAFETY,
};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{self, BASIC, Bounds};
use quorate_models::rules::AllBut;

use super::directions::{HEARTBEAT, ONE_AFTER_ANOTHER, THIRD, TWO_OF_FOUR};
use super::{Directed, Without};
use crate::proofs::{explore, necessary};

const NONE: Bounds<'static> = Bounds {
    servers: 3,
    scripts: &[],
    elections: 2,
    heartbeats: 0,
    retries: 0,
    faults: Faults { crashes: 0, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE },
    options: BASIC,
};
const ONE_CRASH: Faults =
    Faults { crashes: 1, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE };

const DOUBLED: Faults =
    Faults { crashes: 0, down_at_once: 1, drops: 0, duplicates: 1, ..Faults::NONE };

const FIGURE_8: Directed = Directed("figure 8", specs::figure_8);
const LATE_REPLY: Directed = Directed("late reply", specs::late_reply);

necessary! {
    newer_term_deposes: NewerTermDeposes breaks ELECTION_SAFETY in 7 within NONE;
    newer_term_deposes_keeps_leaders_from_rewriting:
        NewerTermDeposes breaks LEADER_APPEND_ONLY in 8 within NONE;
    candidate_raises_term: CandidateRaisesTerm breaks ELECTION_SAFETY in 6 within NONE;
    one_vote_per_term: OneVotePerTerm breaks ELECTION_SAFETY in 6 within NONE;
    majority_elects: MajorityElects breaks ELECTION_SAFETY in 2 within NONE;
    voter_counts_once: VoterCountsOnce breaks ELECTION_SAFETY in 8
        within TWO_OF_FOUR;
    votes_of_this_term_count: VotesOfThisTermCount breaks ELECTION_SAFETY in 7
        within Bounds { elections: 3, ..NONE };
    vote_for_up_to_date_log: VoteForUpToDateLog breaks LEADER_COMPLETENESS in 8 within NONE;
    last_term_before_length: LastTermBeforeLength breaks LEADER_COMPLETENESS in 12
        within THIRD;
    term_survives_crash: TermSurvivesCrash breaks ELECTION_SAFETY in 8
        within Bounds { faults: ONE_CRASH, ..NONE };
    vote_survives_crash: VoteSurvivesCrash breaks ELECTION_SAFETY in 8
        within Bounds { faults: ONE_CRASH, ..NONE };
    log_survives_crash: LogSurvivesCrash breaks LEADER_COMPLETENESS in 10
        within Bounds { faults: ONE_CRASH, ..NONE };
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1 within NONE;
    only_leader_appends: OnlyLeaderAppends breaks LOG_MATCHING in 4
        within Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    stale_leader_refused: StaleLeaderRefused breaks STATE_MACHINE_SAFETY in 9 within NONE;
    log_matches_before_append: LogMatchesBeforeAppend breaks LOG_MATCHING in 11
        within Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    conflict_truncates: ConflictTruncates breaks LEADER_COMPLETENESS in 11
        within Bounds { elections: 3, ..NONE };
    only_conflict_truncates: OnlyConflictTruncates breaks LEADER_COMPLETENESS in 12
        within Bounds { scripts: &[&[put("x", "1")]], faults: DOUBLED, ..NONE };
    majority_stores: MajorityStores breaks LEADER_COMPLETENESS in 6 within NONE;
    commit_within_matched: CommitWithinMatched breaks STATE_MACHINE_SAFETY in 10
        within Without(Rule::HeartbeatShowsLoss, HEARTBEAT);
    apply_only_committed: ApplyOnlyCommitted breaks STATE_MACHINE_SAFETY in 3 within NONE;
    answer_only_committed: ApplyOnlyCommitted breaks LINEARIZABILITY in 16
        within ONE_AFTER_ANOTHER;
    apply_in_order: ApplyInOrder breaks STATE_MACHINE_SAFETY in 18
        within Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    retry_takes_effect_once: RetryTakesEffectOnce breaks LINEARIZABILITY in 19
        within Bounds {
            elections: 1,
            retries: 1,
            scripts: &[&[put("x", "1"), Command::Delete { key: "x".into() }]],
            ..NONE
        };
    outcome_is_its_own: OutcomeIsItsOwn breaks LINEARIZABILITY in 15
        within Bounds {
            elections: 1,
            retries: 1,
            scripts: &[&[put("x", "1"), Command::Delete { key: "x".into() }]],
            ..NONE
        };
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 14
        within Bounds {
            elections: 1,
            retries: 1,
            scripts: &[&[put("x", "1"), get("x")]],
            ..NONE
        };
    own_term_commits: OwnTermCommits breaks LEADER_COMPLETENESS in 18 within FIGURE_8;
    replies_of_this_term_count: RepliesOfThisTermCount breaks LEADER_COMPLETENESS in 32
        within LATE_REPLY;
    window_bounds_flight: WindowBoundsFlight breaks WINDOW_KEPT in 4
        within Bounds { elections: 1, scripts: &[&[put("x", "1")]], ..NONE };
}

/// Without the no-op an entry of an older term waits for the next command, for ever if there is
/// none.
#[test]
fn no_op_at_start_of_term() {
    const FACT: &str = "an older command is committed";
    let bounds = Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    let facts = [specs::fact(FACT, properties::an_older_command_committed)];
    let reports = [vec![], vec![Rule::NoOpAtStartOfTerm]]
        .map(|rules| explore(specs::raft("proof", AllBut(rules), bounds, &facts).only(FACT)));
    assert_eq!(reports.each_ref().map(|r| r.verdict), [Verdict::Holds, Verdict::Violated]);
    assert_eq!(reports[1].cut_short, None, "only the whole space tells that it is unreachable");
}
