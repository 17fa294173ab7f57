//! To forget obsolete messages changes nothing that a property can see. And a filter stands in for
//! no guard: without the guard, what is forgotten is heeded.

use quorate_checker::spec::Faults;
use quorate_models::kv::{Command, put};
use quorate_models::rules::AllBut;
use quorate_models::zab::claims::obsolete::GROUNDS;
use quorate_models::zab::rules::Rule;
use quorate_models::zab::specs::{Book, Bounds, CRASH, EVERY_RULE, OPEN, zab};

use crate::pruning::assert_nothing_is_lost;

const DUPLICATE: Faults = Faults { duplicates: 1, ..Faults::NONE };

fn met(rules: &Book, bounds: Bounds<'_>) -> u64 {
    let spec = zab("pruned", rules.clone(), bounds, &[]);
    assert_nothing_is_lost(&format!("{rules:?} {bounds:?}"), spec)
}

fn small<'a>() -> Bounds<'a> {
    Bounds { servers: 2, disks: OPEN, elections: 2, ..Bounds::default() }
}

#[test]
fn two_leaders_and_a_crash() {
    let met = met(&EVERY_RULE, small()) + met(&EVERY_RULE, Bounds { faults: CRASH, ..small() });
    assert!(met > 500, "only {met} obsolete messages");
}

#[test]
fn a_command_and_a_message_that_arrives_twice() {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 2, scripts, elections: 1, agains: 1, ..Bounds::default() };
    let met = met(&EVERY_RULE, Bounds { faults: DUPLICATE, ..bounds });
    assert!(met > 300, "only {met} obsolete messages");
}

/// A rule that is none of the grounds may be suspended, and what is obsolete is so all the same.
#[test]
fn what_is_obsolete_stays_so_without_any_other_rule() {
    let mut all = 0;
    for rule in Rule::ALL.iter().filter(|rule| !GROUNDS.contains(rule)) {
        all += met(&AllBut(vec![*rule]), small());
    }
    assert!(all > 500, "only {all} obsolete messages");
}
