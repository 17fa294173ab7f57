//! The verdicts against a decision by brute force: every strongly connected set of edges, and every
//! state to stop in, is tried as what a run does for ever.

use proptest::prelude::*;
use quorate_checker::liveness::{Edge, Goal, Violation, unbounded, violation, zeno};

use crate::random::{Bits, Listed, bits, has, listed, members, set};

/// What a run does infinitely often. No edge and one state: it has stopped.
#[derive(Debug)]
struct Forever {
    visited: Bits,
    edges: Vec<Edge>,
}

impl Forever {
    fn is_fair(&self, graph: &Listed) -> bool {
        graph.is_fair(self.visited, bits(self.edges.iter().map(|edge| edge.action)))
    }

    fn is_connected(&self, graph: &Listed) -> bool {
        let reach = |state: u32| graph.reach(1_u32 << state, !0, |edge| self.edges.contains(edge));
        members(self.visited).all(|state| reach(state) == self.visited)
    }
}

/// All that a fair run can do for ever, reachable or not.
fn all_fair(graph: &Listed) -> Vec<Forever> {
    let stops = (0..graph.states).map(|state| Forever { visited: 1 << state, edges: Vec::new() });
    let loops = (1..1 << graph.edges.len()).map(|subset: Bits| {
        let edges: Vec<Edge> = members(subset).map(|at| graph.edges[at as usize]).collect();
        Forever { visited: bits(edges.iter().flat_map(|edge| [edge.from, edge.to])), edges }
    });
    let fair = |forever: &Forever| forever.is_fair(graph) && forever.is_connected(graph);
    stops.chain(loops).filter(fair).collect()
}

/// One of the four forms of a goal, with its predicates as bits by state.
#[derive(Clone, Copy, Debug)]
enum Form {
    Eventually(u32),
    LeadsTo(u32, u32),
    EventuallyAlways(u32),
    AlwaysEventually(u32),
}

impl Form {
    fn violation(self, graph: &Listed) -> Option<Violation> {
        let graph = graph.graph();
        match self {
            Self::Eventually(p) => violation(&graph, Goal::Eventually(&set(p))),
            Self::LeadsTo(p, q) => violation(&graph, Goal::LeadsTo(&set(p), &set(q))),
            Self::EventuallyAlways(p) => violation(&graph, Goal::EventuallyAlways(&set(p))),
            Self::AlwaysEventually(p) => violation(&graph, Goal::AlwaysEventually(&set(p))),
        }
    }

    /// Whether a run that does `forever` in the end may miss the goal.
    fn missed_by(self, graph: &Listed, forever: &Forever) -> bool {
        let ends_in = |reached: Bits| forever.visited & !reached == 0;
        let reachable = graph.reachable();
        match self {
            Self::Eventually(p) => ends_in(graph.reach(graph.initial(), !p, |_| true)),
            Self::LeadsTo(p, q) => ends_in(graph.reach(reachable & p, !q, |_| true)),
            Self::EventuallyAlways(p) => ends_in(reachable) && forever.visited & !p != 0,
            Self::AlwaysEventually(p) => ends_in(reachable & !p),
        }
    }

    /// The same of one run, given by its states: those of the stem, then those of the cycle.
    fn missed_on(self, stem: &[u32], cycle: &[u32]) -> bool {
        let run: Vec<u32> = stem.iter().chain(cycle).copied().collect();
        match self {
            Self::Eventually(p) => run.iter().all(|s| !has(p, *s)),
            Self::LeadsTo(p, q) => {
                let last_q = run.iter().rposition(|s| has(q, *s)).map_or(0, |at| at + 1);
                // All of the cycle comes again after its last state.
                run[last_q..].iter().any(|s| has(p, *s)) && cycle.iter().all(|s| !has(q, *s))
            }
            Self::EventuallyAlways(p) => cycle.iter().any(|s| !has(p, *s)),
            Self::AlwaysEventually(p) => cycle.iter().all(|s| !has(p, *s)),
        }
    }
}

/// That a violation is a fair run of the graph. Returns the states of its stem and of its cycle.
fn run_of(graph: &Listed, violation: &Violation) -> (Vec<u32>, Vec<u32>) {
    let (stem, cycle) = (violation.stem(), violation.cycle());
    assert!(graph.initial.contains(&stem.start));
    let before = graph.follow(stem.start, &stem.edges);
    let around = graph.follow(stem.end(), cycle);
    assert_eq!(around.last(), Some(&stem.end()), "a cycle ends where it begins");
    let forever = Forever { visited: bits(around.iter().copied()), edges: cycle.to_vec() };
    assert!(forever.is_fair(graph));
    (before, around)
}

fn form() -> impl Strategy<Value = Form> {
    // Few states in a predicate, or all but few: those are the goals that are neither met nor
    // missed by everything.
    let states =
        || (0..64_u32, 0..64_u32).prop_flat_map(|(a, b)| prop_oneof![Just(a & b), Just(a)]);
    prop_oneof![
        states().prop_map(Form::Eventually),
        (states(), states()).prop_map(|(p, q)| Form::LeadsTo(p, q)),
        states().prop_map(Form::EventuallyAlways),
        states().prop_map(Form::AlwaysEventually),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn a_goal_is_missed_exactly_if_some_fair_run_misses_it(
        graph in listed(),
        forms in proptest::collection::vec(form(), 8),
    ) {
        let fair = all_fair(&graph);
        for form in forms {
            let expected = fair.iter().any(|forever| form.missed_by(&graph, forever));
            let found = form.violation(&graph);
            prop_assert_eq!(found.is_some(), expected, "{:?}: {:?}", form, &found);
            if let Some(violation) = found {
                let (stem, cycle) = run_of(&graph, &violation);
                prop_assert!(form.missed_on(&stem, &cycle), "{:?}: {:?}", form, violation);
                let stops = matches!(violation, Violation::Stop { .. });
                prop_assert_eq!(stops, violation.cycle().is_empty());
            }
        }
    }

    #[test]
    fn time_stands_still_exactly_if_some_fair_run_takes_no_tick(graph in listed()) {
        let reachable = graph.reachable();
        let is_zeno = |forever: &Forever| {
            !forever.edges.is_empty()
                && forever.visited & !reachable == 0
                && !forever.edges.iter().any(|edge| graph.is_tick(edge.action))
        };
        let found = zeno(&graph.graph());
        prop_assert_eq!(found.is_some(), all_fair(&graph).iter().any(is_zeno), "{:?}", &found);
        if let Some(violation) = found {
            run_of(&graph, &violation);
            prop_assert!(!violation.cycle().is_empty());
            prop_assert!(!violation.cycle().iter().any(|edge| graph.is_tick(edge.action)));
        }
    }

    #[test]
    fn what_is_beyond_a_bound_is_reached_by_the_shortest_way(graph in listed(), beyond: u8) {
        let beyond = u32::from(beyond);
        let mut reached = graph.initial();
        let mut steps = 0;
        let expected = loop {
            if reached & beyond != 0 {
                break Some(steps);
            }
            let next = graph.edges.iter().filter(|edge| has(reached, edge.from));
            let next = reached | bits(next.map(|edge| edge.to));
            if reached == next {
                break None;
            }
            (reached, steps) = (next, steps + 1);
        };
        let found = unbounded(&graph.graph(), &set(beyond));
        prop_assert_eq!(found.as_ref().map(|found| found.stem().edges.len()), expected);
        if let Some(found) = found {
            let states = graph.follow(found.stem().start, &found.stem().edges);
            prop_assert!(graph.initial.contains(&states[0]));
            prop_assert!(has(beyond, states[states.len() - 1]));
        }
    }
}
