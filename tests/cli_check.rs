//! The contract of `quorate list`, `check` and `explore`: what they print and write, how they exit.

#[path = "cli_check/bounds.rs"]
mod bounds;
#[path = "cli_check/signals.rs"]
mod signals;
mod support;
#[path = "cli_check/symmetry.rs"]
mod symmetry;

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output, Stdio};
use std::thread;

use quorate_checker::AnySpec;
use quorate_checker::report::{Engine, Limits};
use quorate_models::kv::put;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{Bounds, raft};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;
use serde_json::Value;
use tempfile::TempDir;

use support::cluster::{Process, QUORATE, expect, quorate, wait_for};
use support::{free_addresses, http};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `quorate check raft/election` with more arguments.
fn check(arguments: &[&str]) -> Output {
    quorate(["check", "raft/election"].iter().chain(arguments).copied())
}

/// The verdicts that `quorate check` with these arguments writes.
fn verdicts(code: i32, arguments: &[&str]) -> Value {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("verdicts.json");
    let mut all = arguments.to_vec();
    all.extend(["--json", file.to_str().unwrap()]);
    expect(&check(&all), code, &[]);
    let json = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, 1, "nothing else is left there");
    json
}

/// True if no line is too wide; a link cannot be broken.
fn is_narrow(text: &str) -> bool {
    text.lines().all(|line| line.chars().count() <= 100 || line.starts_with("http://"))
}

const TEMPORAL: [&str; 4] = ["eventually", "leads-to", "eventually-always", "always-eventually"];

#[test]
fn list_shows_every_spec_as_text_and_as_json() {
    let text = stdout(&quorate(["list"]));
    let json = quorate(["list", "--json"]);
    expect(&json, 0, &[]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    let specs = json.as_array().unwrap();
    let (default, large) = (quorate_models::specs().len(), quorate_models::large_specs().len());
    assert_eq!(specs.len(), default + large);
    for (index, spec) in specs.iter().enumerate() {
        assert_eq!(spec["large"], index >= default);
        assert!(text.contains(spec["spec"].as_str().unwrap()), "{text}");
        assert!(spec["summary"].is_string() && spec["directed"].is_boolean());
        assert!(!spec["bounds"].as_array().unwrap().is_empty());
        for property in spec["properties"].as_array().unwrap() {
            assert!(text.contains(property["name"].as_str().unwrap()), "{text}");
            let kind = property["kind"].as_str().unwrap();
            assert!(["always", "reachable"].contains(&kind) || TEMPORAL.contains(&kind));
            assert!(matches!(property["expected"].as_str().unwrap(), "holds" | "violated"));
        }
    }
    assert_eq!(text.matches("(large").count(), large, "{text}");
    assert!(is_narrow(&text), "{text}");
}

#[test]
fn list_shows_what_is_named() {
    let one = quorate(["list", "raft/two"]);
    expect(&one, 0, &[]);
    let text = stdout(&one);
    assert!(text.starts_with("raft/two\n") && text.contains("  bounds     2 servers"), "{text}");
    assert!(text.contains("  always     election safety") && text.contains("  reachable  "));
    assert!(!text.contains("raft/five"), "{text}");
    assert!(!text.contains("without the rule"), "{text}");
    let naive = stdout(&quorate(["list", "raft/figure-8-naive"]));
    assert!(naive.contains("without the rule: only entries of the"), "{naive}");
    let of_json = |words: &[&str]| -> Value {
        let output = quorate(["list", "--json"].iter().chain(words).copied());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let count = |words: &[&str]| of_json(words).as_array().unwrap().len();
    let names = "raft primary-backup chain fenced viewstamped multi-paxos zab quorum-store gossip \
                 hearsay parabolic moss";
    let each: Vec<usize> = names.split(' ').map(|name| count(&[name])).collect();
    assert!(!each.contains(&0) && each.iter().sum::<usize>() == count(&[]), "{each:?}");
    let two = of_json(&["raft/lossy-2", "raft/replication-3"]);
    assert_eq!((&two[0]["large"], &two[1]["large"]), (&false.into(), &true.into()));
    expect(&quorate(["list", "raft/elektion"]), 64, &["did you mean raft/election"]);
}

#[test]
fn elections_without_end_are_told_as_such() {
    let text = stdout(&quorate(["check", "raft/partition-basic-live"]));
    assert!(text.contains("is violated, elections do not end: 39 steps"), "{text}");
}

#[test]
fn a_spec_explored_to_its_end_holds() {
    let json = verdicts(0, &[]);
    assert_eq!(json.as_array().unwrap().len(), 1);
    let mut report = json[0].as_object().unwrap().clone();
    for (field, expected) in [
        ("spec", "raft/election"),
        ("engine", "quorate"),
        ("verdict", "holds"),
        ("expected", "holds"),
    ] {
        assert_eq!(report.remove(field).unwrap(), expected);
    }
    let [states, transitions, depth] = ["states", "transitions", "depth"]
        .map(|field| report.remove(field).unwrap().as_u64().unwrap());
    assert!(states > 0 && transitions > states && depth > 0);
    assert!(report.remove("seconds").unwrap().as_f64().unwrap() > 0.0);
    for property in report.remove("properties").unwrap().as_array().unwrap() {
        let fields: Vec<&str> = property.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields.len(), 5, "{fields:?}");
        assert!(property["name"].is_string());
        assert_eq!(property["verdict"], "holds");
        assert_eq!(property["expected"], "holds");
        // There is a path to what is reachable, and none to what never happens.
        match property["kind"].as_str().unwrap() {
            "always" => assert!(property["steps"].is_null()),
            _ => assert!(property["steps"].is_u64()),
        }
    }
    assert_eq!(report.remove("on_record").unwrap()["states"], states);
    let actions = report.remove("actions").unwrap();
    assert!(actions["deliver RequestVote"].as_u64().unwrap() > 0);
    assert_eq!(actions.get("drop RequestVote"), None, "the spec has no drops");
    let levels = report.remove("levels").unwrap();
    assert_eq!(levels[0], 1);
    assert_eq!(levels.as_array().unwrap().len() as u64, depth + 1);
    for component in report.remove("components").unwrap().as_array().unwrap() {
        assert!(component["name"].is_string() && component["values"].is_u64());
        assert!(component["values_at_half"].is_u64());
        assert_eq!(component["growing"], false);
    }
    assert!(report.remove("handler_calls").unwrap().as_u64().unwrap() > 0);
    assert!(report.remove("endless_timers").unwrap().as_array().unwrap().is_empty());
    assert!(report.is_empty(), "{report:?}");
}

#[test]
fn every_violation_that_a_spec_is_there_for_is_an_expected_one() {
    let expects = |spec: &dyn AnySpec| spec.properties().iter().any(|p| p.violation_expected);
    let specs = quorate_models::specs();
    let naive: Vec<&str> =
        specs.iter().filter(|spec| expects(&***spec)).map(|spec| spec.name()).collect();
    assert!(naive.contains(&"raft/figure-8-naive"));
    for spec in naive {
        for more in [&[][..], &["--keep-going"]] {
            let output = quorate(["check", spec].iter().chain(more).copied());
            expect(&output, 0, &[]);
            let text = stdout(&output);
            assert!(text.contains(&format!("{spec}: violated (expected); ")), "{text}");
            assert!(!text.contains("http://"), "nobody asked for the steps: {text}");
            assert!(!text.contains("without bound"), "{text}");
            assert_eq!(text.lines().last(), Some("The verdict is as expected."));
        }
    }
}

#[test]
fn a_limit_makes_a_run_incomplete_and_never_a_pass() {
    for limit in [
        &["--max-states", "1000"][..],
        &["--max-time", "0.05"],
        &["--max-memory", "1"],
        &["--max-time", "0.05", "--threads", "1"],
    ] {
        let json = verdicts(2, limit);
        assert_eq!(json[0]["verdict"], "incomplete", "{limit:?}");
        for property in json[0]["properties"].as_array().unwrap() {
            let decided = property["kind"] == "reachable" && property["verdict"] == "holds";
            assert!(decided || property["verdict"] == "incomplete", "{property}");
        }
    }
    let all = quorate(["check", "--max-states", "1000"]);
    expect(&all, 2, &[]);
    let text = stdout(&all);
    for spec in quorate_models::specs() {
        assert!(text.contains(&format!("{}: ", spec.name())), "{text}");
    }
    let reached: Vec<&str> = text.lines().filter(|line| line.contains(" states reached")).collect();
    assert!(!reached.is_empty() && reached.iter().all(|line| line.contains(',')), "{reached:?}");
    assert!(is_narrow(&text), "{text}");
    assert!(!text.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn stateright_says_that_it_decides_no_runs() {
    let output = quorate(["check", "raft/partition-live", "--engine", "stateright"]);
    expect(&output, 2, &[]);
    let text = stdout(&output);
    assert!(text.contains("Stateright's search does not decide properties of runs"), "{text}");
    assert!(is_narrow(&text), "{text}");
}

#[test]
fn a_large_spec_is_checked_if_it_is_named_or_asked_for_and_stops_at_its_memory() {
    let (default, large) = (quorate_models::specs(), quorate_models::large_specs());
    let text = stdout(&quorate(["check", "--all", "--max-states", "100"]));
    for spec in default.iter().chain(&large) {
        assert!(text.contains(&format!("\n{}", spec.name())), "{text}");
    }
    assert!(is_narrow(&text), "{text}");

    let output = quorate(["check", large[0].name(), "--max-memory", "100", "--details"]);
    expect(&output, 2, &[]);
    let text = stdout(&output);
    for words in
        [": incomplete; ", "the 100 MiB of memory allowed", "Still growing", "Incomplete: "]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(is_narrow(&text), "{text}");
}

#[test]
fn what_makes_no_sense_is_64_and_runs_nothing() {
    let near = "did you mean raft/election";
    for command in ["check", "explore"] {
        let output = quorate([command, "raft/electoin"]);
        expect(&output, 64, &["\"raft/electoin\"", near]);
        assert_eq!(stdout(&output), "");
        expect(&quorate([command, "xyzzy"]), 64, &["\"xyzzy\"", "quorate list"]);
    }
    expect(&check(&["electio"]), 64, &[near]);
    expect(&quorate(["check", "rafft"]), 64, &["\"rafft\"", "did you mean raft?"]);
    expect(&quorate(["explore", "rafft"]), 64, &["\"rafft\"", near]);
    for wrong in [
        &["--threads", "0"][..],
        &["--threads=-1"],
        &["--max-states", "0"],
        &["--max-states", "many"],
        &["--max-memory", "0"],
        &["--max-time", "0"],
        &["--max-time=-1"],
        &["--max-time", "nan"],
        &["--json"],
        &["--nonsense"],
    ] {
        let output = check(wrong);
        let option = wrong[0].split('=').next().unwrap();
        expect(&output, 64, &[option]);
        assert_eq!(stdout(&output), "");
    }
    for wrong in [
        &["explore"][..],
        &["explore", "raft/election", "--address", "localhost"],
        &["explore", "raft/election", "--address", "0.0.0.0:0"],
        &["list", "raft/electoin"],
    ] {
        expect(&quorate(wrong.iter().copied()), 64, &[]);
    }
}

#[test]
fn files_that_cannot_be_written_are_named_before_anything_runs() {
    let directory = TempDir::new().unwrap();
    let here = directory.path().to_str().unwrap().to_owned();
    let file = format!("{here}/file");
    fs::write(&file, "old").unwrap();
    let (missing, beneath) = (format!("{here}/missing/x.json"), format!("{file}/x.json"));
    for (option, path) in [
        ("--json", &missing),
        ("--json", &here),
        ("--json", &beneath),
        ("--traces", &file),
        ("--traces", &beneath),
    ] {
        let output = check(&[option, path]);
        expect(&output, 74, &[path]);
        assert_eq!(stdout(&output), "");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    // A device stays one.
    expect(&check(&["--max-states", "1", "--json", "/dev/null"]), 2, &[]);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let mut child = Command::new(QUORATE)
        .args(["check", "raft/election", "--max-states", "1000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    expect(&child.wait_with_output().unwrap(), 2, &[]);
}

/// The steps that the Explorer offers at `path`: "/0/1/3".
fn offered(address: SocketAddr, path: &str) -> Vec<Value> {
    let body = wait_for("the Explorer", || http::get(address, &format!("/.states{path}")));
    serde_json::from_str(&body).unwrap()
}

#[test]
fn the_explorer_is_served_with_names_where_it_says() {
    let mut command = Command::new(QUORATE);
    let bounds = ["--servers", "2", "--elections", "1", "--put", "x=1"];
    command.args(["explore", "raft", "--address", "127.0.0.1:0"]).args(bounds);
    // Killed at the end, it leaves its page there.
    let temporary = TempDir::new().unwrap();
    command.env("TMPDIR", temporary.path());
    let mut explorer = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(explorer.0.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| {
        let line = line.ok()?;
        let (_, rest) = line.split_once("http://")?;
        rest.split_once('/')?.0.parse().ok()
    });
    let address = address.expect("the address is printed");
    let actions: Vec<Value> = offered(address, "/0").iter().map(|s| s["action"].clone()).collect();
    assert!(actions.contains(&"S1 times out: Election".into()), "{actions:?}");
    assert!(!actions.contains(&"S3 times out: Election".into()), "{actions:?}");
    assert!(http::get(address, "/").unwrap().contains("<html"));

    let port = address.to_string();
    let taken = quorate(["explore", "raft/election", "--address", &port]);
    expect(&taken, 74, &[&port, "in use"]);
}

#[test]
fn an_address_in_use_is_named() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let output = quorate(["explore", "raft/election", "--address", &address]);
    expect(&output, 74, &[&address]);
    assert_eq!(stdout(&output), "");
}

/// Raft whose servers vote as often as they are asked, with a client.
fn broken() -> Box<dyn AnySpec> {
    let bounds =
        Bounds { servers: 3, scripts: &[&[put("x", "1")]], elections: 2, ..Bounds::default() };
    let rules = AllBut(vec![Rule::OneVotePerTerm]);
    raft("raft/votes-twice", rules, bounds, &[]).boxed()
}

#[test]
fn the_explorer_shows_the_same_steps_as_the_counterexample() {
    for threads in [1, 2] {
        let limits = Limits { threads, ..Limits::default() };
        let report = broken().check(Engine::Quorate, &limits, &mut |_| {});
        let mut example = report.counterexamples[0].clone();
        let address = free_addresses(1)[0];
        // Ends with the test program: the Explorer has no other end.
        thread::spawn(move || broken().explore(address));

        let path = example.explorer.strip_prefix("/#/steps").unwrap();
        let (prefix, last) = path.rsplit_once('/').unwrap();
        let last: u64 = last.parse().unwrap();
        let steps = offered(address, prefix);
        let step = steps.iter().find(|step| step["actionIndex"] == last).unwrap();
        // The diagram is of the whole path. The Explorer's has no title.
        example.trace.title.clear();
        assert_eq!(step["svg"].as_str().unwrap(), example.trace.diagram());
        // What is told of the step, as text, is for the page of `quorate explore`.
        let told: Value = serde_json::from_str(step["outcome"].as_str().unwrap()).unwrap();
        let claims = |told: &Value, holds: bool| {
            let claims = told["state"]["claims"].as_array().unwrap().iter();
            let claims = claims.filter(|c| c["kind"] == "always" && c["holds"] == holds);
            claims.map(|claim| claim["name"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(claims(&told, false), [example.property]);
        assert!(!claims(&told, true).is_empty());
        let initial = &offered(address, "")[0]["state"];
        for state in [&step["state"], initial] {
            let state = state.as_str().unwrap();
            let named = state.contains("S1: ") && state.contains("C1: ");
            assert!(named && !state.contains("Id("), "{state}");
        }
        let harmless = steps.iter().any(|step| {
            let told = step["outcome"].as_str().map(|told| serde_json::from_str(told).unwrap());
            told.is_some_and(|told| claims(&told, false).is_empty())
        });
        assert!(harmless, "{steps:?}");
    }
}
