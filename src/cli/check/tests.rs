//! Checks of specs that are broken, which the default set need not have.

use std::fs::{self, File};

use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{Bounds, raft};
use quorate_models::rules::AllBut;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::cli::output::WIDTH;

const PROPERTY: &str = "election safety";

/// Raft whose servers vote as often as they are asked.
fn broken(is_expected: bool) -> Box<dyn AnySpec> {
    let bounds = Bounds { servers: 3, elections: 2, ..Bounds::default() };
    let rules = AllBut(vec![Rule::OneVotePerTerm]);
    let spec = raft("raft/votes-twice", rules, bounds, &[]);
    Box::new(if is_expected { spec.expect_violation(PROPERTY) } else { spec })
}

/// What a check of one spec came to: the code, what it printed, and its JSON.
struct Outcome {
    code: Code,
    text: String,
    json: Value,
}

fn outcome(spec: Box<dyn AnySpec>, directory: &TempDir) -> Outcome {
    let file = |name: &str| directory.path().join(name);
    let args = Args {
        engine: EngineName::Quorate,
        specs: Vec::new(),
        threads: Some(1),
        max_states: None,
        max_memory: None,
        max_time: None,
        json: Some(file("verdicts.json")),
        traces: Some(file("traces")),
        keep_going: false,
    };
    let output = Output::new(false, File::create(file("output")).unwrap());
    let code = check(vec![spec], &args, output).unwrap();
    let read = |name: &str| fs::read_to_string(file(name)).unwrap();
    Outcome {
        code,
        text: read("output"),
        json: serde_json::from_str(&read("verdicts.json")).unwrap(),
    }
}

#[test]
fn a_violation_is_told_with_its_steps_and_written_to_files() {
    let directory = TempDir::new().unwrap();
    let Outcome { code, text, json } = outcome(broken(false), &directory);
    assert_eq!(code, Code::No);
    assert!(text.contains("raft/votes-twice: violated; "), "{text}");
    assert!(text.contains("Not as expected: raft/votes-twice"), "{text}");

    let report = &json[0];
    assert_eq!(report["verdict"], "violated");
    assert_eq!(report["expected"], "holds");
    let properties = report["properties"].as_array().unwrap();
    let property = properties.iter().find(|p| p["name"] == PROPERTY).unwrap();
    assert_eq!(property["kind"], "always");
    assert_eq!(property["verdict"], "violated");
    let steps = property["steps"].as_u64().unwrap();
    assert!(text.contains(&format!("{PROPERTY} is violated in {steps} steps:")));

    // The Explorer's path begins with the initial state, then has an action a step.
    let link = text.lines().find(|line| line.starts_with("http://"));
    let path = link.unwrap().split_once("/#/steps/0/").unwrap().1;
    assert_eq!(path.split('/').count() as u64, steps);
    let too_long = |line: &&str| line.chars().count() > WIDTH && !line.starts_with("http://");
    assert_eq!(text.lines().find(too_long), None);

    let read = |ending: &str| {
        let name = format!("traces/raft-votes-twice.election-safety.{ending}");
        fs::read_to_string(directory.path().join(name)).unwrap()
    };
    let story = read("txt");
    assert!(text.contains(&story) && story.contains("S1"), "{story}");
    assert!(read("svg").starts_with("<svg xmlns='http://www.w3.org/2000/svg'"));
    let itf: Value = serde_json::from_str(&read("itf.json")).unwrap();
    assert_eq!(itf["states"].as_array().unwrap().len() as u64, steps + 1);
    assert_eq!(itf["vars"][0], "S1");
}

#[test]
fn an_expected_violation_is_no_failure_and_its_absence_is_one() {
    let directory = TempDir::new().unwrap();
    let found = outcome(broken(true), &directory);
    assert_eq!(found.code, Code::Success, "{}", found.text);
    assert!(found.text.contains("raft/votes-twice: violated, as expected; "));
    assert!(found.text.contains("stopped at the first counterexample"));
    assert_eq!(found.json[0]["expected"], "violated");

    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let sound = raft("raft/sound", AllBut(Vec::new()), bounds, &[]).expect_violation(PROPERTY);
    let absent = outcome(Box::new(sound), &directory);
    assert_eq!(absent.code, Code::No, "{}", absent.text);
    assert!(absent.text.contains("raft/sound: holds, unexpectedly; "));
}

#[test]
fn what_only_a_direction_allows_is_labelled() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let spec = raft("raft/nothing", AllBut(Vec::new()), bounds, &[])
        .directed("nothing happens", |(), _, _| false);
    let found = outcome(Box::new(spec), &directory);
    assert_eq!(found.code, Code::Success, "{}", found.text);
    assert!(found.text.contains("raft/nothing: holds (directed); 1 states"));
    assert!(found.text.contains("directed: nothing happens"));
}
