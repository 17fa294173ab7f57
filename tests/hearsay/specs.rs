//! Every rung of the ladder, explored to its end on one thread. The numbers change only with a
//! reason.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_models::election::{ALL_FOLLOW, ONE_LEADER_AN_EPOCH};
use quorate_models::hearsay::rules::Rule;
use quorate_models::hearsay::specs::{HearsaySpec, LADDER, REPAIRS, live};
use quorate_models::system::Boxed;

use crate::proofs::{assert_breaks, assert_misses};
use crate::support::specs::{assert_all_are_pinned, explore, holds};

holds! {
    repaired: "hearsay/repaired" has depth 20;
    lossy: "hearsay/lossy" has depth 14;
    row: "hearsay/row" has depth 14;
    passed_on: "hearsay/passed-on" has depth 19;
    failover_live: "hearsay/failover-live" has depth 20;
    lossy_live: "hearsay/lossy-live" has depth 33;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("hearsay", HOLD);
}

/// Decides every property.
fn explore_all(spec: HearsaySpec) -> Report {
    let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
    spec.boxed().check(Engine::Quorate, &limits, &mut |_| {})
}

/// Two servers lead in one epoch, on every rung but the last, in so many steps.
#[test]
fn each_rung_but_the_last_has_two_leaders() {
    let steps = [
        ("hearsay/as-written-2", 4),
        ("hearsay/as-written", 7),
        ("hearsay/votes-for-all", 10),
        ("hearsay/forgets-its-vote", 12),
        ("hearsay/counts-twice", 9),
        ("hearsay/second-hand", 10),
        ("hearsay/stale-votes", 11),
        ("hearsay/votes-for-the-other", 6),
        ("hearsay/neighbours", 6),
    ];
    assert_eq!(LADDER.len(), steps.len());
    for (rung, (name, steps)) in LADDER.iter().zip(steps) {
        assert_eq!(rung.name, name);
        assert_breaks(rung.spec(), ONE_LEADER_AN_EPOCH, steps);
        let whole = explore_all(rung.spec());
        assert_eq!((whole.cut_short.as_ref(), whole.verdict), (None, Verdict::Violated));
        assert!(!whole.is_surprise(), "{whole:#?}");
    }
}

/// A rung fails for want of the next repair and for nothing else: with that it holds within the
/// very same bounds. The first repair alone mends nothing: whoever votes for all elects all.
#[test]
fn each_repair_mends_the_rung_below() {
    for rung in LADDER {
        let report = explore_all(rung.mended());
        let expected = if rung.repairs == 0 { Verdict::Violated } else { Verdict::Holds };
        let found = (report.cut_short.as_ref(), report.verdict);
        assert_eq!(found, (None, expected), "{}: {report:#?}", rung.name);
    }
}

/// A repair is missing on every rung, and all of them are made on the last.
#[test]
fn the_ladder_has_a_rung_for_each_repair() {
    for (repairs, rule) in REPAIRS.iter().enumerate() {
        assert!(LADDER.iter().any(|rung| rung.repairs == repairs), "no rung lacks {rule:?} first");
    }
    assert_eq!(REPAIRS.first(), Some(&Rule::MessageIsAVote));
}

/// All stop sending when there is a leader, as the article has it: nobody can tell it from a dead
/// one, and elections do not end.
#[test]
fn a_silent_leader_is_not_followed_for_long() {
    assert_misses(live::silence(), ALL_FOLLOW, Miss::Unbounded, 46);
    let whole = explore_all(live::silence());
    assert_eq!((whole.verdict, whole.is_surprise()), (Verdict::Violated, false), "{whole:#?}");
}

/// A leader is up again after the longest election timeout, and after two if one came too soon.
#[test]
fn a_leader_is_elected_within_its_time() {
    for (name, calm, early) in [("hearsay/failover-live", 3, 6), ("hearsay/lossy-live", 3, 3)] {
        let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
        let ticks = [worst.calm, worst.with_early].map(|longest| longest.and_then(|it| it.ticks));
        assert_eq!(ticks, [Some(calm), Some(early)], "{name}");
    }
}

/// Stateright's search, on one thread, is the oracle of ours. It decides nothing about runs.
#[test]
fn stateright_finds_the_same() {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    for name in ["hearsay/lossy", "hearsay/row", "hearsay/failover-live"] {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(counts(ours), counts(theirs), "{name}");
    }
}
