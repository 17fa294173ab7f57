//! Every spec of PARABOLIC, explored to its end on one thread. The numbers change only with a
//! reason.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_models::election::{ALL_FOLLOW, LEADER_STAYS, ONE_LEADER};
use quorate_models::parabolic::specs::{ParabolicSpec, live};
use quorate_models::system::Boxed;

use crate::proofs::{assert_breaks, assert_misses};
use crate::support::specs::{assert_all_are_pinned, explore, holds};

holds! {
    eventual_live: "parabolic/eventual-live" has depth 38;
    failover_live: "parabolic/failover-live" has depth 52;
    stable_live: "parabolic/stable-live" has depth 49;
    confirmed: "parabolic/confirmed" has depth 25;
    again: "parabolic/again" has depth 26;
    doubled: "parabolic/doubled" has depth 13;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("parabolic", HOLD);
}

/// The spec is violated as it says, and in nothing else, when every property is decided.
fn assert_fails_as_expected(spec: ParabolicSpec) {
    let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
    let report = spec.boxed().check(Engine::Quorate, &limits, &mut |_| {});
    assert_eq!((report.cut_short.as_ref(), report.verdict), (None, Verdict::Violated));
    assert!(!report.is_surprise(), "{report:#?}");
}

/// Two servers lead at once, where one takes the other for silent or is cut off from it.
#[test]
fn each_leads_its_own_list() {
    for (spec, steps) in [(live::as_written as fn() -> ParabolicSpec, 2), (live::cut_off, 9)] {
        assert_breaks(spec(), ONE_LEADER, steps);
        assert_fails_as_expected(spec());
    }
}

/// And for ever, if all stop speaking, if nothing breaks a tie, if they do not agree on weights, or
/// if they are cut off for good.
#[test]
fn two_may_lead_for_ever() {
    for (spec, miss, steps) in [
        (live::silent as fn() -> ParabolicSpec, Miss::Stop, 11),
        (live::tie, Miss::Lasso, 11),
        (live::own_load, Miss::Lasso, 11),
        (live::cut_off, Miss::Lasso, 21),
    ] {
        assert_misses(spec(), ALL_FOLLOW, miss, steps);
        assert_fails_as_expected(spec());
    }
}

/// The best one deposes whoever leads when it comes back.
#[test]
fn who_comes_back_deposes_the_leader() {
    assert_breaks(live::deposes(), LEADER_STAYS, 8);
    assert_fails_as_expected(live::deposes());
}

/// One is taken off the list within 3 ticks, and another one has its place at once.
#[test]
fn all_follow_a_leader_within_its_time() {
    for (name, calm, early) in
        [("parabolic/eventual-live", 3, 4), ("parabolic/failover-live", 3, 5)]
    {
        let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
        let ticks = [worst.calm, worst.with_early].map(|longest| longest.and_then(|it| it.ticks));
        assert_eq!(ticks, [Some(calm), Some(early)], "{name}");
    }
}

/// Stateright's search, on one thread, is the oracle of ours. It decides nothing about runs.
#[test]
fn stateright_finds_the_same() {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    for name in ["parabolic/eventual-live", "parabolic/stable-live", "parabolic/doubled"] {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(counts(ours), counts(theirs), "{name}");
    }
}
