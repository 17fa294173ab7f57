//! Explores a model that was written for Stateright, unchanged: Peterson's lock for two threads.

use quorate_checker::engine::{AnyOptions, explore_any, weakly_fair};
use stateright::{Model, Property};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Idle,
    Wants,
    Yields,
    Inside,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    threads: [At; 2],
    wants: [bool; 2],
    turn: usize,
}

struct Peterson;

impl Model for Peterson {
    type State = State;
    type Action = usize;

    fn init_states(&self) -> Vec<State> {
        vec![State { threads: [At::Idle; 2], wants: [false; 2], turn: 0 }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<usize>) {
        let may_enter = |own: usize| !state.wants[1 - own] || state.turn == own;
        actions.extend((0..2).filter(|own| state.threads[*own] != At::Yields || may_enter(*own)));
    }

    fn next_state(&self, state: &State, own: usize) -> Option<State> {
        let mut next = state.clone();
        next.threads[own] = match state.threads[own] {
            At::Idle => At::Wants,
            At::Wants => At::Yields,
            At::Yields => At::Inside,
            At::Inside => At::Idle,
        };
        match state.threads[own] {
            At::Idle => next.wants[own] = true,
            At::Wants => next.turn = 1 - own,
            At::Yields => {}
            At::Inside => next.wants[own] = false,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("one inside", |_, state: &State| state.threads != [At::Inside; 2]),
            Property::sometimes("both wait", |_, state: &State| state.threads == [At::Yields; 2]),
            Property::eventually("S1 is inside", |_, state: &State| state.threads[0] == At::Inside),
        ]
    }
}

fn main() {
    let options = AnyOptions { fairness: Some(weakly_fair), ..AnyOptions::default() };
    let outcome = explore_any(&Peterson, &options, &mut |_| {});
    for name in ["one inside", "both wait", "S1 is inside"] {
        let answer = &outcome.finding(name).answer;
        assert!(answer.is_success(), "{name}: {answer:?}");
        println!("{name}: yes");
    }
}
