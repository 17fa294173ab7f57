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

/// The bounds of primary-backup/failover.
const FAILOVER: &[&str] =
    &["--servers=2", "--suspicions=1", "--retries=2", "--crashes=1", "--put=x=1", "--get=x"];

/// Those of primary-backup/lossy, but for what clients submit.
const PINGED: &[&str] = &["--servers=2", "--pings=1", "--retries=1", "--drops=1", "--duplicates=1"];

#[test]
fn a_spec_of_asked_for_bounds_is_the_listed_one_of_the_same_bounds() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("verdicts.json").to_str().unwrap().to_owned();
    let both = ["--client", "put x=1; cas x=1:2", "--client", "get x"];
    for (name, bounds) in [
        ("raft/election", &["--elections", "3"][..]),
        ("raft/five", &["--servers", "5", "--elections", "1"]),
        ("raft/two", TWO),
        ("raft/readers", &["--elections", "2", "--client", "put x=1", "--client", "get x"]),
        (
            "raft/lossy-live",
            &["--live", "--crashes", "1", "--drops", "1", "--put", "x=1", "--get", "x"],
        ),
        ("raft/election-live", &["--live", "--crashes", "1", "--early", "1"]),
        ("primary-backup/failover", FAILOVER),
        ("primary-backup/lossy", &[PINGED, &both].concat()),
        ("zab/retry", &["--retries", "1", "--client", "put x=1; get x"]),
        ("zab/failover-live", &["--live", "--crashes", "1", "--put", "x=1"]),
    ] {
        let (protocol, _) = name.split_once('/').unwrap();
        let output = quorate(["check", protocol, "--json", &file].iter().chain(bounds).copied());
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
    let (raft, pair) = (("raft", "elections"), ("primary-backup", "suspicions"));
    let (paxos, zab) = (("multi-paxos", "silences"), ("zab", "elections"));
    for ((protocol, needed), servers, more, scripts) in [
        (raft, 1, "batch", none),
        (raft, 1, "drops", one),
        (raft, 2, "duplicates", one),
        (raft, 2, "heartbeats", two),
        (raft, 2, "crashes", two),
        (raft, 3, "retries", none),
        (raft, 3, "batch", one),
        (raft, 5, "drops", none),
        (pair, 2, "pings", none),
        (pair, 2, "drops", one),
        (pair, 2, "crashes", two),
        (pair, 3, "retries", one),
        (paxos, 1, "drops", one),
        (paxos, 2, "crashes", two),
        (paxos, 2, "rollbacks", none),
        (paxos, 3, "retries", one),
        (zab, 1, "drops", one),
        (zab, 2, "crashes", two),
        (zab, 2, "rollbacks", none),
        (zab, 2, "agains", one),
    ] {
        let script = |text: &&str| quorate_models::script::parse(text).unwrap();
        let counts = [("servers", servers), (needed, 1), (more, 1)].into();
        let scripts: Vec<_> = scripts.iter().map(script).collect();
        let bounds = Bounds { counts, scripts, ..Bounds::default() };
        let spec = quorate_models::custom(protocol, &bounds).unwrap();
        let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
        assert_eq!(report.verdict, Verdict::Holds, "{bounds:?} {report:#?}");
        let facts = report.properties.iter().filter(|p| p.kind == Kind::Reachable).count();
        let without_clients = if protocol == "raft" { 2 } else { 1 };
        assert_eq!(facts, without_clients + usize::from(!bounds.scripts.is_empty()));
    }
}

/// What Raft cannot be asked for. It has all other bounds.
const NOT_OF_RAFT: &[&str] = &["pings", "suspicions", "silences", "agains"];

/// What Viewstamped Replication can be asked for.
const OF_VIEWSTAMPED: &[&str] =
    &["servers", "silences", "agains", "retries", "crashes", "down-at-once", "drops", "duplicates"];

/// What Multi-Paxos can be asked for.
const OF_MULTI_PAXOS: &[&str] = &[
    "servers",
    "silences",
    "agains",
    "retries",
    "crashes",
    "down-at-once",
    "drops",
    "duplicates",
    "rollbacks",
];

/// What ZAB can be asked for without `--live`.
const OF_ZAB: &[&str] = &[
    "servers",
    "elections",
    "silences",
    "agains",
    "retries",
    "crashes",
    "down-at-once",
    "drops",
    "duplicates",
    "rollbacks",
];

/// What primary and backup can be asked for.
const OF_PAIRS: &[&str] = &[
    "servers",
    "pings",
    "suspicions",
    "retries",
    "crashes",
    "down-at-once",
    "drops",
    "duplicates",
];

/// How much there is to explore of `protocol` within `counts`, and two writes.
fn size(protocol: &str, live: bool, counts: &[(&'static str, u8)]) -> Result<(u64, u64), Refused> {
    let bounds = Bounds {
        counts: counts.iter().copied().collect(),
        scripts: vec![quorate_models::script::parse("put x=1; put x=2").unwrap()],
        live,
        recovery: None,
    };
    let spec = quorate_models::custom(protocol, &bounds)?;
    let report = spec.check(Engine::Quorate, &Limits::default(), &mut |_| {});
    Ok((report.states, report.transitions))
}

#[test]
fn every_bound_of_the_command_line_changes_what_is_explored() {
    let names = COUNTS.iter().map(|count| count.name);
    let of_raft = names.filter(|name| !NOT_OF_RAFT.contains(name)).map(|name| ("raft", name));
    let of_pairs = OF_PAIRS.iter().map(|name| ("primary-backup", *name));
    let of_viewstamped = OF_VIEWSTAMPED.iter().map(|name| ("viewstamped", *name));
    let of_multi_paxos = OF_MULTI_PAXOS.iter().map(|name| ("multi-paxos", *name));
    let of_zab = OF_ZAB.iter().map(|name| ("zab", *name));
    let of_logs = of_viewstamped.chain(of_multi_paxos).chain(of_zab);
    for (protocol, name) in of_raft.chain(of_pairs).chain(of_logs) {
        // What a bound needs beside it to do anything, and how far it goes.
        let (live, beside, more) = match name {
            "servers" if protocol == "primary-backup" => (false, Some(("pings", 1)), 3),
            "servers" => (false, None, 3),
            "elections" => (false, None, 2),
            "silences" if protocol == "multi-paxos" => (false, None, 2),
            "early" => (true, None, 1),
            "down-at-once" => (false, Some(("crashes", 2)), 2),
            "backups" => (false, Some(("rollbacks", 1)), 1),
            "batch" => (false, Some(("heartbeats", 1)), 9),
            "window" => (false, None, 2),
            _ => (false, None, 1),
        };
        let elections = (protocol == "raft" && !live).then_some(("elections", 1));
        let before: Vec<_> =
            [Some(("servers", 2)), elections, beside].into_iter().flatten().collect();
        let after = [&before[..], &[(name, more)]].concat();
        let sizes = [&before, &after].map(|counts| size(protocol, live, counts).unwrap());
        assert_ne!(sizes[0], sizes[1], "{protocol} --{name}");
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
        (
            "paxos --drops 1",
            &["no protocol \"paxos\" takes bounds, only raft, primary-backup, vie"],
        ),
        (
            "chain --drops 1",
            &["no protocol \"chain\" takes bounds, only raft, primary-backup, vie"],
        ),
        ("zab --early 1", &["a spec of zab without --live has no bound --early", "--silences"]),
        ("raft --pings 1", &["a spec of raft without --live has no bound --pings"]),
        ("primary-backup --rollbacks 1", &["has no bound --rollbacks", "--suspicions"]),
        ("viewstamped --live", &["viewstamped has no bounds with --live"]),
        ("multi-paxos --live", &["multi-paxos has no bounds with --live"]),
        ("multi-paxos --elections 1", &["has no bound --elections", "--silences"]),
        ("viewstamped --elections 1", &["has no bound --elections", "--silences"]),
        ("primary-backup --live", &["primary-backup has no bounds with --live"]),
        ("primary-backup --servers 1", &["--servers 1: a pair has two servers"]),
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
