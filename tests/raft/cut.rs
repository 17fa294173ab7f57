//! Links that are cut: which options are enough, and what goes wrong with fewer.

use quorate_checker::engine::Miss::{self, Lasso, Unbounded};
use quorate_checker::report::{Engine, Verdict};
use quorate_models::raft::specs::cut::{MAJORITY_FOLLOWS, NOBODY_STANDS};

use crate::support::specs::{explore, holds};

holds! {
    partition: "raft/partition-live" has depth 56;
    one_way: "raft/one-way-live" has depth 59;
    bridge: "raft/bridge-live" has depth 105;
    cut_off: "raft/cut-off-live" has depth 75;
    returning: "raft/returning-live" has depth 50;
    deaf: "raft/deaf-live" has depth 27;
    deaf_and_led: "raft/deaf-follower-live" has depth 86;
    unequal: "raft/unequal-live" has depth 71;
}

/// Asserts that a spec is explored to its end, that it fails `property` alone, and how.
fn assert_misses_only(name: &str, states: u64, property: &str, miss: Miss, steps: usize) {
    let report = explore(name, Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!((report.cut_short, report.states), (None, states), "{name}");
    for found in &report.properties {
        let missed = (found.verdict == Verdict::Violated).then_some((found.miss, found.steps));
        let expected = (found.name == property).then_some((Some(miss), Some(steps)));
        assert_eq!(missed, expected, "{name}: {}", found.name);
    }
}

#[test]
fn without_either_option_leaders_are_deposed_without_end() {
    assert_misses_only("raft/partition-basic-live", 1_517, MAJORITY_FOLLOWS, Unbounded, 39);
    assert_misses_only("raft/one-way-basic-live", 826, MAJORITY_FOLLOWS, Unbounded, 36);
}

#[test]
fn a_pre_vote_alone_keeps_a_leader_that_reaches_too_few() {
    assert_misses_only("raft/pre-vote-alone-live", 33_036, MAJORITY_FOLLOWS, Lasso, 36);
}

#[test]
fn a_leader_that_checks_its_quorum_leaves_terms_that_grow_without_end() {
    let name = "raft/check-quorum-alone-live";
    assert_misses_only(name, 197_482, NOBODY_STANDS, Unbounded, 119);
}

#[test]
fn both_do_not_elect_whoever_lacks_an_entry() {
    assert_misses_only("raft/star-live", 1_828_183, MAJORITY_FOLLOWS, Lasso, 42);
}
