//! Every spec of chain replication, explored to its end on one thread. The numbers change only
//! with a reason.

use quorate_checker::report::{Engine, Verdict};
use quorate_models::chain::claims::properties::LINEARIZABILITY;

use crate::support::specs::{
    assert_all_are_pinned, assert_stateright_finds_the_same, assert_worst, explore, holds,
};

holds! {
    three: "chain/three" has depth 24;
    failover: "chain/failover" has depth 23;
    lossy: "chain/lossy" has depth 20;
    suspicion: "chain/suspicion" has depth 22;
    paper: "chain/paper" has depth 18;
    two_in_turn: "chain/two-in-turn" has depth 25;
    cut_off: "chain/cut-off" has depth 19;
    failover_live: "chain/failover-live" has depth 34;
    restart_live: "chain/restart-live" has depth 68;
    lossy_live: "chain/lossy-live" has depth 58;
    suspicion_live: "chain/suspicion-live" has depth 74;
    last_live: "chain/last-live" has depth 32;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("chain", HOLD);
}

/// The paper's assumption is dropped, and one of the two rules that take its place is missing. Each
/// control is the spec of the same bounds with all rules in force.
#[test]
fn a_server_that_lives_is_taken_for_dead() {
    for (name, steps, control) in
        [("chain/false-suspicion", 12, "chain/suspicion"), ("chain/tail-reads", 8, "chain/cut-off")]
    {
        let report = explore(name, Engine::Quorate);
        assert_eq!((report.verdict, report.expected), (Verdict::Violated, Verdict::Violated));
        assert!(!report.is_surprise(), "{report:#?}");
        assert_eq!(report.property(LINEARIZABILITY).steps, Some(steps), "{name}");
        assert!(HOLD.contains(&control), "{control} is explored to its end");
    }
}

/// How many ticks pass until the goal is met, each a ping interval, and how many message delays.
/// A client that is not answered asks again after 4 ticks.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks, delays) in
        [("chain/failover-live", 4, 6), ("chain/lossy-live", 8, 5), ("chain/last-live", 0, 2)]
    {
        assert_worst(name, ticks, delays);
    }
}

#[test]
fn stateright_agrees() {
    for name in ["chain/paper", "chain/cut-off", "chain/lossy", "chain/restart-live"] {
        assert_stateright_finds_the_same(name);
    }
}
