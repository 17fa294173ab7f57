//! Two-phase commit, explored by [`explore_any`], by [`explore_any_packed`] and by Stateright's
//! breadth-first search, in turn: medians of seconds, of them and of those spent computing, and
//! bytes a state. Once as a model with sets as bits, and once with the collections of the standard
//! library, where making states takes most of the time of every search.
//!
//! Each measurement has a process of its own, so that one does not live in the memory that another
//! has left. Arguments: resource managers (9), rounds (3), threads (2).

#[path = "../tests/any/bits.rs"]
mod bits;
#[path = "../tests/any/two_phase.rs"]
#[expect(dead_code, reason = "the tests use all of it")]
mod two_phase;

use std::env;
use std::fmt::Debug;
use std::hash::Hash;
use std::process::Command;
use std::time::Instant;

use bits::Bits;
use quorate_checker::engine::{AnyOptions, explore_any, explore_any_packed};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::{Checker, Model};
use two_phase::TwoPhase;

const MODELS: [&str; 2] = ["bits", "collections"];
const ENGINES: [&str; 3] = ["packed", "whole", "Stateright"];
/// Says that this process is to measure: a model and an engine.
const ROLE: &str = "QUORATE_BENCH_ANY";

#[derive(Clone, Copy, Debug)]
struct Measured {
    states: u64,
    transitions: u64,
    seconds: f64,
    /// Spent computing, by all threads.
    computing: f64,
    /// Of memory, in bytes, above what the process held before.
    peak: u64,
}

fn main() {
    let numbers: Vec<usize> = env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let number = |place: usize, usual| numbers.get(place).copied().unwrap_or(usual);
    let (managers, rounds, threads) = (number(0, 9), number(1, 3).max(1), number(2, 2));
    if let Ok(role) = env::var(ROLE) {
        let (model, engine) = role.split_once(' ').expect("a model and an engine");
        let Measured { states, transitions, seconds, computing, peak } = match model {
            "bits" => measure(Bits(managers), engine, threads),
            _ => measure(TwoPhase(managers), engine, threads),
        };
        println!("{states} {transitions} {seconds} {computing} {peak}");
        return;
    }
    println!("two-phase commit, {managers} resource managers, {threads} threads, {rounds} rounds");
    let mut counts = None;
    for model in MODELS {
        let mut all: Vec<Vec<Measured>> = vec![Vec::new(); ENGINES.len()];
        for _ in 0..rounds {
            for (engine, measured) in ENGINES.iter().zip(&mut all) {
                let role = format!("{model} {engine}");
                measured.push(in_own_process(&role, [managers, rounds, threads]));
            }
        }
        for one in all.iter().flatten() {
            let expected = *counts.get_or_insert((one.states, one.transitions));
            assert_eq!((one.states, one.transitions), expected, "counts differ: {all:?}");
        }
        report(model, &all);
    }
}

fn report(model: &str, all: &[Vec<Measured>]) {
    let median = |measured: &[Measured], of: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = measured.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let medians = |of| all.iter().map(|it| median(it, of)).collect::<Vec<f64>>();
    let (seconds, computing) = (medians(|one| one.seconds), medians(|one| one.computing));
    let bytes = medians(|one| one.peak as f64 / one.states as f64);
    let (last, Measured { states, transitions, .. }) = (all.len() - 1, all[0][0]);
    println!("{model}: {states} states, {transitions} transitions");
    for (place, engine) in ENGINES.iter().enumerate() {
        println!(
            "  {engine:<10} {:>7.2} s, {:>7.2} s computing, {:>6.1} bytes a state: \
             {:.1} times as fast, {:.1} in computing, {:.2} of the memory",
            seconds[place],
            computing[place],
            bytes[place],
            seconds[last] / seconds[place],
            computing[last] / computing[place],
            bytes[place] / bytes[last],
        );
    }
}

fn in_own_process(role: &str, numbers: [usize; 3]) -> Measured {
    let output = Command::new(env::current_exe().expect("a path"))
        .args(numbers.map(|number| number.to_string()))
        .env(ROLE, role)
        .output()
        .expect("this program starts");
    assert!(output.status.success(), "{role}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let words: Vec<&str> = text.split_whitespace().collect();
    let [states, transitions, seconds, computing, peak] = words[..] else {
        panic!("{role}: {text}")
    };
    Measured {
        states: states.parse().expect("a count"),
        transitions: transitions.parse().expect("a count"),
        seconds: seconds.parse().expect("seconds"),
        computing: computing.parse().expect("seconds"),
        peak: peak.parse().expect("bytes"),
    }
}

fn measure<M>(model: M, engine: &str, threads: usize) -> Measured
where
    M: Model<Action: Clone + Debug + PartialEq> + Send + Sync + 'static,
    M::State: Clone + Debug + Eq + Hash + Send + Sync + Serialize + DeserializeOwned + 'static,
{
    let options = AnyOptions { threads, ..AnyOptions::default() };
    let (before, busy, start) = (memory("VmRSS:"), computing(), Instant::now());
    let (states, transitions) = match engine {
        "Stateright" => {
            let checker = model.checker().threads(threads).spawn_bfs().join();
            checker.assert_properties();
            // Stateright counts the initial state as generated.
            (checker.unique_state_count() as u64, checker.state_count() as u64 - 1)
        }
        _ => {
            let outcome = match engine {
                "packed" => explore_any_packed(&model, &options, &mut |_| {}),
                _ => explore_any(&model, &options, &mut |_| {}),
            };
            assert!(outcome.holds(), "{outcome}");
            (outcome.states, outcome.transitions)
        }
    };
    let (seconds, computing) = (start.elapsed().as_secs_f64(), computing() - busy);
    let peak = memory("VmHWM:").saturating_sub(before);
    Measured { states, transitions, seconds, computing, peak }
}

/// The seconds that this process has computed, on all its threads.
fn computing() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("Linux tells");
    // Behind the name, which is in parentheses: the 12th and 13th, in hundredths of a second.
    let rest = text.rsplit_once(')').expect("a name").1;
    let words: Vec<&str> = rest.split_whitespace().collect();
    words[11..13].iter().map(|word| word.parse::<f64>().expect("a number") / 100.0).sum()
}

/// A line of what Linux says about this process, in bytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let value = status.lines().find_map(|text| text.strip_prefix(line)).expect("this line");
    value.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") << 10
}
