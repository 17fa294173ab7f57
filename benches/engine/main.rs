//! Measures the engine beside Stateright's breadth-first search, on the same models:
//!
//! ```text
//! cargo bench --bench engine                  # all of it
//! cargo bench --bench engine -- paxos         # the measurements whose names contain a word
//! cargo bench --bench engine -- --list        # their names
//! cargo bench --bench engine -- --measure "raft/lossy-2 quorate 2"
//! ```
//!
//! Each measurement is a process of its own, so that peak memory is that of one search and nothing
//! warms anything up for another. Those of one space are done in turn, three times over, so that a
//! machine whose speed drifts is as fast for one as for the other; medians count. The last form
//! does one in this very process, for a profiler to look at, and prints a line of JSON.
//!
//! Both engines must count the same states and transitions, with any number of threads and with any
//! properties: else the benchmark fails. A search's seconds are those of the wall clock and, for
//! our own engine, include walking the paths to what it found.

mod measure;
mod once;
mod paxos;
mod table;

use std::process::{Command, ExitCode, Stdio};

use measure::{Engine, Job, Measured, Properties, Space};

/// So often each measurement of a space is done, in turn with the others.
const ROUNDS: usize = 3;

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
            Space::Lossy | Space::Replication => {
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
    for space in Space::ALL {
        let of_space: Vec<Job> = jobs.iter().filter(|job| job.space == space).copied().collect();
        let mut runs: Vec<Vec<Measured>> = vec![Vec::new(); of_space.len()];
        for _ in 0..ROUNDS {
            for (job, runs) in of_space.iter().zip(&mut runs) {
                let measured = run_apart(job);
                all_agree &= measured.is_some();
                runs.extend(measured.inspect(|it| eprintln!("{}", table::line(it))));
            }
        }
        let first = runs.iter().flatten().next().map(Measured::counts);
        for (job, runs) in of_space.into_iter().zip(runs) {
            let expected = space.known().or(first);
            for run in runs.iter().filter(|run| Some(run.counts()) != expected) {
                eprintln!("{job} counts {:?}, not {expected:?}", run.counts());
                all_agree = false;
            }
            results.extend(median(runs).map(|run| (job, run)));
        }
    }
    println!("\n{}", table::counts(&results));
    println!("{}", table::measurements(&results));
    if let Some(ratios) = table::ratios(&results) {
        println!("{ratios}");
    }
    if all_agree { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The run of the median time, or nothing if there is none.
fn median(mut runs: Vec<Measured>) -> Option<Measured> {
    runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let middle = runs.len() / 2;
    runs.into_iter().nth(middle)
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
