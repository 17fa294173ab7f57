//! A panic of a model or a condition is a finding that names the step or the property.

use quorate_checker::engine::{AnyAnswer, AnyOptions, Place, Stop, explore_any};
use stateright::{Model, Property};

use crate::explore_all;

/// Where a walk along numbers panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Nowhere,
    Actions,
    NextState,
    Boundary,
    Condition,
}

#[derive(Clone, Debug)]
struct Walk(At);

impl Walk {
    fn trip(&self, at: At, state: u8) {
        assert!(!(self.0 == at && state == 3), "tripped at {at:?}");
    }
}

impl Model for Walk {
    type State = u8;
    type Action = i8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<i8>) {
        actions.push(1);
        self.trip(At::Actions, *state);
        actions.push(-1);
    }

    fn next_state(&self, state: &u8, step: i8) -> Option<u8> {
        if step < 0 {
            self.trip(At::NextState, *state);
        }
        state.checked_add_signed(step).filter(|next| *next < 6)
    }

    fn within_boundary(&self, state: &u8) -> bool {
        self.trip(At::Boundary, *state);
        true
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("small", |model, state| {
                model.trip(At::Condition, *state);
                *state < 10
            }),
            Property::<Self>::sometimes("five", |_, state| *state == 5),
        ]
    }
}

fn options<S, A>(keep_going: bool) -> AnyOptions<S, A> {
    AnyOptions { keep_going, ..AnyOptions::default() }
}

#[test]
fn without_a_panic_there_is_none() {
    let outcome = explore_all(&Walk(At::Nowhere), &options(false));
    assert!(outcome.holds() && outcome.panic.is_none());
    assert_eq!(outcome.states, 6);
}

#[test]
fn the_step_that_panics_is_named() {
    for (at, place, steps) in [
        (At::Actions, Place::Actions, 3),
        (At::NextState, Place::NextState(-1), 3),
        (At::Boundary, Place::After(Some(1)), 2),
    ] {
        let outcome = explore_all(&Walk(at), &options(false));
        let panic = outcome.panic.as_ref().expect("it panics");
        assert_eq!((&panic.place, &panic.words), (&place, &format!("tripped at {at:?}")));
        let path = panic.path.clone().expect("not at the start");
        assert_eq!(path.into_actions(), vec![1; steps]);
        assert_eq!(outcome.stopped, Some(Stop::Violation));
        assert!(outcome.fails() && !outcome.holds());
        assert!(matches!(outcome.finding("small").answer, AnyAnswer::Undecided));
    }
}

#[test]
fn beyond_a_panic_the_search_may_go_on_and_says_what_it_did_not_see() {
    let outcome = explore_all(&Walk(At::NextState), &options(true));
    assert_eq!((outcome.states, outcome.stopped), (6, None));
    assert!(outcome.panic.is_some() && outcome.fails());
    assert!(matches!(outcome.finding("five").answer, AnyAnswer::Reached(_)));
    assert!(matches!(outcome.finding("small").answer, AnyAnswer::Undecided), "not all was seen");
}

#[test]
fn a_condition_that_panics_is_named() {
    for keep_going in [false, true] {
        let outcome = explore_all(&Walk(At::Condition), &options(keep_going));
        let AnyAnswer::Panicked(words, path) = &outcome.finding("small").answer else {
            panic!("{outcome}")
        };
        assert_eq!((&words[..], *path.last_state()), ("tripped at Condition", 3));
        assert_eq!(path.clone().into_actions(), [1; 3]);
        assert!(outcome.fails() && outcome.panic.is_none());
        assert_eq!(outcome.stopped, (!keep_going).then_some(Stop::Violation));
    }
}

#[test]
fn a_panic_about_an_initial_state_has_no_path() {
    let options =
        AnyOptions { boundary: Some(|_: &u8| panic!("not even there")), ..AnyOptions::default() };
    let outcome = explore_all(&Walk(At::Nowhere), &options);
    let panic = outcome.panic.as_ref().expect("it panics");
    assert_eq!((&panic.place, panic.path.is_none()), (&Place::After(None), true));
    assert_eq!(outcome.states, 0);
    assert!(!outcome.holds());
}

#[test]
fn a_representative_that_panics_is_named() {
    let options = AnyOptions {
        symmetry: Some(|state: &u8| if *state == 2 { panic!("no name") } else { *state }),
        ..AnyOptions::default()
    };
    let outcome = explore_all(&Walk(At::Nowhere), &options);
    assert_eq!(outcome.panic.as_ref().expect("it panics").place, Place::After(Some(1)));
}

/// Two claims of one name.
#[derive(Clone, Debug)]
struct Twice;

impl Model for Twice {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, _: &u8, _: &mut Vec<u8>) {}

    fn next_state(&self, _: &u8, _: u8) -> Option<u8> {
        None
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("x", |_, _| true), Property::always("x", |_, _| false)]
    }
}

#[test]
#[should_panic = "two properties are called \"x\""]
fn names_are_told_apart() {
    explore_any(&Twice, &AnyOptions::default(), &mut |_| {});
}
