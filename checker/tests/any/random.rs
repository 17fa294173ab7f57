//! What is found is what a naive search finds, on graphs made at random.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use quorate_checker::engine::{AnyAnswer, AnyOptions, Stop};
use stateright::{Model, Property};

use crate::explore_all;

#[derive(Clone, Debug)]
struct Graph {
    initial: Vec<u8>,
    /// By state, where its actions lead; `None` is no step.
    edges: Vec<Vec<Option<u8>>>,
    /// Those with a bit set break what should always hold, are to be reached, are outside.
    broken: u32,
    wanted: u32,
    outside: u32,
}

fn has(states: u32, state: u8) -> bool {
    states >> state & 1 == 1
}

/// A state with more to it than its number, some of which varies in length.
type Node = (u8, Vec<u8>, u32);

fn node(number: u8) -> Node {
    (number, vec![7; usize::from(number % 4)], u32::from(number) * 1000)
}

impl Model for Graph {
    type State = Node;
    type Action = usize;

    fn init_states(&self) -> Vec<Node> {
        self.initial.iter().map(|state| node(*state)).collect()
    }

    fn actions(&self, (state, ..): &Node, actions: &mut Vec<usize>) {
        actions.extend(0..self.edges[usize::from(*state)].len());
    }

    fn next_state(&self, (state, ..): &Node, action: usize) -> Option<Node> {
        self.edges[usize::from(*state)][action].map(node)
    }

    fn within_boundary(&self, (state, ..): &Node) -> bool {
        !has(self.outside, *state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("whole", |graph, state| !has(graph.broken, state.0)),
            Property::<Self>::sometimes("wanted", |graph, state| has(graph.wanted, state.0)),
        ]
    }
}

fn graph() -> impl Strategy<Value = Graph> {
    let rare = || prop::collection::vec(prop::bool::weighted(0.1), 32);
    let bits = |flags: Vec<bool>| {
        flags.iter().enumerate().map(|(at, flag)| u32::from(*flag) << at).sum::<u32>()
    };
    let edge = prop::option::weighted(0.8, 0..32_u8);
    let edges = prop::collection::vec(prop::collection::vec(edge, 0..5), 32);
    (prop::collection::vec(0..32_u8, 1..4), edges, rare(), rare(), rare()).prop_map(
        move |(initial, edges, broken, wanted, outside)| {
            let (broken, wanted, outside) = (bits(broken), bits(wanted), bits(outside));
            Graph { initial, edges, broken, wanted, outside }
        },
    )
}

/// By state, its distance; and the number of transitions between states so near.
fn naive(graph: &Graph, limit: Option<u64>) -> (BTreeMap<u8, u64>, u64) {
    let is_inside = |state: &u8| !has(graph.outside, *state);
    let mut level: BTreeSet<u8> = graph.initial.iter().copied().filter(is_inside).collect();
    let (mut distances, mut transitions, mut distance) = (BTreeMap::new(), 0, 0);
    while !level.is_empty() {
        level.iter().for_each(|state| _ = distances.insert(*state, distance));
        if limit == Some(distance) {
            break;
        }
        let steps = level.iter().flat_map(|state| &graph.edges[usize::from(*state)]);
        let next: Vec<u8> = steps.flatten().copied().filter(is_inside).collect();
        transitions += next.len() as u64;
        level = next.into_iter().filter(|state| !distances.contains_key(state)).collect();
        distance += 1;
    }
    (distances, transitions)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_naive_search_finds_the_same(
        graph in graph(),
        keep_going in any::<bool>(),
        depth in prop::option::weighted(0.3, 0..4_u64),
    ) {
        let nearest = |states: u32, limit| {
            let distances = naive(&graph, limit).0;
            distances.iter().filter(|(state, _)| has(states, **state)).map(|(_, at)| *at).min()
        };
        let violation = nearest(graph.broken, depth).filter(|_| !keep_going);
        let limit = violation.or(depth);
        let (distances, transitions) = naive(&graph, limit);
        let options = AnyOptions { keep_going, max_depth: depth, ..AnyOptions::default() };
        let outcome = explore_all(&graph, &options);
        prop_assert_eq!(outcome.states, distances.len() as u64);
        prop_assert_eq!(outcome.transitions, transitions);
        prop_assert_eq!(outcome.depth, distances.values().max().copied().unwrap_or(0));
        let whole = naive(&graph, None).0;
        if violation.is_some() {
            prop_assert_eq!(outcome.stopped, Some(Stop::Violation));
        } else if whole.len() > distances.len() {
            prop_assert_eq!(outcome.stopped, Some(Stop::Depth));
        }
        let is_whole = outcome.stopped.is_none();
        for (name, states) in [("whole", graph.broken), ("wanted", graph.wanted)] {
            let answer = &outcome.finding(name).answer;
            let length = answer.path().map(|path| path.clone().into_actions().len() as u64);
            prop_assert_eq!(length, nearest(states, limit));
            let is_as_said = match answer {
                AnyAnswer::Violated(path) | AnyAnswer::Reached(path) => {
                    has(states, path.last_state().0)
                }
                AnyAnswer::Holds => is_whole && name == "whole",
                AnyAnswer::NotReached => is_whole && name == "wanted",
                AnyAnswer::Undecided => !is_whole,
                _ => false,
            };
            prop_assert!(is_as_said, "{}", outcome);
        }
    }
}
