//! Specs explored on one thread, and compared with what is on record.

use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::Counts;

/// The report on a spec of the default set.
pub fn explore(name: &str, engine: Engine) -> Report {
    let spec = quorate_models::specs().into_iter().find(|spec| spec.name() == name);
    let limits = Limits { threads: 1, ..Limits::default() };
    spec.expect("the spec is listed").check(engine, &limits, &mut |_| {})
}

/// Explores a spec that holds. How many states and transitions there are stands beside the spec.
pub fn assert_holds(name: &str, depth: u64) -> Report {
    let report = explore(name, Engine::Quorate);
    assert_eq!(report.verdict, Verdict::Holds, "{report:#?}");
    let counts = Counts { states: report.states, transitions: report.transitions };
    assert_eq!((report.on_record, report.depth), (Some(counts), depth));
    report
}
