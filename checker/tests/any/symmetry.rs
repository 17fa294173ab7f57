//! Of states that are alike one is explored, and paths are the model's own.

use std::collections::BTreeSet;

use quorate_checker::engine::{AnyOptions, AnyOutcome, explore_any};
use stateright::{Model, Path, Property};

use crate::explore_all;
use crate::two_phase::{Manager, State, Step, TwoPhase, in_order};

fn alike() -> AnyOptions<State, Step> {
    AnyOptions { symmetry: Some(in_order), keep_going: true, ..AnyOptions::default() }
}

/// Every step is one of the model's, from the initial state on.
fn is_genuine(model: &TwoPhase, path: &Path<State, Step>) -> bool {
    let steps = path.clone().into_vec();
    let is_step = |pair: &[(State, Option<Step>)]| {
        let step = pair[0].1.expect("only the last has none");
        let mut steps = Vec::new();
        model.actions(&pair[0].0, &mut steps);
        steps.contains(&step) && model.next_state(&pair[0].0, step).as_ref() == Some(&pair[1].0)
    };
    steps[0].0 == model.init_states()[0] && steps.windows(2).all(is_step)
}

/// All states of a model, by hand.
fn all_states(model: &TwoPhase) -> Vec<State> {
    let mut all = model.init_states();
    let mut at = 0;
    while at < all.len() {
        for next in model.next_states(&all[at].clone()) {
            if !all.contains(&next) {
                all.push(next);
            }
        }
        at += 1;
    }
    all
}

#[test]
fn as_many_are_explored_as_there_are_representatives() {
    for managers in 1..=4 {
        let model = TwoPhase(managers);
        let states = all_states(&model);
        let classes: BTreeSet<String> =
            states.iter().map(|state| format!("{:?}", in_order(state))).collect();
        let outcome = explore_all(&model, &alike());
        assert_eq!(outcome.states, classes.len() as u64);
        assert!(managers == 1 || outcome.states < states.len() as u64);
        assert!(outcome.holds(), "{outcome}");
    }
}

#[test]
fn verdicts_and_lengths_are_those_of_the_whole_space_and_paths_genuine() {
    let model = TwoPhase(4);
    let whole = explore_all(&model, &AnyOptions { keep_going: true, ..AnyOptions::default() });
    let some = explore_all(&model, &alike());
    let lengths = |outcome: &AnyOutcome<State, Step>| {
        let paths = outcome.findings.iter().map(|finding| finding.answer.path());
        paths.map(|path| Some(path?.clone().into_actions().len())).collect::<Vec<_>>()
    };
    assert_eq!(lengths(&some), lengths(&whole));
    let mut paths = some.findings.iter().filter_map(|finding| finding.answer.path());
    assert!(paths.all(|path| is_genuine(&model, path)));
}

/// Puts only the managers in order and leaves the rest as it is where they tie, as Stateright's
/// example does: alike, but not the same for all that are alike.
fn in_rough_order(state: &State) -> State {
    let mut order: Vec<usize> = (0..state.managers.len()).collect();
    order.sort_by_key(|at| state.managers[*at]);
    let mut next = state.clone();
    next.managers = order.iter().map(|at| state.managers[*at]).collect();
    next.heard = order.iter().map(|at| state.heard[*at]).collect();
    next.sent = state
        .sent
        .iter()
        .map(|message| match message {
            crate::two_phase::Message::Prepared(at) => {
                let place = order.iter().position(|other| other == at).expect("everybody");
                crate::two_phase::Message::Prepared(place)
            }
            other => *other,
        })
        .collect();
    next
}

#[test]
fn a_rough_order_leaves_more_states_and_the_same_verdicts() {
    let model = TwoPhase(5);
    for threads in 1..=3 {
        let options = AnyOptions { symmetry: Some(in_rough_order), threads, ..alike() };
        let rough = explore_any(&model, &options, &mut |_| {});
        let whole = explore_any(&model, &AnyOptions::default(), &mut |_| {});
        let fine = explore_any(&model, &alike(), &mut |_| {});
        assert!(rough.holds(), "{rough}");
        assert!(fine.states < rough.states && rough.states < whole.states);
        let mut paths = rough.findings.iter().filter_map(|finding| finding.answer.path());
        assert!(paths.all(|path| is_genuine(&model, path)));
    }
}

/// The same protocol with a claim that is wrong.
#[derive(Clone, Debug)]
struct Wrong(TwoPhase);

impl Model for Wrong {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        self.0.init_states()
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        self.0.actions(state, steps);
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        self.0.next_state(state, step)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::<Self>::always("at most one commits", |_, state| {
            let committed = state.managers.iter().filter(|stage| **stage == Manager::Committed);
            committed.count() <= 1
        })]
    }
}

#[test]
fn a_violation_is_found_with_a_genuine_shortest_path() {
    let model = Wrong(TwoPhase(3));
    let outcome = explore_all(&model, &AnyOptions { keep_going: false, ..alike() });
    let path = outcome.finding("at most one commits").answer.path().expect("two commit").clone();
    assert!(is_genuine(&model.0, &path));
    // Three prepare, three are heard, a decision, two obey.
    assert_eq!(path.into_actions().len(), 9);
}
