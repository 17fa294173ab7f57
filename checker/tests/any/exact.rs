//! Nothing is decided by a hash, and nothing is left out of a state.

use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate_checker::engine::{AnyOptions, explore_any_packed};
use serde::{Deserialize, Serialize};
use stateright::{Checker, Model, Property};

use crate::explore_all;

/// A number that hashes like any other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Alike(u16);

impl Hash for Alike {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        0_u8.hash(hasher);
    }
}

#[derive(Clone, Debug)]
struct Line;

impl Model for Line {
    type State = Alike;
    type Action = ();

    fn init_states(&self) -> Vec<Alike> {
        vec![Alike(0)]
    }

    fn actions(&self, _: &Alike, actions: &mut Vec<()>) {
        actions.push(());
    }

    fn next_state(&self, state: &Alike, (): ()) -> Option<Alike> {
        (state.0 < 300).then_some(Alike(state.0 + 1))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::<Self>::always("below", |_, state| state.0 < 300)]
    }
}

#[test]
fn states_of_one_hash_are_told_apart() {
    let outcome = explore_all(&Line, &AnyOptions::default());
    assert_eq!(outcome.states, 301);
    let path = outcome.finding("below").answer.path().expect("the last breaks it").clone();
    assert_eq!(path.into_actions().len(), 300);
    let checker = Line.checker().spawn_bfs().join();
    assert_eq!(checker.unique_state_count(), 1, "fingerprints do not tell them apart");
    checker.assert_properties();
}

/// Counts up to 3; whether it is even is not serialised.
#[derive(Clone, Debug)]
struct Forgetful;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Partial {
    count: u8,
    #[serde(skip)]
    is_odd: bool,
}

impl Model for Forgetful {
    type State = Partial;
    type Action = ();

    fn init_states(&self) -> Vec<Partial> {
        vec![Partial { count: 0, is_odd: false }]
    }

    fn actions(&self, state: &Partial, actions: &mut Vec<()>) {
        actions.extend((state.count < 3).then_some(()));
    }

    fn next_state(&self, state: &Partial, (): ()) -> Option<Partial> {
        Some(Partial { count: state.count + 1, is_odd: !state.is_odd })
    }
}

#[test]
fn a_state_that_does_not_come_back_as_it_was_is_refused() {
    let options = AnyOptions { threads: 1, ..AnyOptions::default() };
    let search = || explore_any_packed(&Forgetful, &options, &mut |_| {});
    let panic = catch_unwind(AssertUnwindSafe(search)).expect_err("a field is skipped");
    let words = panic.downcast_ref::<String>().expect("words");
    assert!(words.contains("does not come back"), "{words}");
}
