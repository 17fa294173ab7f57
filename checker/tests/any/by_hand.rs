//! Small models whose answers are known, and the limits.

use std::time::Duration;

use quorate_checker::engine::{AnyAnswer, AnyOptions, Progress, Stop, explore_any};
use serde::{Deserialize, Serialize};
use stateright::{Checker, Model, Property};

use crate::bits::Bits;
use crate::two_phase::TwoPhase;
use crate::{compare_with_stateright, explore_all};

#[test]
fn two_phase_commit_has_the_states_that_are_known_of_it() {
    for (managers, states) in [(3, 288), (5, 8832)] {
        let outcome = compare_with_stateright(TwoPhase(managers));
        assert_eq!(outcome.states, states);
        assert!(outcome.holds(), "{outcome}");
        // The same protocol, written in another way.
        let again = compare_with_stateright(Bits(managers));
        assert_eq!((again.states, again.levels), (states, outcome.levels));
    }
}

#[test]
fn many_states_are_laid_out_anew_as_they_come() {
    let outcome = explore_all(&Bits(7), &AnyOptions::default());
    assert_eq!((outcome.states, outcome.transitions), (296_448, 2_744_705));
}

/// Threads that add 1: each reads, then writes what it read plus 1.
#[derive(Clone, Debug)]
struct Counter {
    threads: usize,
    is_locked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Memory {
    value: u8,
    read: Vec<Option<u8>>,
    done: Vec<bool>,
}

impl Model for Counter {
    type State = Memory;
    type Action = usize;

    fn init_states(&self) -> Vec<Memory> {
        let (read, done) = (vec![None; self.threads], vec![false; self.threads]);
        vec![Memory { value: 0, read, done }]
    }

    fn actions(&self, state: &Memory, actions: &mut Vec<usize>) {
        let holds_lock = |thread: usize| state.read[thread].is_some() && !state.done[thread];
        let is_free = |thread| !(0..self.threads).any(|other| other != thread && holds_lock(other));
        let may_go = |thread: &usize| !state.done[*thread] && (!self.is_locked || is_free(*thread));
        actions.extend((0..self.threads).filter(may_go));
    }

    fn next_state(&self, state: &Memory, thread: usize) -> Option<Memory> {
        let mut next = state.clone();
        match state.read[thread] {
            None => next.read[thread] = Some(state.value),
            Some(seen) => (next.value, next.done[thread]) = (seen + 1, true),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("no update is lost", |_, state| {
                let done = state.done.iter().filter(|done| **done).count();
                usize::from(state.value) >= done
            }),
            Property::<Self>::always("bounded", |model, state| {
                usize::from(state.value) <= model.threads
            }),
            Property::<Self>::sometimes("all count", |model, state| {
                usize::from(state.value) == model.threads
            }),
            Property::<Self>::sometimes("too many", |_, state| state.value == 200),
        ]
    }
}

#[test]
fn a_lost_update_is_found_by_a_shortest_path() {
    let outcome = compare_with_stateright(Counter { threads: 3, is_locked: false });
    let AnyAnswer::Violated(path) = &outcome.finding("no update is lost").answer else {
        panic!("{outcome}")
    };
    assert_eq!(path.clone().into_actions().len(), 4);
    assert!(matches!(outcome.finding("too many").answer, AnyAnswer::NotReached));
    assert!(outcome.fails() && !outcome.holds());
}

#[test]
fn with_a_lock_none_is_lost_and_an_end_is_no_violation() {
    let outcome = compare_with_stateright(Counter { threads: 4, is_locked: true });
    assert!(matches!(outcome.finding("no update is lost").answer, AnyAnswer::Holds));
    assert!(matches!(outcome.finding("all count").answer, AnyAnswer::Reached(_)));
}

#[test]
fn a_violation_ends_the_search_with_its_level() {
    let outcome = explore_all(&Counter { threads: 3, is_locked: false }, &AnyOptions::default());
    assert_eq!((outcome.stopped, outcome.depth), (Some(Stop::Violation), 4));
    assert!(matches!(outcome.finding("bounded").answer, AnyAnswer::Undecided));
    assert!(matches!(outcome.finding("too many").answer, AnyAnswer::Undecided));
    assert!(outcome.fails());
}

#[test]
fn every_limit_ends_the_search_as_incomplete() {
    type Limits = AnyOptions<crate::bits::State, crate::bits::Step>;
    let incomplete = |options: Limits, stop| {
        let outcome = explore_any(&Bits(6), &options, &mut |_| {});
        assert_eq!(outcome.stopped, Some(stop));
        assert!(outcome.states < 50_816, "the whole space");
        assert!(outcome.to_string().contains("INCOMPLETE"), "{outcome}");
        assert!(matches!(outcome.finding("consistent").answer, AnyAnswer::Undecided));
        assert!(!outcome.holds() && !outcome.fails());
    };
    let limits = Limits::default;
    incomplete(Limits { max_states: Some(2000), ..limits() }, Stop::States);
    incomplete(Limits { max_memory: Some(1), ..limits() }, Stop::Memory);
    incomplete(Limits { max_time: Some(Duration::ZERO), ..limits() }, Stop::Time);
    incomplete(Limits { max_depth: Some(6), ..limits() }, Stop::Depth);
    let whole = explore_any(&Bits(6), &limits(), &mut |_| {});
    assert_eq!((whole.stopped, whole.states), (None, 50_816));
    // What lies just at the limit is all there is.
    let options = Limits { max_depth: Some(whole.depth + 1), ..limits() };
    assert_eq!(explore_any(&Bits(6), &options, &mut |_| {}).stopped, None);
}

#[test]
fn a_depth_is_as_in_stateright_but_counted_in_steps() {
    for depth in 1..6 {
        let options = AnyOptions { max_depth: Some(depth), ..AnyOptions::default() };
        let outcome = explore_all(&TwoPhase(4), &options);
        let target = depth as usize + 1;
        let checker = TwoPhase(4).checker().target_max_depth(target).spawn_bfs().join();
        assert_eq!(outcome.states, checker.unique_state_count() as u64);
        assert_eq!((outcome.depth, outcome.levels.len() as u64), (depth, depth + 1));
    }
}

#[test]
fn progress_is_told() {
    let mut told: Vec<Progress> = Vec::new();
    let outcome = explore_any(&Bits(5), &AnyOptions::default(), &mut |now| told.push(*now));
    let last = told.last().expect("at least once a level");
    assert_eq!((last.states, last.transitions), (outcome.states, outcome.transitions));
    assert!(told.len() as u64 >= outcome.depth);
    assert!(told.windows(2).all(|pair| pair[0].states <= pair[1].states));
}

/// Numbers from several starts, none beyond a boundary.
#[derive(Clone, Debug)]
struct Numbers;

impl Model for Numbers {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![1, 40, 1, 2000]
    }

    fn actions(&self, _: &u32, actions: &mut Vec<u32>) {
        actions.extend([0, 2, 3]);
    }

    fn next_state(&self, state: &u32, factor: u32) -> Option<u32> {
        (factor > 0).then(|| state * factor)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("inside", |_, state| *state < 1000),
            Property::<Self>::sometimes("multiple", |_, state| *state == 720),
        ]
    }

    fn within_boundary(&self, state: &u32) -> bool {
        *state < 1000
    }
}

#[test]
fn boundaries_are_respected_and_initial_states_may_be_several() {
    let outcome = explore_all(&Numbers, &AnyOptions::default());
    let naive = |limit: u32| {
        let mut all = std::collections::BTreeSet::from([1, 40]);
        let mut transitions = 0;
        let mut open = vec![1, 40];
        while let Some(state) = open.pop() {
            for next in [state * 2, state * 3].into_iter().filter(|next| *next < limit) {
                transitions += 1;
                if all.insert(next) {
                    open.push(next);
                }
            }
        }
        (all.len() as u64, transitions)
    };
    assert_eq!((outcome.states, outcome.transitions), naive(1000));
    let path = outcome.finding("multiple").answer.path().expect("from 40").clone();
    assert_eq!(path.into_states()[0], 40);
    let options = AnyOptions { boundary: Some(|state| *state < 100), ..AnyOptions::default() };
    let smaller = explore_all(&Numbers, &options);
    assert_eq!((smaller.states, smaller.transitions), naive(100));
    assert!(matches!(smaller.finding("multiple").answer, AnyAnswer::NotReached));
}

#[test]
fn without_an_initial_state_there_is_nothing() {
    let options = AnyOptions { boundary: Some(|_| false), ..AnyOptions::default() };
    let outcome = explore_all(&Numbers, &options);
    assert_eq!((outcome.states, outcome.transitions, outcome.depth), (0, 0, 0));
    assert_eq!(outcome.stopped, None);
    assert!(matches!(outcome.finding("inside").answer, AnyAnswer::Holds));
}
