//! The listed specs of primary and backup: what there is to explore, how long it takes at most, and
//! that Stateright's own search finds the same.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Report};
use quorate_models::primary_backup::specs::live::{A_PRIMARY, ACKNOWLEDGED, ALL_ANSWERED};

use crate::support::specs::{assert_all_are_pinned, explore, holds};

/// The most ticks of 50 ms that pass until the goal is met, without any fault meanwhile.
fn worst(report: &Report) -> Option<u32> {
    report.worst_case.as_ref()?.calm.as_ref()?.ticks
}

holds! {
    failover: "primary-backup/failover" has depth 27;
    rejoin: "primary-backup/rejoin" has depth 32;
    lossy: "primary-backup/lossy" has depth 19;
    suspicion: "primary-backup/suspicion" has depth 28;
    three: "primary-backup/three" has depth 31;
    idle: "primary-backup/idle" has depth 33;
    failover_live: "primary-backup/failover-live" has depth 67;
    rejoin_live: "primary-backup/rejoin-live" has depth 49;
    lossy_live: "primary-backup/lossy-live" has depth 34;
    alone_live: "primary-backup/alone-live" has depth 43;
    calm_live: "primary-backup/calm-live" has depth 14;
    suspicion_live: "primary-backup/suspicion-live" has depth 59;
    cut_off_live: "primary-backup/cut-off-live" has depth 45;
    idle_live: "primary-backup/idle-live" has depth 27;
    service_live: "primary-backup/service-live" has depth 63;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("primary-backup", HOLD);
}

/// A dead primary is missed for 250 ms; the client then asks the new one within 100 ms, or within
/// another 50 ms more, if it asked just before.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks) in [
        ("primary-backup/failover-live", Some(8)),
        ("primary-backup/rejoin-live", Some(9)),
        ("primary-backup/lossy-live", Some(2)),
        ("primary-backup/cut-off-live", Some(0)),
        ("primary-backup/alone-live", Some(7)),
        ("primary-backup/calm-live", Some(1)),
        ("primary-backup/suspicion-live", Some(4)),
        ("primary-backup/idle-live", Some(2)),
        ("primary-backup/service-live", Some(9)),
    ] {
        assert_eq!(worst(&explore(name, Engine::Quorate)), ticks, "{name}");
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in
        ["primary-backup/failover", "primary-backup/suspicion", "primary-backup/rejoin-live"]
    {
        let (ours, theirs) = (explore(name, Engine::Quorate), explore(name, Engine::Stateright));
        assert_eq!(theirs.states, ours.states, "{name}");
        assert_eq!(theirs.transitions, ours.transitions, "{name}");
    }
}

/// Where the last copy of the database is lost, or may be, nobody takes the primary's place.
#[test]
fn a_lost_database_is_not_replaced_by_an_empty_one() {
    for (name, property, steps) in [
        ("primary-backup/first-primary-live", A_PRIMARY, 35),
        ("primary-backup/first-primary-live", ACKNOWLEDGED, 35),
        ("primary-backup/first-primary-live", ALL_ANSWERED, 35),
        ("primary-backup/both-live", A_PRIMARY, 18),
        ("primary-backup/both-live", ACKNOWLEDGED, 18),
    ] {
        let report = explore(name, Engine::Quorate);
        assert!(!report.is_surprise(), "{report:#?}");
        let found = report.property(property);
        assert_eq!((found.miss, found.steps), (Some(Miss::Lasso), Some(steps)), "{name}");
    }
}
