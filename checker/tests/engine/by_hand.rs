//! The engine finds what a naive search and Stateright's own search find, on systems made by hand.

use std::collections::BTreeSet;

use quorate_checker::AnySpec;
use quorate_checker::engine::{Options, Stop, explore, explore_model};
use quorate_checker::spec::{
    Action, Event, Fault, Faults, STORAGE_AGREES, Sees, Spec, WITHOUT_PANIC,
};
use stateright::Expectation::{Always, Sometimes};
use stateright::actor::{ActorModel, LossyNetwork, Network};
use stateright::{Checker, HasDiscoveries, Model};

use crate::naive::{Counts, naive};
use crate::toy::Cause::{Choice, Message, Timer};
use crate::toy::Order::{Choose, Save, Send, Set};
use crate::toy::{self, Answer, Order, Toy};

type ToySpec = Spec<Toy, (), u8>;

/// Keeps Stateright's search from ending before it has seen everything.
const NEVER_ENDS: &str = "nothing decides this";

fn system(toys: Vec<Toy>) -> ActorModel<Toy, (), u8> {
    ActorModel::new((), 0).actors(toys).property(Always, NEVER_ENDS, |_, _| true)
}

/// Explores to the end, with one, two and three threads, compares with the other searches, and
/// returns the counts.
///
/// Stateright's fingerprints do not tell whose a timer or a choice is, so what is compared with
/// Stateright has different ones for different actors.
fn compare(spec: impl Fn() -> ToySpec) -> Counts {
    let expected = naive(&spec(), 200_000).expect("small enough for the naive search");
    for threads in 1..=3 {
        let options = Options { threads, keep_going: true, ..Options::default() };
        let outcome = explore(&spec(), &options, &mut |_| {});
        assert_eq!(outcome.stopped, None);
        assert_eq!(Counts::of(&outcome), expected, "{threads} threads");
    }
    let theirs = spec()
        .checker()
        .threads(1)
        .finish_when(HasDiscoveries::AllOf(BTreeSet::from([NEVER_ENDS])))
        .spawn_bfs()
        .join();
    assert_eq!(theirs.unique_state_count() as u64, expected.states);
    assert_eq!(theirs.state_count() as u64 - 1, expected.transitions);
    for (name, length) in &expected.lengths {
        assert_eq!(theirs.discovery(name).is_some(), length.is_some(), "{name}");
    }
    expected
}

/// Two that send a ball to and fro.
fn ping_pong() -> ToySpec {
    let first = Toy::default().starting(&[Send(1, 0)]).on(0, Message(1), 1, &[Send(1, 2)]);
    let second = Toy::default().on(0, Message(0), 1, &[Send(0, 1)]).on(1, Message(2), 2, &[]);
    let system = system(vec![first, second])
        .property(Sometimes, "the game ends", |_, state| *state.actor_states[1] == 2)
        .property(Always, "the game goes on", |_, state| *state.actor_states[1] < 2);
    Spec::new("ping-pong", system, 2)
}

#[test]
fn a_straight_line_is_walked_to_its_end() {
    let expected = compare(ping_pong);
    assert_eq!((expected.states, expected.transitions, expected.depth), (4, 3, 3));
    assert_eq!(expected.lengths[1], ("the game ends", Some(3)));
}

/// A counter told to count by messages that get lost and doubled.
fn lossy_counter() -> ToySpec {
    let teller = Toy::default().starting(&[Send(1, 0), Send(1, 1), Send(1, 2), Set(0)]).on(
        0,
        Timer(0),
        0,
        &[Send(1, 0), Set(0)],
    );
    let mut counter = Toy::default();
    for state in 0..5 {
        for message in 0..3 {
            counter = counter.on(state, Message(message), state + 1, &[Send(0, 9)]);
        }
    }
    let system = system(vec![teller, counter])
        .property(Always, "at most four", |_, state| *state.actor_states[1] <= 4)
        .property(Sometimes, "nothing in flight", |_, state| state.network.len() == 0);
    Spec::new("counter", system, 2)
        .faults(Faults { drops: 2, duplicates: 2, ..Faults::default() })
        .timeouts("ticks", |_| true, 2)
}

#[test]
fn losses_and_duplicates_are_tried_everywhere() {
    let expected = compare(lossy_counter);
    assert!(expected.states > 500);
    assert_eq!(expected.lengths[1], ("at most four", Some(5)));
}

/// A coordinator asks two others, who choose, save and answer; all may crash.
fn two_phases(late_save: bool) -> ToySpec {
    let answer = |message| {
        if late_save { vec![Send(0, message), Save(2)] } else { vec![Save(2), Send(0, message)] }
    };
    let coordinator = Toy::default()
        .starting(&[Set(0)])
        .on(0, Timer(0), 1, &[Send(1, 0), Send(2, 0), Set(1)])
        .on(1, Message(1), 2, &[])
        .on(2, Message(1), 3, &[Save(3), Send(1, 3), Send(2, 3)])
        .on(1, Timer(1), 0, &[Set(0)]);
    let other = |vote, mood| {
        let choices = [Choose(vote, vec![1, 2]), Choose(mood, vec![3])];
        Toy::default()
            .on(0, Message(0), 1, &choices)
            .on(1, Choice(1), 2, &answer(1))
            .on(1, Choice(2), 3, &answer(2))
            .on(2, Message(3), 4, &[])
    };
    let others = [other("vote of 1", "mood of 1"), other("vote of 2", "mood of 2")];
    let system = system([coordinator].into_iter().chain(others).collect())
        .property(Sometimes, "both know", |_, state| {
            state.actor_states[1..].iter().all(|state| **state == 4)
        })
        .property(Always, "no crash after a decision", |_, state| state.history != 3);
    Spec::new("two phases", system, 3)
        .faults(Faults { crashes: 2, down_at_once: 1, ..Faults::default() })
        .timeouts("starts", |timer| *timer == 0, 2)
        .ghost(|_, ghost, step| match step.event {
            Event::Crash => Some(ghost | 1),
            Event::Deliver { .. } if *step.after == 4 => Some(ghost | 2),
            _ => None,
        })
}

#[test]
fn timers_saves_crashes_and_choices_are_as_the_spec_has_them() {
    let expected = compare(|| two_phases(false));
    assert!(expected.states > 1000);
    assert!(expected.lengths[1].1.is_some());
    assert!(expected.lengths[2].1.is_some());
}

/// Many that count on their own, so that levels are wide enough to be shared among threads.
fn counters() -> ToySpec {
    let counter = |timer: u8| {
        let start = Toy::default().starting(&[Set(timer)]);
        (0..6).fold(start, |toy, state| toy.on(state, Timer(timer), state + 1, &[Set(timer)]))
    };
    let system = system((0..5).map(counter).collect())
        .property(Always, "less than twenty in all", |_, state| {
            state.actor_states.iter().map(|state| u32::from(**state)).sum::<u32>() < 20
        })
        .property(Sometimes, "all at the end", |_, state| {
            state.actor_states.iter().all(|state| **state == 6)
        });
    Spec::new("counters", system, 5)
}

#[test]
fn threads_share_a_wide_level_and_lose_nothing() {
    let expected = compare(counters);
    // A timer that fires at the end is gone: eight states each.
    assert_eq!((expected.states, expected.depth), (8_u64.pow(5), 35));
    assert_eq!(expected.lengths[1].1, Some(20));
    let until_violated = |threads| {
        let options = Options { threads, ..Options::default() };
        let outcome = explore(&counters(), &options, &mut |_| {});
        assert_eq!(outcome.stopped, Some(Stop::Violation));
        Counts::of(&outcome)
    };
    // The level in which the violation lies is complete.
    let found = until_violated(1);
    assert_eq!((found.depth, found.lengths[1].1), (20, Some(20)));
    (2..=4).for_each(|threads| assert_eq!(until_violated(threads), found));
}

#[test]
fn a_late_save_is_found_where_it_is_nearest() {
    let expected = compare(|| two_phases(true));
    assert_eq!(expected.lengths[3], ("saved before sent", Some(3)));
}

#[test]
fn what_is_durable_by_word_alone_is_found() {
    // The second says that it is in state 2 for good, and has saved something else or nothing.
    let saves = |orders: &'static [Order]| {
        move || {
            let first = Toy::default().starting(&[Send(1, 0)]);
            let second = Toy::default().on(0, Message(0), 2, orders);
            let spec = Spec::new("saves", system(vec![first, second]), 2).may_end();
            spec.durable(|one, other| one == other)
        }
    };
    for (orders, expected) in [(&[][..], Some(1)), (&[Save(1)], Some(1)), (&[Save(2)], None)] {
        let lengths = compare(saves(orders)).lengths;
        let found = lengths.iter().find(|(name, _)| *name == STORAGE_AGREES).expect("claimed");
        assert_eq!(found.1, expected, "{orders:?}");
    }
}

#[test]
fn a_panic_is_a_counterexample() {
    let spec = || {
        let mut spec = ping_pong();
        let answer = Answer { panics: true, ..Answer::default() };
        spec.system.actors[1].answers.insert((1, Message(2)), answer);
        spec
    };
    assert_eq!(compare(spec).lengths[4], ("no handler panics", Some(3)));
    let options = Options { keep_going: true, ..Options::default() };
    let outcome = explore(&spec(), &options, &mut |_| {});
    let path = outcome.finding("no handler panics").path().expect("it panics").clone();
    assert_eq!(path.last_state().fault, Some(Fault::Panicked(toy::PANIC.into())));
}

#[test]
fn what_nobody_will_heed_is_forgotten_from_the_first_step_on() {
    // The initial state still has what its receivers ignore.
    let expected = compare(|| lossy_counter().obsolete(|state, _, message| *message > *state));
    assert!(expected.states < compare(lossy_counter).states);
}

#[test]
fn a_direction_keeps_to_its_part() {
    let all = compare(|| two_phases(false)).states;
    let directed = compare(|| {
        two_phases(false).directed("the second stays silent", |_, state, action| {
            let is_late = state.spent.crashes > 0 && matches!(action, Action::Timeout(..));
            !is_late && !matches!(action, Action::Deliver { dst, .. } if usize::from(*dst) == 2)
        })
    });
    assert!(directed.states < all);
}

#[test]
fn whose_timer_is_set_is_told_apart() {
    // Stateright's own search takes some of these for one state.
    let spec = || {
        let toy = Toy::default().starting(&[Set(0)]).on(0, Timer(0), 0, &[Send(9, 9)]);
        Spec::new("timers", system(vec![toy.clone(), toy]), 2)
    };
    let expected = naive(&spec(), 10).expect("four states");
    assert_eq!(expected.states, 4);
    assert_eq!(Counts::of(&explore(&spec(), &Options::default(), &mut |_| {})), expected);
    assert_eq!(spec().checker().spawn_bfs().join().unique_state_count(), 3);
}

#[test]
fn what_a_property_sees_changes_nothing_but_the_cost() {
    let options = Options { keep_going: true, has_boundary: false, ..Options::default() };
    let mut spec = two_phases(true);
    for claim in &mut spec.claims {
        claim.sees = if claim.name == "both know" { Sees::ACTORS } else { Sees::GHOST };
    }
    assert!(spec.audit(u64::MAX).is_empty());
    let outcome = explore(&spec, &options, &mut |_| {});
    assert_eq!(Some(Counts::of(&outcome)), naive(&two_phases(true), 200_000));
}

#[test]
fn a_model_is_explored_as_it_stands() {
    // Stateright's own search has the same counts, so it is asked too.
    let model = || {
        let mut model = lossy_counter().system;
        model.lossy_network = LossyNetwork::Yes;
        model
            .init_network(Network::new_unordered_nonduplicating([]))
            .within_boundary(|_, state| state.network.len() < 6)
    };
    let options = Options { keep_going: true, ..Options::default() };
    let outcome = explore_model(&model(), &options, &mut |_| {});
    let theirs = model()
        .checker()
        .finish_when(HasDiscoveries::AllOf(BTreeSet::from([NEVER_ENDS])))
        .spawn_bfs()
        .join();
    assert!(outcome.states > 100);
    assert_eq!(outcome.states, theirs.unique_state_count() as u64);
    assert_eq!(outcome.transitions, theirs.state_count() as u64 - 1);
    let path = outcome.finding("at most four").path().expect("it counts on").clone();
    assert_eq!(*path.last_state().actor_states[1], 5);
}

#[test]
fn a_panic_in_a_model_is_told_with_the_way_to_it() {
    let mut model = ping_pong().system;
    let answer = Answer { panics: true, ..Answer::default() };
    model.actors[1].answers.insert((1, Message(2)), answer);
    let outcome = explore_model(&model, &Options::default(), &mut |_| {});
    let path = outcome.finding(WITHOUT_PANIC).path().expect("it panics").clone();
    assert_eq!(path.into_actions().len(), 2, "the third step is the one that panics");
}

#[test]
fn a_search_that_is_cut_short_says_so() {
    let first = explore(&two_phases(true), &Options::default(), &mut |_| {});
    assert_eq!(first.stopped, Some(Stop::Violation));
    assert_eq!((first.depth, first.finding("saved before sent").path().is_some()), (3, true));
    let options = Options { max_states: Some(100), keep_going: true, ..Options::default() };
    let some = explore(&two_phases(false), &options, &mut |_| {});
    assert_eq!(some.stopped, Some(Stop::States));
    let options = Options { max_memory: Some(1), ..options };
    assert_eq!(explore(&ping_pong(), &options, &mut |_| {}).stopped, Some(Stop::Memory),);
}

#[test]
fn a_depth_is_a_limit() {
    for depth in 0..3 {
        let options = Options { max_depth: Some(depth), keep_going: true, ..Options::default() };
        let ours = explore(&ping_pong(), &options, &mut |_| {});
        let models = explore_model(&ping_pong().system, &options, &mut |_| {});
        assert_eq!((ours.stopped, models.stopped), (Some(Stop::Depth), Some(Stop::Depth)));
        assert_eq!((ours.depth, models.depth), (depth, depth));
        assert_eq!((ours.states, models.states), (depth + 1, depth + 1));
    }
    let options = Options { max_depth: Some(4), keep_going: true, ..Options::default() };
    assert_eq!(explore(&ping_pong(), &options, &mut |_| {}).stopped, None);
}
