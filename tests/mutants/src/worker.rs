//! A process that runs one mutant.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits, PANICKED};
use quorate_mutants::mutation;

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

/// Runs mutant `number` through `specs`, up to the first with another verdict than it is to have,
/// and says so: first a little of each, then all.
pub fn run(number: u32, specs: impl Fn() -> Vec<Box<dyn AnySpec>>) {
    mutation::choose(number);
    // A panic of a handler is a verdict.
    std::panic::set_hook(Box::new(|_| {}));
    let mut done = BTreeSet::new();
    for is_first_look in [true, false] {
        for spec in specs() {
            let states = spec.counts().map_or(0, |counts| counts.states);
            let limit = if is_first_look { FIRST_LOOK } else { 2 * states + MORE };
            if done.contains(spec.name()) {
                continue;
            }
            let report = spec.check(Engine::Quorate, &limits(limit), &mut |_| {});
            if let Some(found) = report.surprises().next() {
                let (spec, property) = (&report.spec, found.name);
                match found.steps {
                    Some(steps) => println!("{KILLED} {spec}: {property}, in {steps} steps"),
                    None => println!("{KILLED} {spec}: nothing comes to: {property}"),
                }
                return;
            }
            match &report.cut_short {
                Some(reason) if reason.starts_with(PANICKED) => {
                    return println!("{KILLED} {}: {reason}", report.spec);
                }
                None => {
                    done.insert(report.spec);
                }
                Some(reason) if !is_first_look => println!("{OUTGREW} {}: {reason}", report.spec),
                Some(_) => {}
            }
        }
    }
}

fn limits(states: u64) -> Limits {
    Limits {
        interrupt: std::sync::Arc::default(),
        threads: 1,
        max_states: Some(states),
        max_memory: Some(MEMORY),
        max_time: Some(TIME),
        keep_going: false,
    }
}
