//! The listed specs of Viewstamped Replication: what there is to explore, how long it takes at
//! most, that Stateright's own search finds the same, and where the paper breaks.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Report};
use quorate_models::viewstamped::claims::properties::NOTHING_IS_LOST;
use quorate_models::viewstamped::specs::live::ONE_VIEW;

use crate::support::specs::{assert_all_are_pinned, explore, holds};

/// The most ticks of 50 ms that pass until the goal is met, without any fault meanwhile.
fn worst(report: &Report) -> Option<u32> {
    report.worst_case.as_ref()?.calm.as_ref()?.ticks
}

holds! {
    view_change: "viewstamped/view-change" has depth 34;
    conflict: "viewstamped/conflict" has depth 29;
    recovery: "viewstamped/recovery" has depth 25;
    transfer: "viewstamped/transfer" has depth 26;
    checkpoint: "viewstamped/checkpoint" has depth 30;
    checkpoint_views: "viewstamped/checkpoint-views" has depth 30;
    window: "viewstamped/window" has depth 27;
    lossy: "viewstamped/lossy" has depth 18;
    four: "viewstamped/four" has depth 24;
    transfer_repaired: "viewstamped/transfer-repaired" has depth 28;
    crash_repaired: "viewstamped/crash-repaired" has depth 25;
    disks: "viewstamped/disks" has depth 25;
    disks_stop: "viewstamped/disks-stop" has depth 27;
    disks_wiped: "viewstamped/disks-wiped" has depth 21;
    disks_live: "viewstamped/disks-live" has depth 43;
    calm_live: "viewstamped/calm-live" has depth 17;
    failover_live: "viewstamped/failover-live" has depth 27;
    rejoin_live: "viewstamped/rejoin-live" has depth 39;
    lossy_live: "viewstamped/lossy-live" has depth 18;
    cut_off_live: "viewstamped/cut-off-live" has depth 44;
    checkpoint_live: "viewstamped/checkpoint-live" has depth 53;
    checkpoint_lossy_live: "viewstamped/checkpoint-lossy-live" has depth 54;
    window_live: "viewstamped/window-live" has depth 18;
    new_disk_live: "viewstamped/new-disk-live" has depth 44;
    suspicion_live: "viewstamped/suspicion-live" has depth 28;
    reconfigure_add: "viewstamped/reconfigure-add" has depth 26;
    reconfigure_replace: "viewstamped/reconfigure-replace" has depth 27;
    reconfigure_views: "viewstamped/reconfigure-views" has depth 32;
    reconfigure_crash: "viewstamped/reconfigure-crash" has depth 28;
    reconfigure_disks: "viewstamped/reconfigure-disks" has depth 28;
    reconfigure_checkpoint: "viewstamped/reconfigure-checkpoint" has depth 32;
    reconfigure_live: "viewstamped/reconfigure-live" has depth 99;
    reconfigure_crash_live: "viewstamped/reconfigure-crash-live" has depth 131;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("viewstamped", HOLD);
}

/// A dead primary is missed for 150 to 300 ms; the client then asks the new one within 100 ms.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks) in [
        ("viewstamped/calm-live", Some(0)),
        ("viewstamped/failover-live", Some(8)),
        ("viewstamped/rejoin-live", Some(7)),
        ("viewstamped/lossy-live", Some(2)),
        ("viewstamped/window-live", Some(0)),
        ("viewstamped/new-disk-live", Some(7)),
        ("viewstamped/cut-off-live", Some(9)),
        ("viewstamped/suspicion-live", Some(2)),
        ("viewstamped/checkpoint-live", Some(6)),
        ("viewstamped/checkpoint-lossy-live", Some(4)),
        ("viewstamped/reconfigure-live", Some(1)),
        ("viewstamped/reconfigure-crash-live", Some(15)),
    ] {
        assert_eq!(worst(&explore(name, Engine::Quorate)), ticks, "{name}");
    }
}

#[test]
fn stateright_finds_the_same() {
    let reconfigured = "viewstamped/reconfigure-crash-live";
    for name in ["viewstamped/four", "viewstamped/rejoin-live", reconfigured] {
        let (ours, theirs) = (explore(name, Engine::Quorate), explore(name, Engine::Stateright));
        assert_eq!(theirs.states, ours.states, "{name}");
        assert_eq!(theirs.transitions, ours.transitions, "{name}");
    }
}

/// By the paper one value and two view changes lose a write, and so do one view change and two
/// crashes, one after the other.
#[test]
fn the_paper_loses_what_was_acknowledged() {
    for (name, steps) in [("viewstamped/paper-transfer", 14), ("viewstamped/paper-crash", 19)] {
        let report = explore(name, Engine::Quorate);
        assert!(!report.is_surprise(), "{report:#?}");
        assert_eq!(report.property(NOTHING_IS_LOST).steps, Some(steps), "{name}");
    }
}

/// Who is replaced is needed until enough take part in the new epoch.
#[test]
fn what_is_replaced_must_not_go_at_once() {
    let report = explore("viewstamped/reconfigure-silent-live", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    let found = report.property(ONE_VIEW);
    assert_eq!((found.miss, found.steps), (Some(Miss::Unbounded), Some(407)));
}

/// More than half have forgotten everything: nobody makes up what there was. The same bounds hold
/// where disks keep it: `viewstamped/disks-live`.
#[test]
fn a_majority_that_has_forgotten_stays_silent() {
    let report = explore("viewstamped/too-many-live", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    let found = report.property(ONE_VIEW);
    assert_eq!((found.miss, found.steps), (Some(Miss::Lasso), Some(29)));
}
