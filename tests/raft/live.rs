//! Raft's liveness specs, explored to their ends, and how long things take at most.

use std::collections::HashMap;

use quorate_checker::report::{Engine, Longest, Report};
use quorate_checker::spec::{Action, ActionOf};
use quorate_models::raft::Raft;
use quorate_models::raft::claims::properties;
use quorate_models::raft::specs::live;
use quorate_models::raft::specs::live::{A_LEADER, ALL_ANSWERED, CAUGHT_UP};
use quorate_models::raft::specs::{Checked, RaftSpec};
use stateright::Model;

use crate::support::specs::{assert_holds, explore};

/// One test for each spec that holds, and the list of them.
macro_rules! holds {
    ($($test:ident: $name:literal has depth $depth:literal;)*) => {
        $(
            #[test]
            fn $test() {
                assert_worst_case(&assert_holds($name, $depth));
            }
        )*

        pub const HOLD: &[&str] = &[$($name),*];
    };
}

holds! {
    calm: "raft/calm-live" has depth 17;
    election: "raft/election-live" has depth 42;
    unlucky: "raft/unlucky-live" has depth 55;
    failover: "raft/failover-live" has depth 83;
    alone: "raft/alone-live" has depth 12;
    unlucky_nodes: "raft/unlucky-node-live" has depth 59;
    failover_of_nodes: "raft/failover-node-live" has depth 93;
    lossy: "raft/lossy-live" has depth 74;
    rejoin: "raft/rejoin-live" has depth 51;
    restarts: "raft/restarts-live" has depth 55;
    five: "raft/five-live" has depth 26;
    rollback: "raft/rollback-live" has depth 42;
}

/// Ticks, elections and message delays.
type Time = (u32, usize, usize);

/// By spec, until when, how long when all is calm, and how long with early timeouts still to come.
const WORST: &[(&str, &str, Time, Time)] = &[
    // The trial by which this timing was chosen: the end of the election range, and twice that if
    // an early timeout splits a vote.
    ("raft/election-live", A_LEADER, (3, 1, 2), (6, 3, 2)),
    // Twice that also if what split the vote was a message lost before all was calm.
    ("raft/unlucky-live", A_LEADER, (6, 4, 2), (6, 3, 2)),
    // For the client: most of it is its own patience with servers that are dead or do not lead.
    ("raft/failover-live", ALL_ANSWERED, (10, 1, 6), (16, 5, 8)),
    ("raft/unlucky-node-live", A_LEADER, (5, 2, 4), (5, 2, 4)),
    // A server that asks too soon is refused, and asks again.
    ("raft/failover-node-live", ALL_ANSWERED, (16, 3, 10), (20, 2, 6)),
    ("raft/rejoin-live", CAUGHT_UP, (3, 1, 4), (3, 1, 4)),
];

fn assert_worst_case(report: &Report) {
    let pinned = WORST.iter().find(|(name, ..)| *name == report.spec);
    assert_eq!(report.worst_case.is_some(), pinned.is_some());
    let Some(worst) = &report.worst_case else { return };
    let elections = |longest: &Longest| longest.restless.as_ref().map_or(0, |(_, count)| *count);
    let time = |longest: &Option<Longest>| {
        let longest = longest.as_ref().expect("the goal is not met from the start");
        (longest.ticks.expect("a bound"), elections(longest), longest.message_delays)
    };
    let told = (report.spec.as_str(), worst.goal, time(&worst.calm), time(&worst.with_early));
    assert_eq!(Some(&told), pinned);
}

/// Of states, that is: Stateright decides nothing about runs.
#[test]
fn stateright_agrees() {
    for name in ["raft/election-live", "raft/partition-live", "raft/returning-live"] {
        let counts = [Engine::Quorate, Engine::Stateright].map(|engine| {
            let report = explore(name, engine);
            (report.states, report.transitions, report.depth)
        });
        assert_eq!(counts[0], counts[1], "{name}");
    }
}

type Spec = RaftSpec;
type State = <Spec as Model>::State;
type Next = ActionOf<Raft<Checked>>;

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

/// The same figures as the report's, found by a search that is too simple to be wrong.
#[test]
fn a_leader_is_elected_within_3_ticks_or_6() {
    let spec = live::election();
    let graph = Graph::of(&spec);
    assert_eq!(graph.states.len(), 55_390);
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
