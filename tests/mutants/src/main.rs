//! Runs the specs on mutants of the protocols, and lists those that survive.
//!
//! ```text
//! QUORATE_MUTANTS=all cargo run -p quorate-mutants     # all of them: hours
//! QUORATE_MUTANTS=raft/ cargo run -p quorate-mutants   # those of a protocol
//! cargo run -p quorate-mutants -- --no-preview         # a sample
//! ```

mod crew;
mod worker;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;
use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_mutants::mutation::{self, Mutant};
use quorate_mutants::{MUTANTS, UNKNOWN, large_specs, specs};

use crew::Fate;

/// Runs the specs on mechanical mutations of the protocols' rules. A mutant is killed by a verdict
/// that is not the expected one, or by a worst case that takes longer. A count that differs kills
/// none. Exits with 1 if a mutant survives that is not listed as harmless, or one that is listed
/// does not.
#[derive(Parser)]
struct Arguments {
    /// Runs all specs on each mutant. Otherwise each spec is explored once to find the mutants that
    /// it can tell from the original, which takes longer than a few mutants do.
    #[arg(long)]
    no_preview: bool,
    /// Only mutants whose line in the list contains this; may be repeated.
    #[arg(long)]
    only: Vec<String>,
    /// Only mutants that are not listed as harmless.
    #[arg(long)]
    unlisted: bool,
    /// Only these specs.
    #[arg(long, value_delimiter = ',')]
    specs: Vec<String>,
    /// The specs of `check --all`, too.
    #[arg(long)]
    large: bool,
    /// How many mutants to run at a time, on one thread each.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Shows the mutants and runs none.
    #[arg(long)]
    list: bool,
    /// Runs the mutant of this number and reports to the process that asks for it.
    #[arg(long, hide = true)]
    worker: Option<u32>,
}

/// The mutants and their numbers: 0 is the original.
fn numbered() -> impl Iterator<Item = (u32, &'static Mutant)> {
    (1..).zip(MUTANTS)
}

/// The specs that are expected to hold, the smallest first. Another one shows what is wrong with a
/// rule, and a mutation that mends it is none.
fn chosen_specs(arguments: &Arguments) -> Vec<Box<dyn AnySpec>> {
    let mut all = specs();
    if arguments.large {
        all.extend(large_specs());
    }
    all.retain(|spec| {
        let is_asked = arguments.specs.is_empty();
        let is_asked = is_asked || arguments.specs.iter().any(|name| name == spec.name());
        is_asked && spec.properties().iter().all(|property| !property.violation_expected)
    });
    all.sort_by_key(|spec| spec.counts().map_or(0, |counts| counts.states));
    all
}

/// By mutant, the specs that can tell it from the original.
fn who_can_tell(specs: Vec<Box<dyn AnySpec>>) -> BTreeMap<u32, Vec<String>> {
    let mut who: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for spec in specs {
        let name = spec.name().to_owned();
        let mut report = None;
        let told_apart = mutation::told_apart(|| {
            report = Some(spec.check(Engine::Quorate, &Limits::default(), &mut |_| {}));
        });
        let report = report.expect("it was checked");
        let is_right = !report.is_surprise() && report.verdict == Verdict::Holds;
        assert!(is_right, "without a mutation already: {report:#?}");
        let (states, transitions) = (report.states, report.transitions);
        eprintln!(
            "{name}: {states} states, {transitions} transitions, {} mutants",
            told_apart.len()
        );
        for number in told_apart {
            who.entry(number).or_default().push(name.clone());
        }
    }
    who
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(number) = arguments.worker {
        worker::run(number, || chosen_specs(&arguments));
        return ExitCode::SUCCESS;
    }
    let is_asked = |mutant: &Mutant| {
        let is_named = |part: &String| mutant.key.contains(part);
        mutant.is_built
            && (arguments.only.is_empty() || arguments.only.iter().any(is_named))
            && !(arguments.unlisted && mutant.is_harmless)
    };
    let asked = numbered().filter(|(_, mutant)| is_asked(mutant));
    if arguments.list {
        for (number, mutant) in asked {
            println!("{number}: {}", mutant.key);
        }
        return ExitCode::SUCCESS;
    }
    let specs = chosen_specs(&arguments);
    let asked = asked.map(|(number, _)| number);
    let tasks: Vec<(u32, Vec<String>)> = if arguments.no_preview {
        let names: Vec<String> = specs.iter().map(|spec| spec.name().to_owned()).collect();
        asked.map(|number| (number, names.clone())).collect()
    } else {
        let mut who = who_can_tell(specs);
        asked.map(|number| (number, who.remove(&number).unwrap_or_default())).collect()
    };
    judge(tasks, arguments.jobs)
}

/// Runs the mutants of `tasks` through their specs, and says what became of them.
fn judge(tasks: Vec<(u32, Vec<String>)>, jobs: usize) -> ExitCode {
    let mut wrong: Vec<String> =
        UNKNOWN.iter().map(|line| format!("listed, but no mutant: {line}")).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    crew::run(tasks, jobs, |number, fate| {
        let Mutant { file, line, key, is_harmless, .. } = &MUTANTS[number as usize - 1];
        println!("{file}:{line} {key}\n    {fate}");
        *counts.entry(fate.name()).or_default() += 1;
        match (matches!(fate, Fate::Killed(_)), is_harmless) {
            (true, true) => wrong.push(format!("listed as harmless, but killed: {key}")),
            (false, false) => wrong.push(format!("survives: {key}")),
            (true, false) | (false, true) => {}
        }
    });
    for (fate, count) in counts {
        println!("{count} {fate}");
    }
    for line in &wrong {
        println!("{line}");
    }
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
