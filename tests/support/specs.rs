//! Specs explored on one thread, and compared with what is on record.

use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::Counts;

/// The report on a spec, of the default set or a large one.
pub fn explore(name: &str, engine: Engine) -> Report {
    let mut specs = quorate_models::specs().into_iter().chain(quorate_models::large_specs());
    let spec = specs.find(|spec| spec.name() == name);
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

/// Asserts that each spec of `protocol` that is to hold is among `held`, by name, and that what
/// there is to explore of it is on record.
pub fn assert_all_are_pinned(protocol: &str, held: &[&str]) {
    for spec in quorate_models::specs() {
        let is_its = spec.name().split('/').next() == Some(protocol);
        let is_violated = spec.properties().iter().any(|property| property.violation_expected);
        let is_pinned = spec.counts().is_some() && held.contains(&spec.name());
        assert!(!is_its || is_violated || is_pinned, "{} is not pinned", spec.name());
    }
}

/// One test for each spec that holds, and the list of them.
macro_rules! holds {
    ($($test:ident: $name:literal has depth $depth:literal;)*) => {
        $(
            #[test]
            fn $test() {
                $crate::support::specs::assert_holds($name, $depth);
            }
        )*

        pub const HOLD: &[&str] = &[$($name),*];
    };
}
pub(crate) use holds;
