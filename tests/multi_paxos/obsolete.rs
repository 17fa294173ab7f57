//! To forget obsolete messages changes nothing that a property can see. And a filter stands in for
//! no guard: without the guard, what is forgotten is heeded.

use quorate_checker::spec::Faults;
use quorate_models::kv::{Command, put};
use quorate_models::multi_paxos::claims::obsolete::GROUNDS;
use quorate_models::multi_paxos::rules::Rule;
use quorate_models::multi_paxos::specs::{Book, Bounds, CRASH, EVERY_RULE, multi_paxos};
use quorate_models::rules::AllBut;

use crate::pruning::assert_nothing_is_lost;

const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

fn met(rules: &Book, bounds: Bounds<'_>) -> u64 {
    let spec = multi_paxos("pruned", rules.clone(), bounds, &[]);
    assert_nothing_is_lost(&format!("{rules:?} {bounds:?}"), spec)
}

#[test]
fn two_stand_and_a_command() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let met = met(&EVERY_RULE, Bounds { scripts, silences: 2, ..Bounds::default() });
    assert!(met > 500, "only {met} obsolete messages");
}

#[test]
fn a_crash_and_a_command_that_is_answered_twice() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { scripts, ..Bounds::default() };
    let met = met(&EVERY_RULE, Bounds { faults: CRASH, ..bounds })
        + met(&EVERY_RULE, Bounds { faults: DUPLICATE, ..bounds });
    assert!(met > 30, "only {met} obsolete messages");
}

/// A rule that is none of the grounds may be suspended, and what is obsolete is so all the same.
#[test]
fn what_is_obsolete_stays_so_without_any_other_rule() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 2, scripts, silences: 2, ..Bounds::default() };
    let mut all = 0;
    for rule in Rule::ALL.iter().filter(|rule| !GROUNDS.contains(rule)) {
        all += met(&AllBut(vec![*rule]), bounds);
    }
    assert!(all > 500, "only {all} obsolete messages");
}
