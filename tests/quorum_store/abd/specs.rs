//! Every spec of the atomic register, explored to its end on one thread. The numbers change only
//! with a reason.

use quorate_checker::report::{Engine, Verdict};
use quorate_models::quorum_store::abd::claims::properties::LINEARIZABILITY;

use crate::support::specs::{assert_stateright_finds_the_same, assert_worst, explore, holds};

holds! {
    two_writers: "quorum-store/abd-two-writers" has depth 28;
    readers: "quorum-store/abd-readers" has depth 26;
    crash: "quorum-store/abd-crash" has depth 20;
    lossy: "quorum-store/abd-lossy" has depth 27;
    doubled: "quorum-store/abd-doubled" has depth 24;
    in_turn: "quorum-store/abd-in-turn" has depth 33;
    rejoin: "quorum-store/abd-rejoin" has depth 36;
    old_life: "quorum-store/abd-old-life" has depth 32;
    failover_live: "quorum-store/abd-failover-live" has depth 21;
    lossy_live: "quorum-store/abd-lossy-live" has depth 25;
    cut_link_live: "quorum-store/abd-cut-link-live" has depth 21;
    rejoin_live: "quorum-store/abd-rejoin-live" has depth 32;
}

/// The first paper has one writer, which need not ask for the next tag.
#[test]
fn a_register_for_one_writer_has_two() {
    let report = explore("quorum-store/abd-one-writer", Engine::Quorate);
    assert_eq!((report.verdict, report.expected), (Verdict::Violated, Verdict::Violated));
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(LINEARIZABILITY).steps, Some(20));
}

/// A server that is asked alone does not know what the others have stored.
#[test]
fn a_read_of_one_server_misses_what_is_stored() {
    let report = explore("quorum-store/abd-one-replica", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(LINEARIZABILITY).steps, Some(11));
}

/// A client that is not answered asks again after 2 ticks of 50 ms.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks, delays) in [
        ("quorum-store/abd-failover-live", 2, 12),
        ("quorum-store/abd-lossy-live", 2, 12),
        ("quorum-store/abd-cut-link-live", 0, 8),
        ("quorum-store/abd-rejoin-live", 1, 4),
    ] {
        assert_worst(name, ticks, delays);
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in
        ["quorum-store/abd-crash", "quorum-store/abd-doubled", "quorum-store/abd-lossy-live"]
    {
        assert_stateright_finds_the_same(name);
    }
}
