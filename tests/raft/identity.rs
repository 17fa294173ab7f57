//! Servers that know each other by their stores: the specs of it.

use quorate_checker::report::{Engine, Verdict};

use crate::support::specs::{explore, holds};

holds! {
    wiped: "raft/wiped" has depth 28;
    wiped_at_once: "raft/wiped-at-once" has depth 26;
    founder_taken_back: "raft/founder-taken-back" has depth 42;
    taken_back: "raft/taken-back" has depth 46;
    recorded: "raft/recorded" has depth 38;
    recorded_live: "raft/recorded-live" has depth 54;
    wiped_reads: "raft/wiped-reads" has depth 41;
    wiped_change_live: "raft/wiped-change-live" has depth 83;
}

/// A founder is wiped before the record of its store is in the log of a server that stands.
#[test]
fn a_founder_that_is_wiped_at_once_votes_twice() {
    let report = explore("raft/wiped-founder", Engine::Quorate);
    assert_eq!(report.verdict, Verdict::Violated);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property("election safety").steps, Some(8));
}
