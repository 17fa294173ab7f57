//! The listed specs of Multi-Paxos: what there is to explore, how long it takes at most, and that
//! Stateright's own search finds the same.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Report};
use quorate_models::multi_paxos::claims::properties::LEADER_HAS_ALL;
use quorate_models::multi_paxos::specs::live::ONE_LEADER;

use crate::support::specs::{assert_all_are_pinned, explore, holds};

/// The most ticks of 50 ms that pass until the goal is met, without any fault meanwhile.
fn worst(report: &Report) -> Option<u32> {
    report.worst_case.as_ref()?.calm.as_ref()?.ticks
}

holds! {
    one_slot: "multi-paxos/one-slot" has depth 17;
    conflict: "multi-paxos/conflict" has depth 26;
    three_ballots: "multi-paxos/three-ballots" has depth 30;
    gap: "multi-paxos/gap" has depth 21;
    crash: "multi-paxos/crash" has depth 25;
    catch_up: "multi-paxos/catch-up" has depth 28;
    lossy: "multi-paxos/lossy" has depth 19;
    four: "multi-paxos/four" has depth 23;
    twice: "multi-paxos/twice" has depth 22;
    snapshot: "multi-paxos/snapshot" has depth 32;
    snapshot_crash: "multi-paxos/snapshot-crash" has depth 28;
    snapshot_pieces: "multi-paxos/snapshot-pieces" has depth 28;
    snapshot_open: "multi-paxos/snapshot-open" has depth 41;
    wiped: "multi-paxos/wiped" has depth 18;
    wiped_stays_out: "multi-paxos/wiped-stays-out" has depth 36;
    calm_live: "multi-paxos/calm-live" has depth 46;
    failover_live: "multi-paxos/failover-live" has depth 46;
    rejoin_live: "multi-paxos/rejoin-live" has depth 47;
    lossy_live: "multi-paxos/lossy-live" has depth 40;
    cut_off_live: "multi-paxos/cut-off-live" has depth 56;
    suspicion_live: "multi-paxos/suspicion-live" has depth 41;
    cut_link_live: "multi-paxos/cut-link-live" has depth 56;
    lease_cut: "multi-paxos/lease-cut" has depth 93;
    lease_crash: "multi-paxos/lease-crash" has depth 88;
    lease_rounds: "multi-paxos/lease-rounds" has depth 94;
    lease_reads: "multi-paxos/lease-reads" has depth 97;
    lease_deposed: "multi-paxos/lease-deposed" has depth 112;
    snapshot_live: "multi-paxos/snapshot-live" has depth 65;
    snapshot_doubled_live: "multi-paxos/snapshot-doubled-live" has depth 60;
    members_add: "multi-paxos/members-add" has depth 42;
    members_remove: "multi-paxos/members-remove" has depth 29;
    members_write: "multi-paxos/members-write" has depth 31;
    members_swap: "multi-paxos/members-swap" has depth 53;
    members_swap_one: "multi-paxos/members-swap-one" has depth 34;
    members_snapshot: "multi-paxos/members-snapshot" has depth 18;
    members_wiped: "multi-paxos/members-wiped" has depth 37;
    members_forget: "multi-paxos/members-forget" has depth 27;
    members_live: "multi-paxos/members-live" has depth 53;
    members_replace_live: "multi-paxos/members-replace-live" has depth 40;
    members_away_live: "multi-paxos/members-away-live" has depth 96;
    members_away_snapshot_live: "multi-paxos/members-away-snapshot-live" has depth 67;
    members_remove_live: "multi-paxos/members-remove-live" has depth 39;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("multi-paxos", HOLD);
}

/// A server stands after 300 ms of silence at the latest, and its client asks again within 100 ms.
#[test]
fn what_must_happen_does_within_its_time() {
    for (name, ticks) in [
        ("multi-paxos/calm-live", Some(8)),
        ("multi-paxos/failover-live", Some(11)),
        ("multi-paxos/rejoin-live", Some(7)),
        ("multi-paxos/lossy-live", Some(8)),
        ("multi-paxos/cut-off-live", Some(9)),
        ("multi-paxos/suspicion-live", Some(7)),
        ("multi-paxos/cut-link-live", Some(8)),
        ("multi-paxos/snapshot-live", Some(9)),
        ("multi-paxos/snapshot-doubled-live", Some(9)),
        ("multi-paxos/members-live", Some(7)),
        ("multi-paxos/members-remove-live", Some(8)),
    ] {
        assert_eq!(worst(&explore(name, Engine::Quorate)), ticks, "{name}");
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in ["multi-paxos/one-slot", "multi-paxos/cut-off-live"] {
        let (ours, theirs) = (explore(name, Engine::Quorate), explore(name, Engine::Stateright));
        assert_eq!(theirs.states, ours.states, "{name}");
        assert_eq!(theirs.transitions, ours.transitions, "{name}");
    }
}

/// Who takes a leader for dead as soon as it may be heard again deposes it for ever.
#[test]
fn the_impatient_depose_each_other() {
    let report = explore("multi-paxos/impatient-live", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    let found = report.property(ONE_LEADER);
    assert_eq!((found.miss, found.steps), (Some(Miss::Unbounded), Some(57)));
}

/// A server that has lost its disk forgets a promise, and is an acceptor again by the rule of PML.
#[test]
fn who_rejoins_by_what_it_has_learnt_loses_what_was_chosen() {
    let report = explore("multi-paxos/wiped-rejoins", Engine::Quorate);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property(LEADER_HAS_ALL).steps, Some(27));
}
