//! Measures the engine beside Stateright's breadth-first search, on the same models:
//!
//! ```text
//! cargo bench --bench engine                  # all of it
//! cargo bench --bench engine -- paxos         # the measurements whose names contain a word
//! cargo bench --bench engine -- --list        # their names
//! cargo bench --bench engine -- --measure "raft/failover quorate 2"
//! ```
//!
//! Each measurement is a process of its own, so that peak memory is that of one search and nothing
//! warms anything up for another; short ones are repeated, and the fastest counts. The last form
//! does one in this very process, for a profiler to look at, and prints a line of JSON.
//!
//! Both engines must count the same states and transitions, with any number of threads and with any
//! properties: else the benchmark fails. A search's seconds are those of the wall clock and, for
//! our own engine, include walking the paths to what it found.

mod measure;
mod paxos;
mod table;

use std::process::{Command, ExitCode, Stdio};

use measure::{Engine, Job, Measured, Properties, Space};

/// A measurement is done so often, or until its runs have taken [`ENOUGH`].
const REPEATS: usize = 3;

/// In seconds.
const ENOUGH: f64 = 10.0;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` says so; `cargo test --all-targets` starts this program too, for no numbers.
    let is_benchmark = arguments.iter().any(|word| word == "--bench");
    arguments.retain(|word| word != "--bench");
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["--list"] => jobs().iter().for_each(|job| println!("{job}")),
        ["--measure", name] => {
            let Some(job) = jobs().into_iter().find(|job| job.to_string() == name) else {
                eprintln!("no measurement is called {name:?}");
                return ExitCode::from(64);
            };
            println!("{}", serde_json::to_string(&measure::run(&job)).expect("plain values"));
        }
        [] if !is_benchmark => println!("`cargo bench --bench engine` measures"),
        _ => return compare(&words),
    }
    ExitCode::SUCCESS
}

/// All measurements, by space.
fn jobs() -> Vec<Job> {
    let mut jobs = Vec::new();
    for space in Space::ALL {
        let mut add = |engine, threads, properties| {
            jobs.push(Job { space, engine, threads, properties });
        };
        add(Engine::Quorate, 2, Properties::Declared);
        match space {
            Space::Paxos => add(Engine::Quorate, 1, Properties::Declared),
            Space::Failover | Space::Replication => {
                add(Engine::Quorate, 1, Properties::Declared);
                add(Engine::Quorate, 2, Properties::None);
                add(Engine::Quorate, 2, Properties::Opaque);
            }
            Space::Elections => {
                add(Engine::Quorate, 1, Properties::Declared);
                continue;
            }
            Space::FailoverLive | Space::LargeLive => {
                add(Engine::Quorate, 2, Properties::None);
                continue;
            }
        }
        add(Engine::Stateright, 2, Properties::Declared);
    }
    jobs
}

/// Does the measurements whose names contain one of `words`, all of them if there are no words, and
/// prints the tables.
fn compare(words: &[&str]) -> ExitCode {
    let mut jobs = jobs();
    jobs.retain(|job| {
        let name = job.to_string();
        words.is_empty() || words.iter().any(|word| name.contains(word))
    });
    if jobs.is_empty() {
        eprintln!("no measurement's name contains any of {words:?}; --list shows them");
        return ExitCode::from(64);
    }
    let mut all_agree = true;
    let mut results: Vec<(Job, Measured)> = Vec::new();
    for job in jobs {
        let Some(measured) = best(&job) else {
            all_agree = false;
            continue;
        };
        let other = results.iter().find(|(other, _)| other.space == job.space);
        let expected = job.space.known().or(other.map(|(_, measured)| measured.counts()));
        if let Some(expected) = expected.filter(|expected| *expected != measured.counts()) {
            eprintln!("{job} counts {:?}, not {expected:?}", measured.counts());
            all_agree = false;
        }
        results.push((job, measured));
    }
    println!("\n{}", table::counts(&results));
    println!("{}", table::measurements(&results));
    if let Some(ratios) = table::ratios(&results) {
        println!("{ratios}");
    }
    if all_agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The fastest of some runs, or nothing if one fails or the counts of two differ.
fn best(job: &Job) -> Option<Measured> {
    let mut best: Option<Measured> = None;
    let mut seconds = 0.0;
    for _ in 0..REPEATS {
        let measured = run_apart(job)?;
        eprintln!("{}", table::line(&measured));
        seconds += measured.seconds;
        if best.as_ref().is_some_and(|best| best.counts() != measured.counts()) {
            eprintln!("{job} counts differently each time");
            return None;
        }
        if best.as_ref().is_none_or(|best| measured.seconds < best.seconds) {
            best = Some(measured);
        }
        if seconds > ENOUGH {
            break;
        }
    }
    best
}

/// Does one measurement in a process of its own.
fn run_apart(job: &Job) -> Option<Measured> {
    let program = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(program);
    command.args(["--measure", &job.to_string()]).stderr(Stdio::inherit());
    let output = command.output().expect("this program can be started");
    let measured = serde_json::from_slice(&output.stdout);
    if !output.status.success() || measured.is_err() {
        eprintln!("{job}: {}", output.status);
    }
    measured.ok().filter(|_| output.status.success())
}
