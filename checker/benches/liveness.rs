//! Liveness on synthetic graphs of ten million states, or of as many as the first argument says:
//! seconds by question, passed and spent computing, and the most memory ever in use, by state.

use std::env;
use std::fs;
use std::time::Instant;

use quorate_checker::liveness::{
    Action, Fairness, Goal, Graph, GraphBuilder, States, Violation, WorstCase, violation,
    worst_case, zeno,
};

const MESSAGES: u32 = 1000;
/// How often strong fairness takes the graph apart.
const CLASSES: u32 = 8;
const RING: u32 = 1000;

const STRONG: u32 = MESSAGES;
const TICK: u32 = STRONG + CLASSES;
const FAULT: u32 = TICK + 1;

fn actions() -> Vec<Action> {
    let (weak, strong) =
        ([Fairness::Weak; MESSAGES as usize], [Fairness::Strong; CLASSES as usize]);
    let fairness = [&weak[..], &strong[..], &[Fairness::Weak, Fairness::None]].concat();
    let tick = |at| at == TICK as usize;
    fairness.into_iter().enumerate().map(|(at, f)| Action { fairness: f, tick: tick(at) }).collect()
}

/// Numbers without a pattern, the same in every run (the finaliser of SplitMix64).
fn scatter(number: u32, below: u32) -> u32 {
    let mut mixed = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % u64::from(below)) as u32
}

/// Rings of states, tied to each other by faults: all one component. Every state is of a class, and
/// a strongly fair action leads from each class to the one below, from the lowest to the goal, 0.
/// So the goal is met, but it takes a decomposition by class to see that.
fn rings(states: u32) -> Graph {
    let mut graph = GraphBuilder::new(actions(), vec![0], states as usize, states as usize * 4);
    let class = |state| state % CLASSES;
    for state in 0..states {
        let (ring, at) = (state / RING * RING, state % RING);
        let next = ring + (at + 1) % RING.min(states - ring);
        let below = match class(state) {
            0 => 0,
            class => (scatter(state, states) / CLASSES * CLASSES + class - 1).min(states - 1),
        };
        let edges = [
            (scatter(state, MESSAGES), next),
            (STRONG + class(state), below),
            (TICK, ring + scatter(state + 1, RING.min(states - ring))),
            (FAULT, scatter(state + 2, states)),
        ];
        graph.row(state, edges);
    }
    graph.finish()
}

/// Ever further on, by ticks, messages and faults, to the last state. Pairs that swap in no time.
fn onward(states: u32) -> Graph {
    let mut graph = GraphBuilder::new(actions(), vec![0], states as usize, states as usize * 4);
    let last = states - 1;
    for state in 0..last {
        let further = |most: u32| (state | 1).saturating_add(1 + scatter(state, most)).min(last);
        let edges = [
            (scatter(state, MESSAGES), (state ^ 1).min(last)),
            (scatter(state + 1, MESSAGES), further(2)),
            (TICK, further(1000)),
            (FAULT, further(states)),
        ];
        graph.row(state, edges);
    }
    graph.finish()
}

fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let (start, before) = (Instant::now(), computing());
    let result = act();
    let (passed, spent) = (start.elapsed().as_secs_f64(), computing() - before);
    println!("{passed:7.2} s, {spent:6.2} computing  {what}");
    result
}

/// The seconds this thread has had a processor so far (Linux; 0 elsewhere).
fn computing() -> f64 {
    let statistics = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split_whitespace().next().and_then(|first| first.parse().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}

/// The largest resident size so far, in bytes (Linux; 0 elsewhere).
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim_end_matches("kB").trim().parse::<u64>().ok());
    kilobytes.unwrap_or(0) * 1024
}

fn length(found: Option<Violation>) -> String {
    found.map_or("holds".to_owned(), |found| {
        format!("stem {}, cycle {}", found.stem().edges.len(), found.cycle().len())
    })
}

fn main() {
    let argument = env::args().skip(1).find_map(|argument| argument.parse().ok());
    let states: u32 = argument.unwrap_or(10_000_000);
    let goal = States::from_iter([0]);
    let all_but_last: States = (0..states - 1).collect();

    let graph = timed("rings: build", || rings(states));
    let found =
        timed("always eventually, held", || violation(&graph, Goal::AlwaysEventually(&goal)));
    println!("{:28}{}", "", length(found));
    let settles = Goal::EventuallyAlways(&all_but_last);
    let found = timed("eventually always, missed", || violation(&graph, settles));
    println!("{:28}{}", "", length(found));
    println!("{:28}{}", "", length(timed("zeno", || zeno(&graph))));
    drop(graph);

    let graph = timed("onward: build", || onward(states));
    let found = timed("eventually, held", || {
        violation(&graph, Goal::Eventually(&States::from_iter([states - 1])))
    });
    println!("{:28}{}", "", length(found));
    match timed("worst case", || worst_case(&graph, |action| action != FAULT, &all_but_last)) {
        Some(WorstCase::Bound { ticks, path, .. }) => {
            println!("{:28}{ticks} ticks, {} steps", "", path.len());
        }
        other => println!("{:28}{}", "", if other.is_some() { "no bound" } else { "none" }),
    }
    println!("{:6} bytes a state at most", peak() / u64::from(states));
}
