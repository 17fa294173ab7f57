//! Every spec of the store, explored to its end on one thread. The numbers change only with a
//! reason.

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_models::gossip::store::Exchange;
use quorate_models::gossip::store::claims::properties::{ALIKE, LATEST, all_have_the_latest};
use quorate_models::gossip::store::rules::Rule;
use quorate_models::gossip::store::specs::{self, Bounds, store};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;

use crate::proofs::worst;
use crate::support::specs::{assert_stateright_finds_the_same, holds};

holds! {
    two_writers_live: "gossip/store-two-writers-live" has depth 56;
    left_out_live: "gossip/store-left-out-live" has depth 47;
    push_live: "gossip/store-push-live" has depth 50;
    pull_live: "gossip/store-pull-live" has depth 47;
    restart_live: "gossip/store-restart-live" has depth 34;
    lossy_live: "gossip/store-lossy-live" has depth 50;
    cut_off_live: "gossip/store-cut-off-live" has depth 46;
}

/// What an engineer should not rely on, and how it shows.
#[test]
fn what_is_left_out_is_missed() {
    for (spec, property, steps, miss) in [
        (specs::rumour_alone(), ALIKE, 15, Miss::Stop),
        (specs::rumour_alone(), LATEST, 15, Miss::Stop),
        (specs::dies(), LATEST, 19, Miss::Lasso),
    ] {
        let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
        let report = spec.boxed().check(Engine::Quorate, &limits, &mut |_| {});
        assert_eq!((report.verdict, report.expected), (Verdict::Violated, Verdict::Violated));
        assert!(!report.is_surprise(), "{report:#?}");
        let broken = report.property(property);
        assert_eq!((broken.steps, broken.miss), (Some(steps), Some(miss)), "{property}");
    }
}

/// In ticks, of which there are two from one comparison of stores to the next: the worst case with
/// rumours and without them, by the direction of the comparison.
#[test]
fn rumours_are_quick_and_push_and_pull_are_quicker_than_either() {
    let slowest = [Exchange::Push, Exchange::Pull, Exchange::PushPull].map(|exchange| {
        [vec![], vec![Rule::RumoursAreTold]].map(|suspended| {
            let bounds = Bounds { exchange, ..Bounds::default() };
            let spec = store("slowest", AllBut(suspended), bounds, &[]);
            worst(spec, "all have it", all_have_the_latest).expect("there is a bound")
        })
    });
    assert_eq!(slowest, [[6, 6], [3, 6], [3, 4]]);
}

#[test]
fn stateright_finds_the_same() {
    for name in ["gossip/store-left-out-live", "gossip/store-cut-off-live"] {
        assert_stateright_finds_the_same(name);
    }
}
