//! Every spec of Raft, explored to its end on one thread. The numbers change only with a reason.

use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_models::raft::specs;
use quorate_models::system::Boxed;

use crate::support::specs::{assert_all_are_pinned, explore, holds};

holds! {
    election: "raft/election" has depth 30;
    replication: "raft/replication" has depth 32;
    readers: "raft/readers" has depth 32;
    follower_reads: "raft/follower-reads" has depth 30;
    old_leader_reads: "raft/old-leader-reads" has depth 35;
    follower_reads_live: "raft/follower-reads-live" has depth 51;
    readers_live: "raft/readers-live" has depth 48;
    failover: "raft/failover" has depth 33;
    lossy: "raft/lossy" has depth 18;
    sticky: "raft/sticky" has depth 34;
    one: "raft/one" has depth 12;
    two: "raft/two" has depth 29;
    taken_out: "raft/taken-out" has depth 21;
    shorter: "raft/shorter" has depth 13;
    five: "raft/five" has depth 15;
    figure_8: "raft/figure-8" has depth 29;
    late_reply: "raft/late-reply" has depth 35;
    elections_3: "raft/elections-3" has depth 40;
    window: "raft/window" has depth 32;
    elections_4: "raft/elections-4" has depth 47;
    heartbeat: "raft/heartbeat" has depth 39;
    lossy_2: "raft/lossy-2" has depth 24;
    failover_lossy: "raft/failover-lossy" has depth 34;
    crashes_2: "raft/crashes-2" has depth 36;
    five_2: "raft/five-2" has depth 35;
    batches: "raft/batches" has depth 32;
    retry_2: "raft/retry-2" has depth 25;
    failover_retry: "raft/failover-retry" has depth 35;
    failover_2: "raft/failover-2" has depth 39;
    readers_2: "raft/readers-2" has depth 28;
    four_client: "raft/four-client" has depth 36;
    five_client: "raft/five-client" has depth 26;
}

/// Stateright's search, on one thread, is the oracle of ours.
#[test]
fn stateright_agrees() {
    let seen = |report: &Report| {
        let verdicts = report.properties.iter().map(|p| (p.name, p.verdict, p.steps));
        let verdicts: Vec<_> = verdicts.collect();
        (report.states, report.transitions, report.depth, report.verdict, verdicts)
    };
    for name in ["raft/election", "raft/two", "raft/five", "raft/figure-8"] {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(seen(&ours), seen(&theirs), "{name}");
    }
}

#[test]
fn figure_8_naive_is_broken() {
    let report = explore("raft/figure-8-naive", Engine::Quorate);
    assert_eq!(report.verdict, Verdict::Violated);
    assert_eq!(report.expected, Verdict::Violated);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property("leader completeness").steps, Some(18));
    assert_eq!((report.states, report.transitions), (877, 1_893), "up to that step");

    let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
    let whole = specs::figure_8_naive().boxed().check(Engine::Quorate, &limits, &mut |_| {});
    assert_eq!((whole.cut_short, whole.states, whole.transitions), (None, 2_579, 5_035));
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned(
        "raft",
        &[
            HOLD,
            super::live::HOLD,
            super::cut::HOLD,
            super::transfer::HOLD,
            super::parallel::HOLD,
            super::membership::HOLD,
            super::identity::HOLD,
            super::reads::HOLD,
            super::snapshot::HOLD,
            super::aside::HOLD,
            super::sessions::HOLD,
        ]
        .concat(),
    );
    // No test runs these: they take minutes. `quorate check --all` compares.
    for spec in quorate_models::large_specs() {
        assert!(spec.counts().is_some(), "{} is not pinned", spec.name());
    }
}
