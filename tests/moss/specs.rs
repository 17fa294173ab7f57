//! Every spec of MOSS, explored to its end on one thread. The numbers change only with a reason.

use std::collections::HashSet;

use quorate_checker::engine::Miss;
use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_models::election::{A_LEADER, ALL_FOLLOW, ONE_LEADER};
use quorate_models::moss::specs::{MossSpec, as_written, live, locks, neighbours};
use quorate_models::system::Boxed;
use stateright::Model;

use crate::proofs::{assert_breaks, assert_misses};
use crate::support::specs::{assert_all_are_pinned, explore, holds};

holds! {
    locks_alone: "moss/locks" has depth 21;
    epochs: "moss/epochs" has depth 17;
    lossy: "moss/lossy" has depth 16;
    calm_live: "moss/calm-live" has depth 19;
    eventual_live: "moss/eventual-live" has depth 44;
    failover_live: "moss/failover-live" has depth 31;
    rejoin_live: "moss/rejoin-live" has depth 38;
}

#[test]
fn every_spec_is_pinned() {
    assert_all_are_pinned("moss", HOLD);
}

/// The spec is violated as it says, and in nothing else, when every property is decided.
fn assert_fails_as_expected(spec: MossSpec) {
    let limits = Limits { threads: 1, keep_going: true, ..Limits::default() };
    let report = spec.boxed().check(Engine::Quorate, &limits, &mut |_| {});
    assert_eq!((report.cut_short.as_ref(), report.verdict), (None, Verdict::Violated));
    assert!(!report.is_surprise(), "{report:#?}");
}

/// Two servers have all the locks that they ask for: if none asks for its own, if they share no
/// neighbour, or if locks time out.
#[test]
fn two_have_the_locks() {
    for (spec, steps) in
        [(as_written as fn() -> MossSpec, 6), (neighbours, 6), (live::times_out, 7)]
    {
        assert_breaks(spec(), ONE_LEADER, steps);
        assert_fails_as_expected(spec());
    }
}

/// Nobody has the locks: if nobody gives way, or if one who has them is dead.
#[test]
fn nobody_has_the_locks() {
    for (spec, steps) in [(live::deadlock as fn() -> MossSpec, 8), (live::blocked, 4)] {
        assert_misses(spec(), A_LEADER, Miss::Stop, steps);
        assert_misses(spec(), ALL_FOLLOW, Miss::Stop, steps);
        assert_fails_as_expected(spec());
    }
}

/// In multiples of the longest timeout: one if all is well, two if the oldest ask dies with its
/// server, three if the silent must be given up as well.
#[test]
fn a_leader_is_found_within_its_time() {
    for (name, calm, early) in
        [("moss/calm-live", 3, 3), ("moss/eventual-live", 9, 9), ("moss/failover-live", 6, 6)]
    {
        let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
        let ticks = [worst.calm, worst.with_early].map(|longest| longest.and_then(|it| it.ticks));
        assert_eq!(ticks, [Some(calm), Some(early)], "{name}");
    }
}

/// Stateright's search, on one thread, is the oracle of ours. It decides nothing about runs.
#[test]
fn stateright_finds_the_same() {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    for name in ["moss/epochs", "moss/lossy", "moss/eventual-live"] {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(counts(ours), counts(theirs), "{name}");
    }
}

/// Stateright's search takes some states of this spec for one: the hash of its sets has no length,
/// so it does not tell which of two servers waits for a timer if the other waits for none. So a
/// search that is too simple to be wrong is the oracle here.
#[test]
fn a_plain_search_finds_the_same() {
    let spec = locks();
    let mut states = spec.init_states();
    let mut known: HashSet<_> = states.iter().cloned().collect();
    let (mut at, mut transitions) = (0, 0);
    while let Some(state) = states.get(at).cloned() {
        let mut actions = Vec::new();
        spec.actions(&state, &mut actions);
        for next in actions.into_iter().filter_map(|action| spec.next_state(&state, action)) {
            transitions += 1;
            if known.insert(next.clone()) {
                states.push(next);
            }
        }
        at += 1;
    }
    let report = explore("moss/locks", Engine::Quorate);
    assert_eq!((states.len() as u64, transitions), (report.states, report.transitions));
}
