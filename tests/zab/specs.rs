//! The listed specs of ZAB: what there is to explore, that Stateright's own search finds the same,
//! and where designs of ZooKeeper's break.

use quorate_checker::report::{Engine, Report};
use quorate_models::zab::claims::properties::{
    COMMITS_ARE_KNOWN, MAJORITY_HOLDS, PREFIX, PRIMARY_INTEGRITY, PRIMARY_ORDER,
};

use crate::support::specs::{assert_all_are_pinned, explore, holds};

/// The most ticks of 50 ms that pass until the goal is met, without any fault meanwhile.
fn worst(report: &Report) -> Option<u32> {
    report.worst_case.as_ref()?.calm.as_ref()?.ticks
}

holds! {
    broadcast: "zab/broadcast" has depth 40;
    retry: "zab/retry" has depth 41;
    failover: "zab/failover" has depth 43;
    restart: "zab/restart" has depth 34;
    epochs: "zab/epochs" has depth 45;
    lossy: "zab/lossy" has depth 17;
    twice: "zab/twice" has depth 29;
    snapshots: "zab/snapshots" has depth 53;
    narrow: "zab/narrow" has depth 49;
    four: "zab/four" has depth 41;
    in_pieces: "zab/pieces" has depth 22;
    window: "zab/window" has depth 25;
    wiped: "zab/wiped" has depth 38;
    overtaken: "zab/overtaken" has depth 25;
    behind: "zab/behind" has depth 32;
    aside: "zab/aside" has depth 28;
    election_live: "zab/election-live" has depth 58;
    calm_live: "zab/calm-live" has depth 57;
    failover_live: "zab/failover-live" has depth 82;
    rejoin_live: "zab/rejoin-live" has depth 104;
    lossy_live: "zab/lossy-live" has depth 47;
    cut_off_live: "zab/cut-off-live" has depth 132;
    missed: "zab/missed" has depth 22;
    follower_reads: "zab/follower-reads" has depth 30;
    deposed_reads: "zab/deposed-reads" has depth 42;
    restarted_reads: "zab/restarted-reads" has depth 40;
    stale_reads: "zab/stale-reads" has depth 26;
    votes: "zab/votes" has depth 17;
    votes_again: "zab/votes-again" has depth 18;
    follower_reads_live: "zab/follower-reads-live" has depth 77;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("zab", HOLD);
}

/// A dead leader is missed for 150 to 300 ms; then there is an election, and the client asks again.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks) in [
        ("zab/election-live", Some(2)),
        ("zab/calm-live", Some(2)),
        ("zab/failover-live", Some(13)),
        ("zab/rejoin-live", Some(9)),
        ("zab/cut-off-live", Some(12)),
        ("zab/lossy-live", Some(4)),
        ("zab/follower-reads-live", Some(4)),
    ] {
        assert_eq!(worst(&explore(name, Engine::Quorate)), ticks, "{name}");
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in ["zab/four", "zab/lossy-live"] {
        let (ours, theirs) = (explore(name, Engine::Quorate), explore(name, Engine::Stateright));
        assert_eq!(theirs.states, ours.states, "{name}");
        assert_eq!(theirs.transitions, ours.transitions, "{name}");
    }
}

/// What `rules.rs` suspends is as ZooKeeper once was.
#[test]
fn what_broke_in_zookeeper_breaks_here() {
    for (name, property, steps) in [
        ("zab/zk-2845", COMMITS_ARE_KNOWN, 15),
        ("zab/zk-3911", MAJORITY_HOLDS, 8),
        ("zab/zk-4394", MAJORITY_HOLDS, 23),
        ("zab/zk-4643", PRIMARY_INTEGRITY, 15),
        ("zab/zk-4712", PRIMARY_ORDER, 16),
        ("zab/zk-4925", PREFIX, 15),
        ("zab/hearsay-commit", MAJORITY_HOLDS, 25),
        ("zab/too-few-told", COMMITS_ARE_KNOWN, 21),
    ] {
        let report = explore(name, Engine::Quorate);
        assert!(!report.is_surprise(), "{report:#?}");
        assert_eq!(report.property(property).steps, Some(steps), "{name}");
    }
}
