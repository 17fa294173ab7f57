//! The rules of safety. Lengths are the shortest there are, within the bounds, for that property
//! alone.

use quorate_checker::report::Verdict;
use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT};
use quorate_models::kv::Command;
use quorate_models::kv::{get, put};
use quorate_models::raft::claims::properties::{
    self, ELECTION_SAFETY, LEADER_APPEND_ONLY, LEADER_COMPLETENESS, LINEARIZABILITY, LOG_MATCHING,
    STATE_MACHINE_SAFETY,
};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{self, Bounds};
use quorate_models::rules::AllBut;

use super::explore;

const NONE: Bounds<'static> = Bounds {
    servers: 3,
    scripts: &[],
    elections: 2,
    heartbeats: 0,
    retries: 0,
    faults: Faults { crashes: 0, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE },
};
const ONE_CRASH: Faults =
    Faults { crashes: 1, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE };

/// A rule, what it protects, and the bounds within which that shows.
struct Case<'a> {
    rule: Rule,
    breaks: &'static str,
    steps: usize,
    bounds: Bounds<'a>,
}

fn assert_necessary(case: Case<'_>) {
    let Case { rule, breaks, steps, bounds } = case;
    let spec = specs::raft("suspended", AllBut(vec![rule]), bounds, &[]).only(breaks);
    let report = explore(spec);
    assert_eq!(report.verdict, Verdict::Violated, "nothing breaks {breaks} without {rule:?}");
    assert_eq!(
        report.properties[0].steps,
        Some(steps),
        "{}",
        report.counterexamples[0].trace.text(false)
    );
}

/// One test for each rule, and the list of rules that have one.
macro_rules! necessary {
    ($(
        $name:ident: $rule:ident breaks $property:ident in $steps:literal within $bounds:expr;
    )*) => {
        $(
            #[test]
            fn $name() {
                let (rule, breaks, steps) = (Rule::$rule, $property, $steps);
                assert_necessary(Case { rule, breaks, steps, bounds: $bounds });
            }
        )*

        pub const SUSPENDED: &[Rule] = &[$(Rule::$rule),*];
    };
}

necessary! {
    newer_term_deposes: NewerTermDeposes breaks ELECTION_SAFETY in 7 within NONE;
    newer_term_deposes_keeps_leaders_from_rewriting:
        NewerTermDeposes breaks LEADER_APPEND_ONLY in 8 within NONE;
    candidate_raises_term: CandidateRaisesTerm breaks ELECTION_SAFETY in 6 within NONE;
    one_vote_per_term: OneVotePerTerm breaks ELECTION_SAFETY in 6 within NONE;
    majority_elects: MajorityElects breaks ELECTION_SAFETY in 2 within NONE;
    voter_counts_once: VoterCountsOnce breaks ELECTION_SAFETY in 8
        within Bounds { servers: 4, faults: Faults { duplicates: 2, ..NONE.faults }, ..NONE };
    votes_of_this_term_count: VotesOfThisTermCount breaks ELECTION_SAFETY in 7
        within Bounds { elections: 3, ..NONE };
    vote_for_up_to_date_log: VoteForUpToDateLog breaks LEADER_COMPLETENESS in 8 within NONE;
    last_term_before_length: LastTermBeforeLength breaks LEADER_COMPLETENESS in 12
        within Bounds { elections: 3, scripts: &[&[put("x", "1")]], ..NONE };
    term_survives_crash: TermSurvivesCrash breaks ELECTION_SAFETY in 8
        within Bounds { faults: ONE_CRASH, ..NONE };
    vote_survives_crash: VoteSurvivesCrash breaks ELECTION_SAFETY in 8
        within Bounds { faults: ONE_CRASH, ..NONE };
    log_survives_crash: LogSurvivesCrash breaks LEADER_COMPLETENESS in 10
        within Bounds { faults: ONE_CRASH, ..NONE };
    save_before_send: SaveBeforeSend breaks SAVED_BEFORE_SENT in 1 within NONE;
    only_leader_appends: OnlyLeaderAppends breaks LOG_MATCHING in 4
        within Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    stale_leader_refused: StaleLeaderRefused breaks STATE_MACHINE_SAFETY in 9
        within Bounds { heartbeats: 1, scripts: &[&[put("x", "1")]], ..NONE };
    log_matches_before_append: LogMatchesBeforeAppend breaks LOG_MATCHING in 10
        within Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    conflict_truncates: ConflictTruncates breaks LEADER_COMPLETENESS in 11
        within Bounds { elections: 3, ..NONE };
    only_conflict_truncates: OnlyConflictTruncates breaks LEADER_COMPLETENESS in 12
        within Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    majority_stores: MajorityStores breaks LEADER_COMPLETENESS in 6 within NONE;
    commit_within_matched: CommitWithinMatched breaks STATE_MACHINE_SAFETY in 10
        within Bounds { heartbeats: 1, scripts: &[&[put("x", "1")]], ..NONE };
    apply_only_committed: ApplyOnlyCommitted breaks STATE_MACHINE_SAFETY in 3 within NONE;
    answer_only_committed: ApplyOnlyCommitted breaks LINEARIZABILITY in 13
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..NONE };
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
            scripts: &[&[put("x", "1"), get("x")]],
            ..NONE
        };
    answer_is_its_own: AnswerIsItsOwn breaks LINEARIZABILITY in 14
        within Bounds {
            elections: 1,
            retries: 1,
            scripts: &[&[put("x", "1"), get("x")]],
            ..NONE
        };
    reads_through_log: ReadsThroughLog breaks LINEARIZABILITY in 15
        within Bounds { retries: 1, scripts: &[&[put("x", "1"), get("x")]], ..NONE };
}

/// What the tests below suspend.
pub const ELSEWHERE: &[Rule] =
    &[Rule::OwnTermCommits, Rule::RepliesOfThisTermCount, Rule::NoOpAtStartOfTerm];

/// Figure 8. The directed space with all rules in force is explored to its end in `raft_specs.rs`.
#[test]
fn own_term_commits() {
    let report = explore(specs::figure_8_naive().only(LEADER_COMPLETENESS));
    assert_eq!(report.verdict, Verdict::Violated);
    assert_eq!(report.properties[0].steps, Some(18));
}

#[test]
fn replies_of_this_term_count() {
    let rules = AllBut(vec![Rule::RepliesOfThisTermCount]);
    let spec = specs::late_reply("suspended", rules).only(LEADER_COMPLETENESS);
    let report = explore(spec);
    assert_eq!(report.verdict, Verdict::Violated);
    assert_eq!(report.properties[0].steps, Some(32));
}

/// Without the no-op an entry of an older term waits for the next command, for ever if there is
/// none.
#[test]
fn no_op_at_start_of_term() {
    const FACT: &str = "an older command is committed";
    let rules = AllBut(vec![Rule::NoOpAtStartOfTerm]);
    let bounds = Bounds { scripts: &[&[put("x", "1")]], ..NONE };
    let facts = [(FACT, properties::an_older_command_committed as _)];
    let report = explore(specs::raft("suspended", rules, bounds, &facts).only(FACT));
    assert_eq!(report.verdict, Verdict::Violated, "it is unreachable");
    assert_eq!(report.cut_short, None, "that it is so, only the whole space tells");
}
