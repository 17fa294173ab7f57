//! A counterexample is a script, whatever the protocol: printed, it is read back and played, and it
//! breaks what it broke.

use quorate_checker::AnySpec;
use quorate_checker::report::{Counterexample, Engine, Limits};
use quorate_checker::scenario::Script;
use quorate_checker::spec::Kind;

/// Enough for most counterexamples. What is found in more is no other kind of script.
const MOST_STATES: u64 = 100_000;

fn listed(name: &str) -> Box<dyn AnySpec> {
    let spec = quorate_models::specs().into_iter().find(|spec| spec.name() == name);
    spec.expect("it is listed")
}

/// The names of the specs that are there to see something broken.
fn broken() -> Vec<String> {
    let mut specs = quorate_models::specs();
    specs.retain(|spec| spec.properties().iter().any(|property| property.violation_expected));
    specs.iter().map(|spec| spec.name().to_owned()).collect()
}

/// What comes of a counterexample of `spec`, played as a script: the lines of the results.
fn results(spec: &dyn AnySpec, found: &Counterexample) -> Vec<String> {
    let text = format!("# {}", found.trace.text(false));
    let played = Script::parse(&text).and_then(|script| spec.play(&script));
    let played = played.unwrap_or_else(|mistake| panic!("{}: {mistake}\n{text}", spec.name()));
    let results = played.strip_prefix(&text).expect("the results stand behind the steps");
    results.lines().map(str::to_owned).collect()
}

#[test]
fn the_counterexamples_to_the_listed_specs_are_scripts() {
    let (mut of_states, mut of_runs) = (0, 0);
    for name in broken() {
        let limits = Limits { threads: 1, max_states: Some(MOST_STATES), ..Limits::default() };
        let report = listed(&name).check(Engine::Quorate, &limits, &mut |_| {});
        let spec = listed(&name);
        for found in report.counterexamples {
            let results = results(&*spec, &found);
            let infos = spec.properties();
            if infos.iter().any(|it| it.name == found.property && it.kind == Kind::Always) {
                let broken = format!("broken  {}", found.property);
                assert!(results.contains(&broken), "{name}: {results:#?}");
                of_states += 1;
            } else {
                of_runs += 1;
            }
        }
    }
    assert!(of_states > 10 && of_runs > 10, "{of_states} of states, {of_runs} of runs");
}
