//! The designs of the articles: each fails as it says, in so many steps, and for that reason alone.
//!
//! The counterexamples are the shortest there are, for that property alone. A lasso's length is
//! that of the way to the loop and once around it.

use std::collections::BTreeSet;

use quorate_checker::engine::Miss::{self, Lasso, Unbounded};
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::{Claim, Faults, Sees};
use quorate_models::primary_backup::naive::claims::{
    COPY_KEPT, LINEARIZABILITY, LIVE_LEADER_LEADS, LOG_MATCHING, NO_WRITE_LOST, ONE_ALONE,
    ONE_LEADER, SAME_READS, the_follower_leads,
};
use quorate_models::primary_backup::naive::designs::{DESIGNS, Design};
use quorate_models::primary_backup::naive::rules::Rule;
use quorate_models::primary_backup::naive::specs::{
    ANSWERED, ANSWERED_AFTER, ELECTED, NaiveSpec, REPLACED, SEEN_DOWN,
};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;

use crate::proofs::{assert_breaks, assert_misses, explore};

/// Decides every property.
fn explore_all(engine: Engine, spec: NaiveSpec) -> Report {
    let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
    spec.boxed().check(engine, &limits, &mut |_| {})
}

fn design(name: &str) -> &'static Design {
    let found = DESIGNS.iter().find(|design| design.name == format!("primary-backup/naive-{name}"));
    found.expect("the design is listed")
}

/// What a design breaks: the property, the steps of the counterexample, and how a run misses it.
type Broken = (&'static str, usize, Option<Miss>);

/// The design breaks this and nothing else. Without the faults of its bounds, if they have any, it
/// breaks nothing. With the rule that it lacks it breaks nothing within the very same bounds, which
/// come to so many states: none are told if the claim is at fault and no rule.
fn assert_fails_for_one_reason(name: &str, broken: &[Broken], mended: u64) {
    let design = design(name);
    let names: Vec<_> = broken.iter().map(|(property, ..)| *property).collect();
    assert_eq!(design.breaks, names);
    for (property, steps, miss) in broken {
        match miss {
            None => assert_breaks(design.spec(), property, *steps),
            Some(miss) => assert_misses(design.spec(), property, *miss, *steps),
        }
    }
    let whole = explore_all(Engine::Quorate, design.spec());
    assert_eq!((whole.cut_short.as_ref(), whole.verdict), (None, Verdict::Violated));
    assert!(!whole.is_surprise(), "{whole:#?}");
    let mut spared = design.spec();
    if spared.faults != Faults::NONE || !spared.cuts.is_empty() {
        spared.faults = Faults::NONE;
        spared.cuts.clear();
        let report = explore_all(Engine::Quorate, spared);
        for property in design.breaks {
            let verdict = report.property(property).verdict;
            assert_eq!(verdict, Verdict::Holds, "{name} breaks {property} without a fault");
        }
    }
    for rule in design.besides {
        assert_mends(*rule, design);
    }
    if design.lacks.is_some() {
        let report = explore_all(Engine::Quorate, design.mended());
        assert_eq!((report.cut_short.as_ref(), report.states), (None, mended), "{name}");
        for property in report.properties.iter().filter(|it| it.name != SAME_READS.0) {
            assert_eq!(property.verdict, Verdict::Holds, "{name}, mended: {property:#?}");
        }
    }
}

/// A rule that the design lacks besides its first one mends it by itself.
fn assert_mends(rule: Rule, design: &Design) {
    let lacked = design.lacks.iter().chain(design.besides).filter(|lacked| **lacked != rule);
    let spec = (design.within)(design.name, AllBut(lacked.copied().collect()));
    let report = explore_all(Engine::Quorate, spec);
    assert_eq!((report.cut_short.as_ref(), report.verdict), (None, Verdict::Holds), "{report:#?}");
}

/// One test for each design, and the list of them.
macro_rules! fails {
    ($($test:ident: $name:literal breaks [$(($property:expr, $steps:literal, $miss:expr)),*],
        mended has $mended:literal states;)*) => {
        $(
            #[test]
            fn $test() {
                assert_fails_for_one_reason($name, &[$(($property, $steps, $miss)),*], $mended);
            }
        )*

        const PINNED: &[&str] = &[$($name),*];
    };
}

fails! {
    async_copy: "async-copy" breaks [(NO_WRITE_LOST.0, 7, None), (LINEARIZABILITY.0, 10, None)],
        mended has 240 states;
    follower_reads: "follower-reads" breaks [(LINEARIZABILITY.0, 5, None)],
        mended has 790 states;
    follower_writes: "follower-writes"
        breaks [(NO_WRITE_LOST.0, 5, None), (LINEARIZABILITY.0, 7, None)],
        mended has 81 states;
    push_back: "push-back" breaks [(NO_WRITE_LOST.0, 11, None)], mended has 32 states;
    first_element: "first-element" breaks [(LOG_MATCHING.0, 7, None)], mended has 18 states;
    late_answer: "late-answer" breaks [(COPY_KEPT.0, 9, None)], mended has 32 states;
    same_reads: "same-reads" breaks [(SAME_READS.0, 1, None)], mended has 0 states;
    frozen_store: "frozen-store" breaks [(LINEARIZABILITY.0, 4, None)], mended has 73 states;
    leader_judges: "leader-judges" breaks [(REPLACED, 3, Some(Lasso))], mended has 15 states;
    steps_down: "steps-down" breaks [(LIVE_LEADER_LEADS.0, 4, None)], mended has 15 states;
    old_leaders_log: "old-leaders-log" breaks [(ANSWERED_AFTER, 13, Some(Lasso))],
        mended has 125 states;
    all_up: "all-up" breaks [(SEEN_DOWN, 24, Some(Lasso))], mended has 1_110 states;
    first_node: "first-node"
        breaks [(SEEN_DOWN, 19, Some(Lasso)), (ANSWERED, 19, Some(Lasso))],
        mended has 1_110 states;
    all_votes: "all-votes" breaks [(ELECTED, 14, Some(Unbounded))], mended has 391 states;
    votes_for_all: "votes-for-all" breaks [(ONE_LEADER.0, 6, None)], mended has 850 states;
    vote_twice: "vote-twice" breaks [(ONE_LEADER.0, 8, None)], mended has 295_603 states;
    promotes_itself: "promotes-itself"
        breaks [(ONE_ALONE.0, 9, None), (LINEARIZABILITY.0, 15, None)],
        mended has 1_195 states;
}

#[test]
fn every_design_is_pinned_and_every_rule_mends_one() {
    let pinned: BTreeSet<String> =
        PINNED.iter().map(|name| format!("primary-backup/naive-{name}")).collect();
    let listed: BTreeSet<String> = DESIGNS.iter().map(|it| it.name.to_owned()).collect();
    assert_eq!(pinned, listed);
    for rule in Rule::ALL {
        assert!(DESIGNS.iter().any(|it| it.lacks == Some(*rule)), "no design lacks {rule:?}");
    }
}

/// The old leader's log does arrive if the old leader lives, and then the new one leads: that the
/// old one is dead is what keeps the new one from it.
#[test]
fn a_new_leader_gets_the_log_of_one_that_lives() {
    let mut spec = design("old-leaders-log").spec();
    spec.timely.as_mut().expect("time moves in beats").early = 1;
    let name = "the follower leads";
    let spec = spec.claim(Claim::reachable(name, Sees::ACTORS, the_follower_leads)).only(name);
    let report = explore(spec);
    let found = report.property(name).steps;
    assert_eq!((report.verdict, found), (Verdict::Holds, Some(3)));
}

/// Stateright's search, on one thread, is the oracle of ours.
#[test]
fn stateright_agrees() {
    let seen = |report: &Report| {
        let verdicts: Vec<_> =
            report.properties.iter().map(|p| (p.name, p.verdict, p.steps)).collect();
        (report.states, report.transitions, report.depth, report.verdict, verdicts)
    };
    for name in ["follower-reads", "follower-writes", "first-element", "votes-for-all"] {
        let [ours, theirs] = [Engine::Quorate, Engine::Stateright]
            .map(|engine| explore_all(engine, design(name).mended()));
        assert_eq!(seen(&ours), seen(&theirs), "{name}");
    }
}
