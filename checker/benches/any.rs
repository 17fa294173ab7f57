//! Two-phase commit, explored by [`explore_any`], by [`explore_any_packed`] and by Stateright's
//! breadth-first search, in turn: medians of seconds, and bytes a state.
//!
//! Each measurement has a process of its own, so that one does not live in the memory that another
//! has left. Arguments: resource managers (9), rounds (3), threads (2).

#[path = "../tests/any/bits.rs"]
mod bits;
#[path = "../tests/any/two_phase.rs"]
mod two_phase;

use std::env;
use std::process::Command;
use std::time::Instant;

use bits::Bits;
use quorate_checker::engine::{AnyOptions, explore_any, explore_any_packed};
use stateright::{Checker, Model};
use two_phase::TwoPhase;

const ENGINES: [&str; 3] = ["packed", "whole", "Stateright"];
/// Says that this process is to measure, and what.
const ROLE: &str = "QUORATE_BENCH_ANY";

#[derive(Clone, Copy, Debug)]
struct Measured {
    states: u64,
    transitions: u64,
    seconds: f64,
    /// Of memory, in bytes, above what the process held before.
    peak: u64,
}

fn main() {
    let numbers: Vec<usize> = env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let number = |place: usize, usual| numbers.get(place).copied().unwrap_or(usual);
    let (managers, rounds, threads) = (number(0, 9), number(1, 3).max(1), number(2, 2));
    if let Ok(engine) = env::var(ROLE) {
        let Measured { states, transitions, seconds, peak } = measure(&engine, managers, threads);
        println!("{states} {transitions} {seconds} {peak}");
        return;
    }
    println!("two-phase commit, {managers} resource managers, {threads} threads, {rounds} rounds");
    let mut all: Vec<Vec<Measured>> = vec![Vec::new(); ENGINES.len()];
    for _ in 0..rounds {
        for (engine, measured) in ENGINES.iter().zip(&mut all) {
            measured.push(in_own_process(engine, [managers, rounds, threads]));
        }
    }
    let counts = |measured: &Measured| (measured.states, measured.transitions);
    let expected = counts(&all[0][0]);
    assert!(all.iter().flatten().all(|it| counts(it) == expected), "counts differ: {all:?}");
    println!("{} states, {} transitions", expected.0, expected.1);
    let median = |measured: &[Measured], of: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = measured.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let seconds = all.iter().map(|it| median(it, |one| one.seconds));
    let bytes = all.iter().map(|it| median(it, |one| one.peak as f64 / one.states as f64));
    let (seconds, bytes): (Vec<f64>, Vec<f64>) = (seconds.collect(), bytes.collect());
    let last = ENGINES.len() - 1;
    for (place, engine) in ENGINES.iter().enumerate() {
        println!(
            "{engine:<12} {:>8.2} s {:>8.1} bytes a state {:>6.1} times as fast {:>6.2} of the memory",
            seconds[place],
            bytes[place],
            seconds[last] / seconds[place],
            bytes[place] / bytes[last],
        );
    }
}

fn in_own_process(engine: &str, numbers: [usize; 3]) -> Measured {
    let output = Command::new(env::current_exe().expect("a path"))
        .args(numbers.map(|number| number.to_string()))
        .env(ROLE, engine)
        .output()
        .expect("this program starts");
    assert!(output.status.success(), "{engine}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let words: Vec<&str> = text.split_whitespace().collect();
    let [states, transitions, seconds, peak] = words[..] else { panic!("{engine}: {text}") };
    Measured {
        states: states.parse().expect("a count"),
        transitions: transitions.parse().expect("a count"),
        seconds: seconds.parse().expect("seconds"),
        peak: peak.parse().expect("bytes"),
    }
}

fn measure(engine: &str, managers: usize, threads: usize) -> Measured {
    let model = Bits(managers);
    let options = AnyOptions { threads, ..AnyOptions::default() };
    let (before, start) = (memory("VmRSS:"), Instant::now());
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
    let seconds = start.elapsed().as_secs_f64();
    Measured { states, transitions, seconds, peak: memory("VmHWM:").saturating_sub(before) }
}

/// A line of what Linux says about this process, in bytes.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let value = status.lines().find_map(|text| text.strip_prefix(line)).expect("this line");
    value.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") << 10
}
