//! Every spec of the atomic register, explored to its end on one thread. The numbers change only
//! with a reason.

use quorate_checker::report::{Engine, Report, Verdict};
use quorate_models::quorum_store::abd::claims::properties::LINEARIZABILITY;

use crate::support::specs::{explore, holds};

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
        let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
        let calm = worst.calm.expect("the goal is not met from the start");
        assert_eq!((calm.ticks, calm.message_delays), (Some(ticks), delays), "{name}");
    }
}

/// Stateright's search, on one thread, is the oracle of ours. It decides nothing about runs.
#[test]
fn stateright_finds_the_same() {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    let told = |report: &Report| {
        let of_states = report.properties.iter().filter(|property| !property.kind.is_temporal());
        of_states.map(|property| (property.name, property.verdict)).collect::<Vec<_>>()
    };
    for name in
        ["quorum-store/abd-crash", "quorum-store/abd-doubled", "quorum-store/abd-lossy-live"]
    {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(told(&ours), told(&theirs), "{name}");
        assert_eq!(counts(ours), counts(theirs), "{name}");
    }
}
