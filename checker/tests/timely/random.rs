//! Toys drawn at random: the spec takes the steps that the naive rules take, and no others.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quorate_checker::spec::{Faults, Timely};
use stateright::Model;

use super::naive::{Naive, World};
use super::toy::{Do, Toy, elections, spec, steps, timing};

/// As many states as are compared.
const STATES: usize = 400;

fn deed() -> impl Strategy<Value = Do> {
    let timer = || prop::sample::select(vec!['h', 'e', 'r']);
    prop_oneof![
        3 => timer().prop_map(Do::Set),
        1 => timer().prop_map(Do::Cancel),
        3 => (0..3usize, 0..2u8).prop_map(|(to, message)| Do::Send(to, message)),
        2 => Just(Do::Count),
    ]
}

fn deeds() -> impl Strategy<Value = Vec<Do>> {
    prop::collection::vec(deed(), 0..3)
}

fn toy() -> impl Strategy<Value = Toy> {
    let timers = (deeds(), deeds(), deeds());
    (deeds(), timers, (deeds(), deeds())).prop_map(|(start, timers, messages)| {
        Toy::starts(start)
            .fires('h', timers.0)
            .fires('e', timers.1)
            .fires('r', timers.2)
            .receives(0, messages.0)
            .receives(1, messages.1)
    })
}

/// Three of them.
pub fn toys() -> impl Strategy<Value = Vec<Toy>> {
    prop::collection::vec(toy(), 3)
}

proptest! {
    #[test]
    fn the_spec_takes_the_steps_of_the_naive_rules(
        toys in toys(),
        faults in (0..2u8, 0..2u8, 0..2u8),
        early in 0..2u8,
        recovery in prop::sample::select(vec![Some(0..=1), Some(1..=2), None]),
        calm_bound in 1..4u8,
        cut in prop::option::of((0..3usize, 1..3usize)),
    ) {
        let timely = Timely { early, recovery, restless: elections(calm_bound), ..timing() };
        let (crashes, drops, duplicates) = faults;
        let faults = Faults { crashes, down_at_once: 1, drops, duplicates, ..Faults::default() };
        let mut spec = spec(timely.clone(), toys.clone()).faults(faults);
        let mut links_down = BTreeSet::new();
        if let Some((from, further)) = cut {
            let to = (from + further) % 3;
            links_down.insert((from, to));
            spec = spec.without_link(from, to);
        }
        let naive = Naive { toys, timely, faults, links_down };
        let (mut states, mut next) = (spec.init_states(), 0);
        let mut seen = BTreeSet::from([World::of(&states[0])]);
        while next < states.len().min(STATES) {
            let state = states[next].clone();
            let mut taken = Vec::new();
            for step in steps(&spec, &state) {
                let successor = spec.next_state(&state, step.clone()).expect("a step");
                taken.push((step, World::of(&successor)));
                if seen.insert(World::of(&successor)) {
                    states.push(successor);
                }
            }
            taken.sort();
            prop_assert_eq!(taken, naive.successors(&World::of(&state)));
            next += 1;
        }
    }
}
