//! Toys drawn at random: the spec takes the steps that the naive rules take, and no others.

use std::collections::BTreeSet;

use proptest::prelude::*;
use quorate_checker::spec::{Cut, Faults, Pauses, Punctual, Spec, Timely};
use stateright::Model;

use super::naive::{Naive, World};
use super::toy::{Do, Timer, Toy, elections, spec, steps, timing};

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

/// Early firings, of which some timers may be excepted, slow ticks, and pauses.
pub fn early() -> impl Strategy<Value = Timely<Timer>> {
    let pauses = (0..2u8, prop::sample::select(vec![0..=1, 1..=3, 4..=5]));
    let pauses = prop::option::of(pauses.prop_map(|(count, ticks)| Pauses { count, ticks }));
    (0..2u8, any::<bool>(), 0..3u8, pauses).prop_map(|(early, has_punctual, slow, pauses)| {
        let leases = Punctual { name: "leases", timers: |timer| *timer == 'r' };
        let punctual = has_punctual.then_some(leases);
        Timely { early, punctual, slow, pauses, ..timing() }
    })
}

/// Up to two cuts, of one link or both ways, for good or for a few ticks.
pub fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let heals = prop::sample::select(vec![None, Some(0..=1), Some(1..=2)]);
    let cut =
        (0..3usize, 1..3usize, any::<bool>(), heals).prop_map(|(from, further, both, heals)| {
            let (from, to) = ([from], [(from + further) % 3]);
            let cut = if both { Cut::between(from, to) } else { Cut::one_way(from, to) };
            Cut { heals, ..cut }
        });
    prop_oneof![1 => Just(Vec::new()), 1 => prop::collection::vec(cut, 1..3)]
}

proptest! {
    #[test]
    fn the_spec_takes_the_steps_of_the_naive_rules(
        toys in toys(),
        faults in (0..2u8, 0..2u8, 0..2u8),
        early in early(),
        recovery in prop::sample::select(vec![Some(0..=1), Some(1..=2), None]),
        calm_bound in 1..4u8,
        without in prop::option::of((0..3usize, 1..3usize)),
        cuts in cuts(),
    ) {
        let timely = Timely { recovery, restless: elections(calm_bound), ..early };
        let (crashes, drops, duplicates) = faults;
        let faults = Faults { crashes, down_at_once: 1, drops, duplicates, ..Faults::default() };
        let mut spec = spec(timely.clone(), toys.clone()).faults(faults);
        let mut links_down = BTreeSet::new();
        if let Some((from, further)) = without {
            let to = (from + further) % 3;
            links_down.insert((from, to));
            spec = spec.without_link(from, to);
        }
        spec = cuts.iter().cloned().fold(spec, Spec::cut);
        let naive = Naive { toys, timely, faults, links_down, cuts };
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
