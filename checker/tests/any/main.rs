//! Models that are no actor systems: what is found is what Stateright's own search finds, what is
//! known from elsewhere, and what a naive search finds.

mod bits;
mod by_hand;
mod exact;
mod lamport;
mod panics;
mod puzzle;
mod random;
mod runs;
mod symmetry;
mod two_phase;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use quorate_checker::engine::{AnyOptions, AnyOutcome, explore_any, explore_any_packed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::{Checker, Model};

/// Explores in both forms and with one, two and three threads. The outcomes agree; the last is
/// returned.
fn explore_all<M>(
    model: &M,
    options: &AnyOptions<M::State, M::Action>,
) -> AnyOutcome<M::State, M::Action>
where
    M: Model<Action: Clone + PartialEq> + Sync,
    M::State: Clone + Eq + Hash + Send + Sync + Serialize + DeserializeOwned,
{
    let mut outcomes = Vec::new();
    for threads in 1..=3 {
        let options = AnyOptions {
            threads,
            keep_going: options.keep_going,
            max_states: options.max_states,
            max_memory: options.max_memory,
            max_time: options.max_time,
            max_depth: options.max_depth,
            boundary: options.boundary,
            symmetry: options.symmetry,
            fairness: options.fairness,
            interrupt: Default::default(),
        };
        outcomes.push(explore_any(model, &options, &mut |_| {}));
        outcomes.push(explore_any_packed(model, &options, &mut |_| {}));
    }
    let told = |outcome: &AnyOutcome<_, _>| {
        let AnyOutcome { states, transitions, levels, stopped, .. } = outcome;
        (*states, *transitions, levels.clone(), *stopped, outcome.to_string())
    };
    assert!(outcomes.iter().all(|outcome| told(outcome) == told(&outcomes[0])), "they agree");
    outcomes.pop().expect("there are six")
}

/// Explores a model to its end and compares with what Stateright's breadth-first search finds. It
/// must have a property that Stateright cannot decide before the end, or its search ends early.
fn compare_with_stateright<M>(model: M) -> AnyOutcome<M::State, M::Action>
where
    M: Model<Action: Clone + Debug + PartialEq> + Clone + Send + Sync + 'static,
    M::State: Clone + Debug + Eq + Hash + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let options = AnyOptions { keep_going: true, ..AnyOptions::default() };
    let outcome = explore_all(&model, &options);
    assert_eq!(outcome.stopped, None);
    let initial = model.init_states().iter().filter(|state| model.within_boundary(state)).count();
    let checker = model.checker().spawn_bfs().join();
    assert_eq!(outcome.states, checker.unique_state_count() as u64);
    assert_eq!(outcome.transitions, (checker.state_count() - initial) as u64);
    assert_eq!(outcome.depth, checker.max_depth() as u64 - 1);
    let paths = checker.discoveries().into_iter();
    let theirs: BTreeMap<_, _> =
        paths.map(|(name, path)| (name, path.into_actions().len())).collect();
    let ours: BTreeMap<_, _> = outcome
        .findings
        .iter()
        .filter_map(|it| Some((it.name, it.answer.path()?.clone().into_actions().len())))
        .collect();
    // Stateright goes on to put longer paths in the place of shorter ones.
    assert!(ours.keys().eq(theirs.keys()), "{ours:?} {theirs:?}");
    assert!(ours.values().zip(theirs.values()).all(|(ours, theirs)| ours <= theirs));
    outcome
}
