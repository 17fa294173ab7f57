//! To forget obsolete messages changes nothing that a property can see. And a filter stands in for
//! no guard: without the guard, what is forgotten is heeded.

use quorate_checker::spec::Faults;
use quorate_models::kv::{Command, put};
use quorate_models::rules::AllBut;
use quorate_models::viewstamped::claims::obsolete::{
    GROUNDS, is_obsolete, is_obsolete_after_crashes,
};
use quorate_models::viewstamped::rules::Rule;
use quorate_models::viewstamped::specs::{
    Asked, Book, Bounds, CRASH, EVERY_RULE, Epochs, epochs, viewstamped,
};

use crate::pruning::{assert_heeded, assert_nothing_is_lost};

const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

fn met(rules: &Book, bounds: Bounds<'_>) -> u64 {
    let spec = viewstamped("pruned", rules.clone(), bounds, &[]);
    assert_nothing_is_lost(&format!("{rules:?} {bounds:?}"), spec)
}

#[test]
fn two_view_changes_and_a_command() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let met = met(&EVERY_RULE, Bounds { replicas: 2, scripts, silences: 2, ..Bounds::default() });
    assert!(met > 500, "only {met} obsolete messages");
}

#[test]
fn a_crash_and_a_command_that_is_answered_twice() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { replicas: 3, scripts, ..Bounds::default() };
    let met = met(&EVERY_RULE, Bounds { faults: CRASH, ..bounds })
        + met(&EVERY_RULE, Bounds { faults: DUPLICATE, ..bounds });
    assert!(met > 30, "only {met} obsolete messages");
}

#[test]
fn another_group() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { replicas: 3, scripts, ..Bounds::default() };
    let mut all = 0;
    for asked in [Asked::Add(2), Asked::Replace(&[1, 2])] {
        let bounds = Epochs { founders: 2, changes: &[(0, asked)], bounds };
        let spec = epochs("pruned", EVERY_RULE, &bounds, &[]);
        all += assert_nothing_is_lost(&format!("{bounds:?}"), spec);
    }
    assert!(all > 100, "only {all} obsolete messages");
}

/// A rule that is none of the grounds may be suspended, and what is obsolete is so all the same.
#[test]
fn what_is_obsolete_stays_so_without_any_other_rule() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { replicas: 2, scripts, silences: 1, ..Bounds::default() };
    let mut all = 0;
    for rule in Rule::ALL.iter().filter(|rule| !GROUNDS.contains(rule)) {
        all += met(&AllBut(vec![*rule]), bounds);
    }
    assert!(all > 500, "only {all} obsolete messages");
}

/// Bounds within which a message that is obsolete by all rules is heeded without `rule`.
fn heeded_within<'a>(rule: Rule, scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    let bounds = Bounds { replicas: 3, scripts, ..Bounds::default() };
    match rule {
        Rule::NonceMatches | Rule::NonceIsNew => {
            let faults = Faults { duplicates: 1, crashes: 2, ..CRASH };
            Bounds { scripts: &[], faults, ..bounds }
        }
        Rule::AnswerIsItsOwn => Bounds { faults: DUPLICATE, ..bounds },
        // It is the same one's turn again.
        Rule::DoViewChangeOfThisView => Bounds { replicas: 2, scripts: &[], silences: 3, ..bounds },
        _ => Bounds { silences: 2, ..bounds },
    }
}

#[test]
fn a_guard_that_the_filter_repeats_is_missed_all_the_same() {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    for rule in GROUNDS {
        let bounds = heeded_within(rule, scripts);
        let filter =
            if bounds.faults.crashes > 0 { is_obsolete_after_crashes } else { is_obsolete };
        let spec = |rules| viewstamped("filtered", rules, bounds, &[]);
        assert_heeded(&rule, filter, spec(AllBut(vec![rule])), spec(EVERY_RULE));
    }
}
