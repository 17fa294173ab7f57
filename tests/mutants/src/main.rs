//! Runs the specs on mutants of the protocols, and lists those that survive.
//!
//! ```text
//! cargo run --release -p quorate-mutants                       # all of them: an hour
//! cargo run --release -p quorate-mutants -- --sample 40        # some of them
//! ```

mod crew;
mod harmless;
mod worker;

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Parser;
use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_mutants::mutation::{self, Mutant};
use quorate_mutants::{MUTANTS, large_specs, specs};

use crew::Fate;
use harmless::Harmless;

/// Runs the specs on mechanical mutations of the protocols' rules. A mutant is killed by a verdict
/// that is not the expected one, or by a worst case that takes longer. A count that differs kills
/// none. Exits with 1 if a mutant survives that is not listed as harmless, or one that is listed
/// does not.
#[derive(Parser)]
struct Arguments {
    /// Only so many, drawn by --seed, of those that are not listed as harmless.
    #[arg(long)]
    sample: Option<usize>,
    /// Draws the sample.
    #[arg(long, default_value_t = 8)]
    seed: u64,
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

/// The numbers of `count` of `candidates`, drawn by `seed`.
fn draw(mut candidates: Vec<u32>, count: usize, mut seed: u64) -> Vec<u32> {
    let mut drawn = Vec::new();
    while drawn.len() < count && !candidates.is_empty() {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        drawn.push(candidates.swap_remove((mixed % candidates.len() as u64) as usize));
    }
    drawn
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(number) = arguments.worker {
        worker::run(number, || chosen_specs(&arguments));
        return ExitCode::SUCCESS;
    }
    let harmless = Harmless::read();
    let keys = harmless::keys();
    let is_asked = |number: u32| {
        let key = &keys[number as usize - 1];
        let is_named = |part: &String| key.contains(part);
        (arguments.only.is_empty() || arguments.only.iter().any(is_named))
            && !(arguments.unlisted && harmless.has(key))
    };
    let asked: Vec<u32> = numbered().map(|(number, _)| number).filter(|n| is_asked(*n)).collect();
    if arguments.list {
        for number in asked {
            println!("{number}: {}", keys[number as usize - 1]);
        }
        return ExitCode::SUCCESS;
    }
    let specs = chosen_specs(&arguments);
    let tasks: Vec<(u32, Vec<String>)> = if let Some(count) = arguments.sample {
        let names: Vec<String> = specs.iter().map(|spec| spec.name().to_owned()).collect();
        let candidates = asked.into_iter().filter(|n| !harmless.has(&keys[*n as usize - 1]));
        let drawn = draw(candidates.collect(), count, arguments.seed);
        drawn.into_iter().map(|number| (number, names.clone())).collect()
    } else {
        let mut who = who_can_tell(specs);
        let task = |number| (number, who.remove(&number).unwrap_or_default());
        asked.into_iter().map(task).collect()
    };
    let mut wrong = harmless.unknown(&keys);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    crew::run(tasks, arguments.jobs, |number, fate| {
        let (mutant, key) = (&MUTANTS[number as usize - 1], &keys[number as usize - 1]);
        println!("{}:{} {key}\n    {fate}", mutant.file, mutant.line);
        let (is_killed, is_listed) = (matches!(fate, Fate::Killed(_)), harmless.has(key));
        *counts.entry(fate.name()).or_default() += 1;
        match (is_killed, is_listed) {
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
