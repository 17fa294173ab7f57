//! Every spec of membership, explored to its end on one thread. The numbers change only with a
//! reason.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::Faults;
use quorate_models::gossip::membership::claims::properties::{
    COMPLETENESS, NOT_BURIED, RESTART_KNOWN, all_suspect,
};
use quorate_models::gossip::membership::rules::Rule;
use quorate_models::gossip::membership::specs::Contacts;
use quorate_models::gossip::membership::specs::live::{self, Bounds, membership};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;

use crate::proofs::worst;
use crate::support::specs::{assert_stateright_finds_the_same, explore, holds};

holds! {
    hearsay: "gossip/membership-hearsay" has depth 17;
    crash: "gossip/membership-crash" has depth 17;
    three: "gossip/membership-three" has depth 16;
    crash_live: "gossip/membership-crash-live" has depth 76;
    restart_live: "gossip/membership-restart-live" has depth 72;
    back_live: "gossip/membership-back-live" has depth 49;
    forgotten_live: "gossip/membership-forgotten-live" has depth 91;
    suspicion_live: "gossip/membership-suspicion-live" has depth 69;
    lossy_live: "gossip/membership-lossy-live" has depth 43;
    join_live: "gossip/membership-join-live" has depth 69;
    cut_off_live: "gossip/membership-cut-off-live" has depth 129;
    health_live: "gossip/membership-health-live" has depth 75;
}

/// What an engineer should not do, and how it shows.
#[test]
fn what_is_left_out_is_missed() {
    let lasso = Some(Miss::Lasso);
    for (spec, property, steps, miss) in [
        (live::short(), NOT_BURIED, 50, None),
        (live::wiped(), RESTART_KNOWN, 17, lasso),
        (live::any_next(), COMPLETENESS, 18, lasso),
    ] {
        let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
        let report = spec.boxed().check(Engine::Quorate, &limits, &mut |_| {});
        assert_eq!((report.verdict, report.expected), (Verdict::Violated, Verdict::Violated));
        assert!(!report.is_surprise(), "{report:#?}");
        let broken = report.property(property);
        assert_eq!((broken.steps, broken.miss), (Some(steps), miss), "{property}");
    }
}

/// In ticks of half a period.
#[test]
fn what_must_happen_does_within_its_time() {
    let worst = [
        ("gossip/membership-crash-live", 15),
        ("gossip/membership-restart-live", 4),
        ("gossip/membership-back-live", 1),
        ("gossip/membership-forgotten-live", 17),
        ("gossip/membership-suspicion-live", 6),
        ("gossip/membership-join-live", 4),
        ("gossip/membership-health-live", 21),
    ];
    let measured = worst.map(|(name, _)| {
        let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
        let calm = worst.calm.expect("the goal is not met from the start");
        (name, calm.ticks.expect("there is a bound"))
    });
    assert_eq!(measured, worst);
}

/// "The time-bounded completeness property": in a list of m others each is probed again after at
/// most 2m - 1 periods (SWIM §4.3), and the probe fails within one more. It is measured at one
/// member that hears nothing from anybody but answers.
#[test]
fn a_crash_is_found_within_two_rounds() {
    for others in 1..=4 {
        let bounds = Bounds {
            servers: others + 1,
            contacts: Contacts::KnownToFirst,
            faults: Faults { crashes: 1, down_at_once: 1, ..Faults::NONE },
            ..Bounds::default()
        };
        let rules = AllBut(vec![Rule::RumoursAreTold, Rule::UnknownIsAdded]);
        let spec = membership("alone", rules, bounds, &[]);
        let ticks = worst(spec, "it is suspected", all_suspect);
        let periods = (2 * others as u32 - 1) + 1;
        assert_eq!(ticks, Some(2 * periods), "a list of {others}");
    }
}

#[test]
fn stateright_finds_the_same() {
    for name in ["gossip/membership-three", "gossip/membership-crash-live"] {
        assert_stateright_finds_the_same(name);
    }
}
