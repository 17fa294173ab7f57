//! The worst case against exhaustive recursion, and by hand.

use proptest::prelude::*;
use quorate_checker::liveness::{
    Action, Edge, Fairness, GraphBuilder, States, WorstCase, worst_case,
};

use crate::random::{Bits, Listed, bits, has, listed, members, set};

/// The question, for the naive answer.
struct Naive<'a> {
    graph: &'a Listed,
    counts: Bits,
    pending: Bits,
}

impl Naive<'_> {
    fn is_pending(&self, state: u32) -> bool {
        has(self.pending, state)
    }

    fn leaving(&self, state: u32) -> impl Iterator<Item = &Edge> {
        let counts = move |edge: &&Edge| edge.from == state && has(self.counts, edge.action);
        self.graph.edges.iter().filter(counts)
    }

    fn ticks(&self, edge: &Edge) -> u32 {
        u32::from(self.graph.is_tick(edge.action))
    }

    /// The most ticks of a path from `state` to the goal that visits no state twice. `None`: no
    /// path leads there.
    fn longest(&self, state: u32, visited: &mut Vec<u32>) -> Option<u32> {
        if !self.is_pending(state) {
            return Some(0);
        }
        visited.push(state);
        let mut longest = None;
        for edge in self.leaving(state) {
            if !visited.contains(&edge.to) {
                let rest = self.longest(edge.to, visited);
                longest = longest.max(rest.map(|rest| rest + self.ticks(edge)));
            }
        }
        visited.pop();
        longest
    }

    /// Whether a path of pending states leads from `here` back to the first of `visited`, with a
    /// tick.
    fn ticks_around(&self, here: u32, visited: &mut Vec<u32>, ticked: bool) -> bool {
        visited.push(here);
        let found = self.leaving(here).any(|edge| {
            let ticked = ticked || self.ticks(edge) > 0;
            let closed = edge.to == visited[0] && ticked;
            let fresh = self.is_pending(edge.to) && !visited.contains(&edge.to);
            closed || fresh && self.ticks_around(edge.to, visited, ticked)
        });
        visited.pop();
        found
    }

    /// `None`: nothing is pending. `Some(None)`: no bound.
    fn answer(&self) -> Option<Option<u32>> {
        let mut longest: Vec<Option<u32>> = Vec::new();
        for state in members(self.graph.reachable() & self.pending) {
            let tick = self.ticks_around(state, &mut Vec::new(), false);
            let ticks = self.longest(state, &mut Vec::new());
            longest.push(ticks.filter(|_| !tick));
        }
        let bounded = longest.iter().all(|ticks| ticks.is_some());
        longest.iter().max().map(|most| most.filter(|_| bounded))
    }

    fn genuine(&self, case: &WorstCase) {
        let (WorstCase::Bound { stem, .. } | WorstCase::NoBound { stem, .. }) = case;
        assert!(self.graph.initial.contains(&stem.start));
        self.graph.follow(stem.start, &stem.edges);
        match case {
            WorstCase::Bound { ticks, path, .. } => {
                let states = self.graph.follow(stem.end(), path);
                let (goal, before) = states.split_last().expect("at least the start");
                assert!(before.iter().all(|state| self.is_pending(*state)));
                assert!(!self.is_pending(*goal));
                assert!(path.iter().all(|edge| has(self.counts, edge.action)));
                assert_eq!(*ticks, path.iter().map(|edge| self.ticks(edge)).sum::<u32>());
            }
            WorstCase::NoBound { cycle, owed, .. } => {
                let states = self.graph.follow(stem.end(), cycle);
                assert!(states.iter().all(|state| self.is_pending(*state)));
                assert_eq!(states.first(), states.last());
                let visits = states.iter().filter(|state| **state == stem.end()).count();
                assert_eq!(visits, if cycle.is_empty() { 1 } else { 2 }, "once around");
                assert!(cycle.iter().all(|edge| has(self.counts, edge.action)));
                if !cycle.iter().any(|edge| self.ticks(edge) > 0) {
                    assert_eq!(self.longest(stem.end(), &mut Vec::new()), None, "stuck");
                }
                self.component(stem.end(), owed, !cycle.is_empty());
            }
        }
    }

    /// That `owed` is what is owed in the component of `state`, and whether it has any edge.
    fn component(&self, state: u32, owed: &[u32], moves: bool) {
        let counts = |edge: &Edge| has(self.counts, edge.action);
        let reach = |state: u32| self.graph.reach(1_u32 << state, self.pending, counts);
        let component = bits(members(reach(state)).filter(|other| has(reach(*other), state)));
        let inside =
            |edge: &&Edge| counts(edge) && has(component, edge.from) && has(component, edge.to);
        let taken = bits(self.graph.edges.iter().filter(inside).map(|edge| edge.action));
        assert_eq!(taken != 0, moves);
        let owed = bits(owed.iter().copied());
        assert!(self.graph.is_fair(component, taken | owed));
        for left_out in members(owed) {
            assert!(!self.graph.is_fair(component, taken | owed & !(1 << left_out)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, ..ProptestConfig::default() })]

    #[test]
    fn the_longest_path_is_the_longest(
        graph in listed(),
        counts in 0..16_u32,
        pending in 0..64_u32,
    ) {
        // Mostly few actions do not count, and few states are the goal.
        for (counts, pending) in [(counts | 7, pending | 7), (counts | 3, pending), (15, !1)] {
            let naive = Naive { graph: &graph, counts, pending };
            let found =
                worst_case(&graph.graph(), |action| has(counts, action), &set(pending));
            let ticks = found.as_ref().map(|case| match case {
                WorstCase::Bound { ticks, .. } => Some(*ticks),
                WorstCase::NoBound { .. } => None,
            });
            prop_assert_eq!(ticks, naive.answer(), "{:?}", &found);
            if let Some(case) = found {
                naive.genuine(&case);
            }
        }
    }
}

const STEP: u32 = 0;
const TICK: u32 = 1;
const CRASH: u32 = 2;

fn actions() -> Vec<Action> {
    let (weak, none) = (Fairness::Weak, Fairness::None);
    let action = |(fairness, tick)| Action { fairness, tick };
    [(weak, false), (weak, true), (none, false)].map(action).into()
}

#[test]
fn the_steps_before_the_last_fault_do_not_count() {
    // 0 is fine until the crash; then a tick, or a detour of two ticks; 9 is fine again.
    let mut graph = GraphBuilder::new(actions(), vec![0], 0, 0);
    graph.row(0, [(TICK, 0), (CRASH, 1)]);
    graph.row(1, [(TICK, 9), (STEP, 2), (CRASH, 4)]);
    graph.row(2, [(TICK, 3), (STEP, 1)]);
    graph.row(3, [(TICK, 9)]);
    graph.row(4, [(STEP, 9)]);
    let pending = States::from_iter(1..=4);
    let worst = worst_case(&graph.finish(), |action| action != CRASH, &pending);
    let Some(WorstCase::Bound { ticks, stem, path }) = worst else { panic!("{worst:?}") };
    assert_eq!((ticks, stem.edges.len()), (2, 1));
    assert_eq!(path.iter().map(|edge| edge.to).collect::<Vec<_>>(), [2, 3, 9]);
}

#[test]
fn weak_fairness_meets_a_goal_but_bounds_no_time() {
    let mut graph = GraphBuilder::new(actions(), vec![0], 0, 0);
    graph.row(0, [(TICK, 1), (STEP, 2)]);
    graph.row(1, [(TICK, 0), (STEP, 2)]);
    let worst = worst_case(&graph.finish(), |_| true, &States::from_iter([0, 1]));
    let Some(WorstCase::NoBound { cycle, owed, .. }) = worst else { panic!("{worst:?}") };
    assert_eq!((cycle.len(), owed), (2, vec![STEP]));
}

#[test]
fn a_goal_that_cannot_be_met_any_more_has_no_bound() {
    let mut graph = GraphBuilder::new(actions(), vec![0], 0, 0);
    graph.row(0, [(TICK, 1), (TICK, 2)]);
    graph.row(2, [(CRASH, 1)]);
    let worst = worst_case(&graph.finish(), |action| action != CRASH, &States::from_iter([0, 2]));
    let Some(WorstCase::NoBound { stem, cycle, owed }) = worst else { panic!("{worst:?}") };
    assert_eq!((stem.end(), cycle, owed), (2, vec![], vec![]));
}
