//! To forget obsolete messages changes nothing that a property can see: checked against the space
//! that keeps them all. And a filter stands in for no guard: without the guard, what is forgotten
//! is heeded.

use quorate_checker::report::{Engine, Limits, Report, Verdict};
use quorate_checker::spec::{Faults, STORAGE_AGREES};
use quorate_models::kv::Command;
use quorate_models::kv::{get, put};
use quorate_models::raft::claims::obsolete;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{self, Book, Bounds, EVERY_RULE, RaftSpec, sessions};
use quorate_models::rules::AllBut;
use quorate_models::system::{Boxed, servers_mut};

use crate::pruning::{assert_heeded, assert_nothing_is_lost};

/// Compares the space of `rules` within `bounds` with what pruning leaves of it. Returns how many
/// obsolete messages it met.
fn met_within(rules: &Book, bounds: Bounds<'_>) -> u64 {
    let spec = specs::raft("pruned", rules.clone(), bounds, &[]);
    assert_nothing_is_lost(&format!("{rules:?}"), spec)
}

#[test]
fn elections() {
    let bounds = Bounds { servers: 3, elections: 2, ..Bounds::default() };
    let met = met_within(&EVERY_RULE, bounds);
    assert!(met > 1000, "only {met} obsolete messages");
}

#[test]
fn a_command_and_a_crash() {
    let bounds = Bounds {
        servers: 2,
        elections: 2,
        heartbeats: 1,
        scripts: &[&[put("x", "1")]],
        faults: Faults { crashes: 1, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE },
        ..Bounds::default()
    };
    let met = met_within(&EVERY_RULE, bounds);
    assert!(met > 1000, "only {met} obsolete messages");
}

#[test]
fn sessions_that_end() {
    for spec in [sessions::one, sessions::anew] {
        assert!(assert_nothing_is_lost("sessions", spec("pruned", EVERY_RULE)) > 100);
    }
}

/// A rule that is none of the grounds may be suspended, and what is obsolete is so all the same.
#[test]
fn what_is_obsolete_stays_so_without_any_other_rule() {
    let two =
        Bounds { servers: 2, elections: 2, scripts: &[&[put("x", "1")]], ..Bounds::default() };
    let doubled = Faults { duplicates: 1, ..Faults::default() };
    let asked_twice = Bounds { elections: 1, retries: 1, faults: doubled, ..two };
    let crash = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let crashed = Bounds { scripts: &[], faults: crash, ..two };
    let mut met = 0;
    for rule in Rule::ALL.iter().filter(|rule| !obsolete::GROUNDS.contains(rule)) {
        let rules = AllBut(vec![*rule]);
        for bounds in [two, asked_twice, crashed] {
            met += met_within(&rules, bounds);
        }
    }
    assert!(met > 1000, "only {met} obsolete messages");
}

/// Bounds within which a message that is obsolete by all rules is heeded without `rule`.
fn heeded_within<'a>(rule: Rule, scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    let crash = Faults { crashes: 1, down_at_once: 1, ..Faults::default() };
    let (servers, elections) = (3, 2);
    match rule {
        Rule::TermSurvivesCrash | Rule::VoteSurvivesCrash => {
            Bounds { servers, elections, faults: crash, ..Bounds::default() }
        }
        Rule::RepliesOfThisTermCount | Rule::CandidateRaisesTerm => {
            Bounds { servers, elections: 3, ..Bounds::default() }
        }
        Rule::VoterCountsOnce => {
            let faults = Faults { duplicates: 1, ..Faults::default() };
            Bounds { servers: 4, elections, faults, ..Bounds::default() }
        }
        Rule::AnswerIsItsOwn => {
            let faults = Faults { duplicates: 1, ..Faults::default() };
            Bounds { servers, elections: 1, scripts, faults, ..Bounds::default() }
        }
        Rule::BeginsOnce => {
            Bounds { servers: 1, elections: 1, retries: 1, scripts, ..Bounds::default() }
        }
        Rule::CommandIsSentAtOnce | Rule::RoundAfterRead => {
            Bounds { servers, elections: 1, heartbeats: 1, scripts, ..Bounds::default() }
        }
        _ => Bounds { servers, elections, ..Bounds::default() },
    }
}

/// Sessions of a cluster of one end, so that clients are told where they begin.
fn end_sessions(spec: &mut RaftSpec) {
    if spec.servers == 1 {
        servers_mut(spec).for_each(|server| server.session_length = Some(1));
    }
}

#[test]
fn a_guard_that_the_filter_repeats_is_missed_all_the_same() {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let reads: &[&[Command]] = &[&[get("x")]];
    let writers: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    for rule in obsolete::GROUNDS {
        let scripts = match rule {
            Rule::RoundAfterRead => reads,
            Rule::BeginsOnce => writers,
            _ => scripts,
        };
        let spec = |rules| {
            let mut spec = specs::raft("filtered", rules, heeded_within(rule, scripts), &[]);
            end_sessions(&mut spec);
            spec
        };
        let without = spec(AllBut(vec![rule]));
        assert_heeded(&rule, obsolete::is_obsolete, without, spec(EVERY_RULE));
    }
}

#[test]
fn what_is_not_saved_is_found_before_it_does_harm() {
    for (rule, steps) in
        [(Rule::TermSurvivesCrash, 1), (Rule::VoteSurvivesCrash, 1), (Rule::LogSurvivesCrash, 3)]
    {
        let bounds = Bounds { servers: 3, elections: 2, ..Bounds::default() };
        let spec = specs::raft("unsaved", AllBut(vec![rule]), bounds, &[]);
        assert!(spec.durable.is_none(), "{rule:?}");
        let report = explore(spec.durable(specs::same_durable).only(STORAGE_AGREES));
        assert_eq!(report.verdict, Verdict::Violated, "without {rule:?}");
        assert_eq!(report.property(STORAGE_AGREES).steps, Some(steps), "without {rule:?}");
    }
}

fn explore(spec: impl Boxed) -> Report {
    let limits = Limits { threads: 1, max_states: Some(6_000_000), ..Limits::default() };
    spec.boxed().check(Engine::Quorate, &limits, &mut |_| {})
}
