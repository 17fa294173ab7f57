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

/// Asserts that Stateright's search, on one thread, finds what ours does: as many states and
/// transitions, and the same verdicts on properties of states. It decides nothing about runs.
pub fn assert_stateright_finds_the_same(name: &str) {
    let counts = |report: Report| (report.states, report.transitions, report.depth);
    let told = |report: &Report| {
        let of_states = report.properties.iter().filter(|property| !property.kind.is_temporal());
        of_states.map(|property| (property.name, property.verdict)).collect::<Vec<_>>()
    };
    let [ours, theirs] = [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
    assert_eq!(told(&ours), told(&theirs), "{name}");
    assert_eq!(counts(ours), counts(theirs), "{name}");
}

/// Asserts that the goal of a spec is met within so many ticks, without any fault meanwhile, and
/// after so many message delays.
pub fn assert_worst(name: &str, ticks: u32, delays: usize) {
    let worst = explore(name, Engine::Quorate).worst_case.expect("it is asked for");
    let calm = worst.calm.expect("the goal is not met from the start");
    assert_eq!((calm.ticks, calm.message_delays), (Some(ticks), delays), "{name}");
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
