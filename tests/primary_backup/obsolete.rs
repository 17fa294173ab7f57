//! To forget obsolete messages changes nothing that a property can see. And a filter stands in for
//! no guard: without the guard, what is forgotten is heeded.

use quorate_checker::report::Verdict;
use quorate_checker::spec::{FORGOTTEN_IS_IGNORED, Faults};
use quorate_models::kv::{Command, put};
use quorate_models::primary_backup::claims::obsolete::{self, GROUNDS};
use quorate_models::primary_backup::rules::Rule;
use quorate_models::primary_backup::specs::{Beginning, Book, Bounds, EVERY_RULE, primary_backup};
use quorate_models::rules::AllBut;

use crate::proofs::explore;
use crate::pruning::assert_nothing_is_lost;

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

/// Two servers, one of which is taken for dead.
const TWO: Bounds<'static> = Bounds {
    servers: 2,
    beginning: Beginning::SetUp,
    scripts: &[],
    pings: 0,
    suspicions: 1,
    retries: 0,
    faults: Faults::NONE,
    cut: false,
};

fn met(rules: &Book, bounds: Bounds<'_>) -> u64 {
    let spec = primary_backup("pruned", rules.clone(), bounds, &[]);
    assert_nothing_is_lost(&format!("{rules:?} {bounds:?}"), spec)
}

#[test]
fn a_suspicion_and_a_command_sent_again() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { scripts, retries: 1, faults: DUPLICATE, ..TWO };
    let met = met(&EVERY_RULE, bounds);
    assert!(met > 1000, "only {met} obsolete messages");
}

#[test]
fn a_crash_and_a_command() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let met = met(&EVERY_RULE, Bounds { scripts, pings: 1, faults: CRASH, ..TWO });
    assert!(met > 1000, "only {met} obsolete messages");
}

/// A rule that is none of the grounds may be suspended, and what is obsolete is so all the same.
#[test]
fn what_is_obsolete_stays_so_without_any_other_rule() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let doubled = Bounds { scripts, faults: DUPLICATE, ..TWO };
    let crashed = Bounds { pings: 1, faults: CRASH, ..TWO };
    let mut all = 0;
    for rule in Rule::ALL.iter().filter(|rule| !GROUNDS.contains(rule)) {
        let rules = AllBut(vec![*rule]);
        all += met(&rules, doubled) + met(&rules, crashed);
    }
    assert!(all > 1000, "only {all} obsolete messages");
}

/// Bounds within which a message that is obsolete by all rules is heeded without `rule`.
fn heeded_within<'a>(rule: Rule, scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    match rule {
        Rule::AnswerIsItsOwn => Bounds { scripts, faults: DUPLICATE, ..TWO },
        Rule::IncarnationSurvivesCrash => Bounds { pings: 2, faults: CRASH, ..TWO },
        _ => Bounds { pings: 1, suspicions: 2, ..TWO },
    }
}

#[test]
fn a_guard_that_the_filter_repeats_is_missed_all_the_same() {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    for rule in GROUNDS {
        let bounds = heeded_within(rule, scripts);
        let spec = primary_backup("filtered", AllBut(vec![rule]), bounds, &[]);
        assert!(spec.obsolete.is_none(), "{rule:?}");
        let spec = spec.obsolete(obsolete::is_obsolete).only(FORGOTTEN_IS_IGNORED);
        let report = explore(spec);
        assert_eq!(report.verdict, Verdict::Violated, "without {rule:?}");
        let trace = report.counterexamples[0].trace.text(false);
        assert!(trace.contains("called obsolete, and heeded: "), "without {rule:?}: {trace}");

        let spec = primary_backup("control", EVERY_RULE, bounds, &[]).only(FORGOTTEN_IS_IGNORED);
        assert_eq!(explore(spec).verdict, Verdict::Holds, "{rule:?}");
    }
}
