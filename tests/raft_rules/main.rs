//! Every rule of Raft is necessary: suspended, it leaves a counterexample to what it protects.

mod liveness;
mod safety;

use quorate_checker::report::{Engine, Limits, Report};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::Boxed;

/// Explores on one thread: other tests want the other. A rule suspended may leave no end of states.
fn explore(spec: impl Boxed) -> Report {
    let limits = Limits { threads: 1, max_states: Some(4_000_000), ..Limits::default() };
    spec.boxed().check(Engine::Quorate, &limits, &mut |_| {})
}

#[test]
fn every_rule_has_its_counterexample() {
    for rule in Rule::ALL {
        let lists = [
            safety::SUSPENDED,
            safety::ELSEWHERE,
            liveness::SUSPENDED,
            liveness::ELSEWHERE,
            liveness::SLOWER,
        ];
        let has_one = lists.iter().any(|rules| rules.contains(rule));
        assert!(has_one, "no test suspends {rule:?}");
    }
}
