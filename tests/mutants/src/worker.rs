//! A process that runs one mutant.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, Longest, PANICKED, Report};
use quorate_mutants::{MUTANTS, mutation};

/// What a kill, and what a search that ended at a limit, is reported with.
pub const KILLED: &str = "killed";
pub const OUTGREW: &str = "outgrew";

/// How far the first look at a spec goes: most mutants show themselves near the start.
const FIRST_LOOK: u64 = 30_000;

/// How far the second goes: beyond twice the states of the original, a mutation has changed what
/// the space is about.
const MORE: u64 = 1_000_000;
const MEMORY: u64 = 5 << 10;
const TIME: Duration = Duration::from_secs(400);

/// Runs mutant `number` through `specs`, up to the first that tells it from the original, and says
/// so. Another verdict tells it, and so does a worst case that is longer. The specs of its own
/// protocol come first, and of each protocol a little of every spec before all of any.
pub fn run(number: u32, specs: impl Fn() -> Vec<Box<dyn AnySpec>>) {
    // A panic of a handler is a verdict.
    std::panic::set_hook(Box::new(|_| {}));
    let mut done = BTreeSet::new();
    let protocol = protocol_of(number);
    for is_own in [true, false] {
        for is_first_look in [true, false] {
            for (at, spec) in specs().into_iter().enumerate() {
                let is_asked = spec.name().starts_with(&protocol) == is_own;
                if !is_asked || done.contains(spec.name()) {
                    continue;
                }
                let most = 2 * spec.counts().map_or(0, |counts| counts.states) + MORE;
                let report = check(number, spec, if is_first_look { FIRST_LOOK } else { most });
                let original = || check(mutation::NONE, specs().swap_remove(at), most);
                if let Some(how) = surprise(&report).or_else(|| delay(&report, original)) {
                    return println!("{KILLED} {}: {how}", report.spec);
                }
                match &report.cut_short {
                    None => {
                        done.insert(report.spec);
                    }
                    Some(reason) if !is_first_look => {
                        println!("{OUTGREW} {}: {reason}", report.spec);
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// How the names of the specs begin that are of the same protocol as mutant `number`.
fn protocol_of(number: u32) -> String {
    let file = MUTANTS[number as usize - 1].file;
    let folder = file.split_once('/').map_or(file, |(folder, _)| folder);
    format!("{}/", folder.replace('_', "-"))
}

fn check(number: u32, spec: Box<dyn AnySpec>, states: u64) -> Report {
    mutation::choose(number);
    spec.check(Engine::Quorate, &limits(states), &mut |_| {})
}

/// What is not as expected, in words.
fn surprise(report: &Report) -> Option<String> {
    if let Some(found) = report.surprises().next() {
        let property = found.name;
        return Some(match found.steps {
            Some(steps) => format!("{property}, in {steps} steps"),
            None => format!("nothing comes to: {property}"),
        });
    }
    report.cut_short.clone().filter(|reason| reason.starts_with(PANICKED))
}

/// What takes longer than in the `original`, in words.
fn delay(report: &Report, original: impl FnOnce() -> Report) -> Option<String> {
    let worst = report.worst_case.as_ref()?;
    let known = original().worst_case?;
    let pairs = [(&worst.calm, &known.calm), (&worst.with_early, &known.with_early)];
    let (slow, quick) = pairs.into_iter().find(|(slow, quick)| ticks(slow) > ticks(quick))?;
    let in_words = |it| match ticks(it) {
        ENDLESS => "ever".to_owned(),
        ticks => format!("{ticks} ticks"),
    };
    Some(format!("{} takes {} instead of {}", worst.goal, in_words(slow), in_words(quick)))
}

/// What takes longer than any number of ticks.
const ENDLESS: u32 = u32::MAX;

fn ticks(longest: &Option<Longest>) -> u32 {
    longest.as_ref().map_or(0, |it| it.ticks.unwrap_or(ENDLESS))
}

fn limits(states: u64) -> Limits {
    Limits {
        interrupt: std::sync::Arc::default(),
        threads: 1,
        max_states: Some(states),
        max_memory: Some(MEMORY),
        max_time: Some(TIME),
        keep_going: false,
        symmetry: false,
    }
}
