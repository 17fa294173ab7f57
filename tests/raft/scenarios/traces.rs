//! Counterexamples are scripts: they are printed, read back, and come to the same end.

use quorate_checker::report::{Engine, Limits};
use quorate_checker::scenario::{Played, Script};
use quorate_checker::trace::Trace;
use quorate_models::raft::Options;
use quorate_models::raft::claims::properties::{ELECTION_SAFETY, LEADER_COMPLETENESS};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::cut::{self, MAJORITY_FOLLOWS};
use quorate_models::raft::specs::{self, BASIC, Bounds, EVERY_RULE, RaftSpec};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;
use stateright::{Model, Path};

use super::{played, shown};

/// The shortest counterexample to `property`.
fn counterexample(spec: RaftSpec, property: &'static str) -> Trace {
    let limits = Limits { threads: 1, ..Limits::default() };
    let report = spec.only(property).boxed().check(Engine::Quorate, &limits, &mut |_| {});
    report.counterexamples.into_iter().next().expect("a counterexample").trace
}

/// Asserts that a counterexample to `property`, printed, is a script, and that what this script
/// does is told as the same trace. Returns the script with its results.
fn assert_reads_back(spec: impl Fn() -> RaftSpec, property: &'static str) -> String {
    let trace = counterexample(spec(), property);
    let (text, spec) = (trace.text(false), spec().only(property));
    let script = Script::parse(&format!("# {text}")).expect("a script");
    let played = script.play(&spec, shown);
    let Played { actions, text: results } =
        played.unwrap_or_else(|mistake| panic!("{mistake}\n{text}"));
    let start = spec.init_states().remove(0);
    let path = Path::from_actions(&spec, start, &actions).expect("a path of the spec");
    let again = Trace { loop_start: trace.loop_start, ..spec.trace(&trace.title, path) };
    assert_eq!(again.text(false), text);
    results
}

#[test]
fn a_counterexample_of_a_suspended_rule_is_a_script() {
    let suspends = |rule| AllBut(vec![rule]);
    let two_votes = || {
        let bounds = Bounds { servers: 3, elections: 2, ..Bounds::default() };
        specs::raft("two votes", suspends(Rule::OneVotePerTerm), bounds, &[])
    };
    let text = assert_reads_back(two_votes, ELECTION_SAFETY);
    assert!(text.ends_with("\nbroken  election safety\n"), "{text}");
    let scenario = format!("given servers 3\ngiven no OneVotePerTerm\n{text}");
    assert_eq!(played(&scenario), Ok(scenario));
    let figure_8 = || specs::figure_8("figure 8", suspends(Rule::OwnTermCommits));
    let text = assert_reads_back(figure_8, LEADER_COMPLETENESS);
    assert!(text.ends_with("\nbroken  leader completeness\n"), "{text}");
}

#[test]
fn a_counterexample_in_time_is_a_script() {
    assert_reads_back(|| cut::partition("partition", EVERY_RULE, BASIC), MAJORITY_FOLLOWS);
    let options = Options { pre_vote: true, ..BASIC };
    let text = assert_reads_back(|| cut::bridge("bridge", EVERY_RULE, options), MAJORITY_FOLLOWS);
    assert!(text.contains("\ncut  S1 ↔ S3, S1 ↔ S4"), "{text}");
}
