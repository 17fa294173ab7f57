//! Every spec of Raft, explored to its end on one thread. The numbers change only with a reason.

use quorate_checker::report::{Engine, Limits, Report, Verdict};

fn explore(name: &str, engine: Engine) -> Report {
    let spec = quorate_models::specs().into_iter().find(|spec| spec.name() == name);
    let limits = Limits { threads: 1, ..Limits::default() };
    spec.expect("the spec is listed").check(engine, &limits, &mut |_| {})
}

/// One test for each spec that holds, and the list of them.
macro_rules! holds {
    ($($test:ident: $name:literal has $states:literal states, $transitions:literal transitions,
        depth $depth:literal;)*) => {
        $(
            #[test]
            fn $test() {
                let report = explore($name, Engine::Quorate);
                assert_eq!(report.verdict, Verdict::Holds, "{report:#?}");
                let counts = (report.states, report.transitions, report.depth);
                assert_eq!(counts, ($states, $transitions, $depth));
            }
        )*

        const HOLD: &[&str] = &[$($name),*];
    };
}

holds! {
    election: "raft/election" has 306_179 states, 750_777 transitions, depth 32;
    replication: "raft/replication" has 5_347_717 states, 15_453_451 transitions, depth 43;
    readers: "raft/readers" has 728_542 states, 2_164_735 transitions, depth 36;
    failover: "raft/failover" has 4_666_061 states, 14_841_390 transitions, depth 43;
    lossy: "raft/lossy" has 1_019_856 states, 4_183_311 transitions, depth 26;
    two: "raft/two" has 169_889 states, 419_201 transitions, depth 29;
    five: "raft/five" has 4_696 states, 14_845 transitions, depth 15;
    figure_8: "raft/figure-8" has 1_869 states, 3_754 transitions, depth 29;
    late_reply: "raft/late-reply" has 8_112 states, 23_410 transitions, depth 37;
}

/// Stateright's search, on one thread, is the oracle of ours.
#[test]
fn stateright_agrees() {
    let seen = |report: &Report| {
        let verdicts = report.properties.iter().map(|p| (p.name, p.verdict, p.steps));
        let verdicts: Vec<_> = verdicts.collect();
        (report.states, report.transitions, report.depth, report.verdict, verdicts)
    };
    for name in ["raft/election", "raft/two", "raft/five", "raft/figure-8"] {
        let [ours, theirs] =
            [Engine::Quorate, Engine::Stateright].map(|engine| explore(name, engine));
        assert_eq!(seen(&ours), seen(&theirs), "{name}");
    }
}

#[test]
fn figure_8_naive_is_broken() {
    let report = explore("raft/figure-8-naive", Engine::Quorate);
    assert_eq!(report.verdict, Verdict::Violated);
    assert_eq!(report.expected, Verdict::Violated);
    assert!(!report.is_surprise(), "{report:#?}");
    assert_eq!(report.property("leader completeness").steps, Some(18));
}

#[test]
fn every_spec_is_pinned() {
    for spec in quorate_models::raft::specs::all() {
        let broken = spec.properties().iter().any(|property| property.violation_expected);
        assert!(broken || HOLD.contains(&spec.name()), "{} is not pinned", spec.name());
    }
}
