//! A process that runs one mutant.

use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits};
use quorate_mutants::mutation;

/// What a kill, and what a search that ended at a limit, is reported with.
pub const KILLED: &str = "killed";
pub const OUTGREW: &str = "outgrew";

/// How far a search goes: beyond twice the states of the original, a mutation has changed what the
/// space is about.
const STATES: u64 = 100_000;
const MEMORY: u64 = 5 << 10;
const TIME: Duration = Duration::from_secs(400);

/// Runs mutant `number` through `specs`, up to the first with another verdict than it is to have,
/// and says so.
pub fn run(number: u32, specs: Vec<Box<dyn AnySpec>>) {
    mutation::choose(number);
    // A panic of a handler is a verdict.
    std::panic::set_hook(Box::new(|_| {}));
    for spec in specs {
        let states = spec.counts().map_or(0, |counts| counts.states);
        let limits = Limits {
            threads: 1,
            max_states: Some(2 * states + STATES),
            max_memory: Some(MEMORY),
            max_time: Some(TIME),
            keep_going: false,
        };
        let report = spec.check(Engine::Quorate, &limits, &mut |_| {});
        if let Some(found) = report.surprises().next() {
            let (spec, property) = (&report.spec, found.name);
            match found.steps {
                Some(steps) => println!("{KILLED} {spec}: {property}, in {steps} steps"),
                None => println!("{KILLED} {spec}: nothing comes to: {property}"),
            }
            return;
        }
        if let Some(reason) = &report.cut_short {
            println!("{OUTGREW} {}: {reason}", report.spec);
        }
    }
}
