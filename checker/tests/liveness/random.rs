//! Small random graphs, as a list of edges.

use proptest::prelude::*;
use quorate_checker::liveness::{Action, Edge, Fairness, Graph, GraphBuilder, States};

/// At most so many edges, so that every subset of them can be looked at.
const EDGES: usize = 12;

/// A small set of numbers: of states, or of actions.
pub type Bits = u32;

pub fn has(bits: Bits, number: u32) -> bool {
    bits >> number & 1 == 1
}

pub fn members(bits: Bits) -> impl Iterator<Item = u32> {
    (0..Bits::BITS).filter(move |number| has(bits, *number))
}

pub fn bits(numbers: impl Iterator<Item = u32>) -> Bits {
    numbers.fold(0, |bits, number| bits | 1 << number)
}

pub fn set(states: Bits) -> States {
    members(states).collect()
}

#[derive(Clone, Debug)]
pub struct Listed {
    pub states: u32,
    pub initial: Vec<u32>,
    pub actions: Vec<Action>,
    pub edges: Vec<Edge>,
}

impl Listed {
    pub fn graph(&self) -> Graph {
        let initial = self.initial.clone();
        let mut graph = GraphBuilder::new(self.actions.clone(), initial, 0, 0);
        for state in 0..self.states {
            let leaving = self.edges.iter().filter(|edge| edge.from == state);
            graph.row(state, leaving.map(|edge| (edge.action, edge.to)));
        }
        graph.finish()
    }

    pub fn fairness(&self, action: u32) -> Fairness {
        self.actions[action as usize].fairness
    }

    pub fn is_tick(&self, action: u32) -> bool {
        self.actions[action as usize].tick
    }

    pub fn enabled(&self, state: u32, action: u32) -> bool {
        self.edges.iter().any(|edge| edge.from == state && edge.action == action)
    }

    /// Fairness by its definition, for a run that visits these states and takes these actions
    /// infinitely often, and no others.
    pub fn is_fair(&self, visited: Bits, taken: Bits) -> bool {
        (0..self.actions.len() as u32).all(|action| {
            let mut enabled = members(visited).map(|state| self.enabled(state, action));
            let owed = match self.fairness(action) {
                Fairness::None => false,
                Fairness::Weak => enabled.all(|enabled| enabled),
                Fairness::Strong => enabled.any(|enabled| enabled),
            };
            !owed || has(taken, action)
        })
    }

    /// What can be reached from `from` by `edges` without being, at any time, outside of `within`.
    pub fn reach(&self, from: Bits, within: Bits, edges: impl Fn(&Edge) -> bool) -> Bits {
        let mut reached = from & within;
        loop {
            let before = reached;
            for edge in self.edges.iter().filter(|edge| edges(edge)) {
                if has(reached, edge.from) {
                    reached |= within & 1 << edge.to;
                }
            }
            if reached == before {
                return reached;
            }
        }
    }

    pub fn initial(&self) -> Bits {
        bits(self.initial.iter().copied())
    }

    pub fn reachable(&self) -> Bits {
        self.reach(self.initial(), !0, |_| true)
    }

    /// That `edges` are edges, each beginning where the one before ended, the first in `start`.
    /// Returns the states on the way, the first included.
    pub fn follow(&self, start: u32, edges: &[Edge]) -> Vec<u32> {
        let mut states = vec![start];
        for edge in edges {
            assert!(self.edges.contains(edge), "{edge:?} is an edge");
            assert_eq!(states.last(), Some(&edge.from));
            states.push(edge.to);
        }
        states
    }
}

fn action() -> impl Strategy<Value = Action> {
    use Fairness::{None, Strong, Weak};
    let fairness = prop_oneof![2 => Just(None), 3 => Just(Weak), 3 => Just(Strong)];
    (fairness, proptest::bool::weighted(0.3)).prop_map(|(fairness, tick)| Action { fairness, tick })
}

pub fn listed() -> impl Strategy<Value = Listed> {
    (1..=6_u32, 1..=4_usize).prop_flat_map(|(states, actions)| {
        let edge = (0..states, 0..actions as u32, 0..states);
        let edge = edge.prop_map(|(from, action, to)| Edge { from, action, to });
        let initial = prop_oneof![
            4 => Just(vec![0]),
            1 => proptest::collection::vec(0..states, 0..=2),
        ];
        let actions = proptest::collection::vec(action(), actions);
        let edges = proptest::collection::vec(edge, 0..=EDGES);
        (Just(states), initial, actions, edges).prop_map(|(states, initial, actions, edges)| {
            Listed { states, initial, actions, edges }
        })
    })
}
