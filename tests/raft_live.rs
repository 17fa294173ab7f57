//! The spaces of Raft's liveness specs, explored to their ends, and how long there is no leader.

use std::collections::HashMap;

use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::{Action, ActionOf};
use quorate_models::kv::Kv;
use quorate_models::raft::specs::RaftSpec;
use quorate_models::raft::{Raft, live, properties};
use quorate_models::rules::AllRules;
use stateright::Model;

/// States, transitions and depth of each spec.
const COUNTS: &[(&str, (u64, u64, u64))] = &[
    ("raft/election-live", (58_813, 169_689, 43)),
    ("raft/failover-live", (451_614, 1_242_677, 75)),
    ("raft/rejoin-live", (345_741, 1_259_533, 56)),
    ("raft/lossy-live", (57_645, 106_640, 76)),
    ("raft/partition-live", (1_629, 2_913, 59)),
];

#[test]
fn every_space_is_finite_and_both_engines_agree_on_it() {
    let pinned: Vec<_> =
        COUNTS.iter().map(|(name, counts)| ((*name).to_owned(), *counts)).collect();
    for (engine, threads) in [(Engine::Quorate, 2), (Engine::Stateright, 1)] {
        let limits = Limits { threads, ..Limits::default() };
        let mut counts = Vec::new();
        for spec in live::all() {
            let name = spec.name().to_owned();
            let report = spec.check(engine, &limits, &mut |_| {});
            assert_eq!(report.cut_short, None, "{name}");
            assert_ne!(report.verdict, Verdict::Violated, "{report:#?}");
            counts.push((name, (report.states, report.transitions, report.depth)));
        }
        assert_eq!(counts, pinned, "{engine:?}");
    }
}

type Spec = RaftSpec<AllRules>;
type State = <Spec as Model>::State;
type Next = ActionOf<Raft<Kv, AllRules>>;

/// Every state, and where its steps lead.
struct Graph {
    states: Vec<State>,
    steps: Vec<Vec<(Next, usize)>>,
}

impl Graph {
    fn of(spec: &Spec) -> Self {
        let mut states = spec.init_states();
        let mut numbers = HashMap::from([(states[0].clone(), 0)]);
        let mut steps = Vec::new();
        while let Some(state) = states.get(steps.len()).cloned() {
            let mut actions = Vec::new();
            spec.actions(&state, &mut actions);
            let next = |action: Next| {
                let successor = spec.next_state(&state, action.clone())?;
                let number = *numbers.entry(successor.clone()).or_insert(states.len());
                if number == states.len() {
                    states.push(successor);
                }
                Some((action, number))
            };
            steps.push(actions.into_iter().filter_map(next).collect());
        }
        Graph { states, steps }
    }

    /// By state, the ticks of the longest run from there without a leader, of `allowed` steps.
    fn leaderless(&self, spec: &Spec, allowed: fn(&Next) -> bool) -> Vec<u32> {
        let is_led = |state| spec.is_true(properties::a_leader_is_up, state);
        let led: Vec<bool> = self.states.iter().map(is_led).collect();
        let mut ticks = vec![0; self.states.len()];
        loop {
            let mut grows = false;
            for number in (0..ticks.len()).rev().filter(|number| !led[*number]) {
                let steps = self.steps[number].iter();
                let on = steps.filter(|(action, next)| allowed(action) && !led[*next]);
                let longest =
                    on.map(|(action, next)| ticks[*next] + u32::from(*action == Action::Tick));
                let longest = longest.max().unwrap_or(0);
                grows |= longest > ticks[number];
                ticks[number] = longest;
                assert!(longest < 100, "there is a cycle without a leader");
            }
            if !grows {
                return ticks;
            }
        }
    }
}

/// The trial by which this timing was chosen: with no early firing left there is a leader after at
/// most 3 ticks, the end of the election range; an early one may split a vote, and it takes 6.
#[test]
fn a_leader_is_elected_within_3_ticks_or_6() {
    let spec = live::election("raft/election-live", AllRules);
    let graph = Graph::of(&spec);
    assert_eq!(graph.states.len(), 58_813);
    let is_calm = |action: &Next| !matches!(action, Action::Crash(_) | Action::EarlyTimeout(..));
    let calm = graph.leaderless(&spec, is_calm);
    assert_eq!(calm.iter().max(), Some(&3));
    let with_early = graph.leaderless(&spec, |action| !matches!(action, Action::Crash(_)));
    assert_eq!(with_early.iter().max(), Some(&6));
    let none_left =
        graph.states.iter().zip(&with_early).filter(|(state, _)| state.spent.early == 1);
    assert_eq!(none_left.map(|(_, ticks)| ticks).max(), Some(&3));
    assert!(graph.states.iter().all(|state| !spec.is_unbounded(state)));
}

#[test]
fn a_partial_partition_deposes_leaders_without_end() {
    let spec = live::partition("raft/partition-live", AllRules);
    let graph = Graph::of(&spec);
    let unbounded = graph.states.iter().filter(|state| spec.is_unbounded(state));
    assert_eq!(unbounded.count(), 20);
    // Nobody stops for another reason.
    for (state, steps) in graph.states.iter().zip(&graph.steps) {
        assert_eq!(steps.is_empty(), spec.is_unbounded(state));
    }
}
