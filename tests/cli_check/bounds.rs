//! Specs that are in no list, of bounds that are asked for.

use std::fs;

use quorate_checker::report::{Engine, Limits, Verdict};
use quorate_checker::spec::Kind;
use quorate_models::bounds::{Bounds, COUNTS, Refused};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cluster::{expect, quorate};
use crate::{TEMPORAL, is_narrow, stdout};

/// The bounds of raft/two.
const TWO: &[&str] =
    &["--servers=2", "--elections=2", "--heartbeats=1", "--retries=1", "--crashes=1", "--put=x=1"];

#[test]
fn a_spec_of_asked_for_bounds_is_the_listed_one_of_the_same_bounds() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("verdicts.json").to_str().unwrap().to_owned();
    for (name, bounds) in [
        ("raft/election", &["--elections", "3"][..]),
        ("raft/five", &["--servers", "5", "--elections", "1"]),
        ("raft/two", TWO),
        ("raft/readers", &["--elections", "1", "--client", "put x=1", "--client", "get x"]),
        (
            "raft/lossy-live",
            &["--live", "--crashes", "1", "--drops", "1", "--put", "x=1", "--get", "x"],
        ),
        ("raft/election-live", &["--live", "--crashes", "1", "--early", "1"]),
    ] {
        let output = quorate(["check", "raft", "--json", &file].iter().chain(bounds).copied());
        expect(&output, 0, &[]);
        let text = stdout(&output);
        assert!(text.contains("no count is on record"), "{text}");
        assert!(is_narrow(&text), "{text}");
        let json: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        assert!(json[0]["on_record"].is_null());
        let listed = quorate_models::specs().into_iter().find(|spec| spec.name() == name).unwrap();
        let counts = listed.counts().unwrap();
        assert_eq!(json[0]["states"], counts.states, "{name}");
        assert_eq!(json[0]["transitions"], counts.transitions, "{name}");
        let claims = |kinds: &[&str]| -> Vec<String> {
            let properties = json[0]["properties"].as_array().unwrap().iter();
            let of_kind = properties.filter(|p| kinds.contains(&p["kind"].as_str().unwrap()));
            of_kind.map(|p| p["name"].as_str().unwrap().to_owned()).collect()
        };
        for info in listed.properties() {
            // A property that names one command of a script is that script's.
            let is_script = info.kind == Kind::LeadsTo;
            let is_claim = info.kind == Kind::Always || info.kind.is_temporal() && !is_script;
            let all = claims(&[&["always"], &TEMPORAL[..]].concat());
            assert!(!is_claim || all.iter().any(|claim| claim == info.name), "{name}: {all:?}");
        }
    }
}

#[test]
fn what_must_be_reachable_is_so_whatever_else_is_bounded() {
    let (none, one, two): (_, _, &[&str]) =
        (&[][..], &["put x=1; get x"][..], &["get x", "put x=1"]);
    for (servers, more, scripts) in [
        (1, "batch", none),
        (1, "drops", one),
        (2, "duplicates", one),
        (2, "heartbeats", two),
        (2, "crashes", two),
        (3, "retries", none),
        (3, "batch", one),
        (5, "drops", none),
    ] {
        let script = |text: &&str| quorate_models::script::parse(text).unwrap();
        let counts = [("servers", servers), ("elections", 1), (more, 1)].into();
        let scripts: Vec<_> = scripts.iter().map(script).collect();
        let bounds = Bounds { counts, scripts, ..Bounds::default() };
        let spec = quorate_models::custom("raft", &bounds).unwrap();
        let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Holds, "{bounds:?} {report:#?}");
        let facts = report.properties.iter().filter(|p| p.kind == Kind::Reachable).count();
        assert_eq!(facts, if bounds.scripts.is_empty() { 2 } else { 3 });
    }
}

#[test]
fn every_bound_of_the_command_line_changes_what_is_explored() {
    let base = [("servers", 2), ("elections", 1)];
    let of = |live: bool, more: &[(&'static str, u8)]| {
        let counts = base.iter().filter(|(name, _)| !live || *name == "servers");
        let bounds = Bounds {
            counts: counts.chain(more).copied().collect(),
            scripts: vec![quorate_models::script::parse("put x=1; put x=2").unwrap()],
            live,
            recovery: None,
        };
        let spec = quorate_models::custom("raft", &bounds)?;
        let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
        Ok::<_, Refused>((report.states, report.transitions))
    };
    for count in COUNTS {
        let name = count.name;
        // What a bound needs beside it to do anything, and how far it goes.
        let (live, beside, more) = match name {
            "servers" => (false, None, 3),
            "elections" => (false, None, 2),
            "early" => (true, None, 1),
            "down-at-once" => (false, Some(("crashes", 2)), 2),
            "backups" => (false, Some(("rollbacks", 1)), 1),
            "batch" => (false, Some(("heartbeats", 1)), 9),
            _ => (false, None, 1),
        };
        let before: Vec<_> = beside.into_iter().collect();
        let after = [&before[..], &[(name, more)]].concat();
        assert_ne!(of(live, &before).unwrap(), of(live, &after).unwrap(), "{name}");
    }
}

#[test]
fn bounds_that_make_no_sense_are_refused_by_name() {
    for (line, words) in [
        ("raft --live --elections 2", &["--live has no bound --elections", "--early"][..]),
        ("raft --early 1", &["without --live has no bound --early", "--elections"]),
        ("raft --recovery 2", &["--recovery"]),
        ("raft --live --servers 2 --crashes 1", &["1 of 2 servers", "majority"]),
        ("raft/election --drops 1", &["raft/election has bounds of its own"]),
        ("--drops 1", &["one protocol", "--drops 1"]),
        ("paxos --drops 1", &["no protocol \"paxos\"", "raft"]),
        ("raft --drops 1 --all", &["--all"]),
        ("raft --put x", &["put KEY=VALUE"]),
        ("raft --client x", &["no command \"x\"", "cas KEY=OLD:NEW"]),
        ("raft --servers 0", &["--servers"]),
        ("raft --drops 256", &["--drops"]),
    ] {
        let output = quorate(["check"].into_iter().chain(line.split(' ')));
        expect(&output, 64, words);
        assert_eq!(stdout(&output), "", "{line}");
    }
}
