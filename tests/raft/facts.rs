//! The facts that tell of a fault from what a state shows of it: without the fault there are none.

use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::Faults;
use quorate_models::kv::{get, put};
use quorate_models::raft::claims::facts;
use quorate_models::raft::specs::{self, Bounds, EVERY_RULE, Fact, fact, fact_in_flight};
use quorate_models::system::Boxed;

const LOSSY: Faults =
    Faults { crashes: 0, down_at_once: 1, drops: 1, duplicates: 1, ..Faults::NONE };

fn assert_unreachable(bounds: Bounds<'_>, fact: Fact) {
    let one: &[&[_]] = &[&[put("x", "1")]];
    let scripts = if bounds.scripts.is_empty() { one } else { bounds.scripts };
    let bounds = Bounds { servers: 3, scripts, ..bounds };
    let spec = specs::raft("faultless", EVERY_RULE, bounds, &[fact]).only(fact.name);
    let limits = Limits { threads: 1, ..Limits::default() };
    let report = spec.boxed().check(Engine::Quorate, &limits, &mut |_| {});
    let found = (&report.cut_short, report.property(fact.name).verdict);
    assert_eq!(found, (&None, Verdict::Violated), "{}", fact.name);
}

#[test]
fn nothing_is_lost_without_a_drop() {
    let faults = Faults { drops: 0, ..LOSSY };
    let bounds = Bounds { elections: 1, heartbeats: 1, retries: 1, faults, ..Bounds::default() };
    assert_unreachable(
        bounds,
        fact_in_flight(facts::ANSWERED_AFTER_DROP, facts::answered_after_drop),
    );
}

#[test]
fn nobody_asks_again_without_a_retry() {
    let faults = Faults { duplicates: 0, ..LOSSY };
    let bounds = Bounds { elections: 2, faults, ..Bounds::default() };
    assert_unreachable(bounds, fact_in_flight(facts::ASKED_AGAIN, facts::asked_again));
    assert_unreachable(bounds, fact("answered after a retry", facts::answered_after_retry));
}

#[test]
fn nobody_rejoins_without_a_crash() {
    let faults = Faults { drops: 0, ..LOSSY };
    let bounds = Bounds { elections: 2, faults, ..Bounds::default() };
    assert_unreachable(
        bounds,
        fact("a leader that crashed has rejoined", facts::a_leader_rejoined),
    );
}

#[test]
fn nothing_is_overtaken_without_a_retry() {
    let scripts: &[&[_]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds = Bounds { scripts, elections: 1, ..Bounds::default() };
    assert_unreachable(bounds, fact_in_flight(facts::OVERTAKEN, facts::overtaken));
}

#[test]
fn nothing_is_known_by_half_in_messages_of_one_entry() {
    let bounds = Bounds { elections: 2, ..Bounds::default() };
    assert_unreachable(bounds, fact_in_flight(facts::HALF_KNOWN, facts::half_known));
}

#[test]
fn no_read_begins_after_the_write_if_each_client_has_one_command() {
    let scripts: &[&[_]] = &[&[put("x", "1")], &[get("x")]];
    let bounds = Bounds { scripts, elections: 1, ..Bounds::default() };
    assert_unreachable(bounds, fact(facts::READ_AFTER_WRITE, facts::read_after_write));
}
