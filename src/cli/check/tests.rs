//! Checks of specs that are broken, which the default set need not have.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quorate_checker::AnySpec;
use quorate_checker::report::Progress;
use quorate_checker::spec::{Claim, Counts, PropertyInfo, Sees, StateView};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{Bounds, raft};
use quorate_models::rules::AllBut;
use quorate_models::system::Boxed;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::cli::output::{WIDTH, grouped};

mod stuck;
mod symmetry;

const PROPERTY: &str = "election safety";

/// Raft whose servers vote as often as they are asked.
fn broken(is_expected: bool) -> Box<dyn AnySpec> {
    let bounds = Bounds { servers: 3, elections: 2, ..Bounds::default() };
    let rules = AllBut(vec![Rule::OneVotePerTerm]);
    let spec = raft("raft/votes-twice", rules, bounds, &[]);
    (if is_expected { spec.expect_violation(PROPERTY) } else { spec }).boxed()
}

/// What a check of one spec came to: the code, what it printed, and its JSON.
struct Outcome {
    code: Code,
    text: String,
    json: Value,
}

fn outcome(spec: Box<dyn AnySpec>, directory: &TempDir) -> Outcome {
    outcome_of(spec, directory, |_| {})
}

/// The same, with arguments that are `changed`.
fn outcome_of(
    spec: Box<dyn AnySpec>,
    directory: &TempDir,
    changed: impl FnOnce(&mut Args),
) -> Outcome {
    outcome_with(Selected::listed(spec), directory, changed, Arc::default())
}

/// The same, of a spec that need not be listed, and with a flag that interrupts.
fn outcome_with(
    selected: Selected,
    directory: &TempDir,
    changed: impl FnOnce(&mut Args),
    interrupt: Arc<AtomicBool>,
) -> Outcome {
    let file = |name: &str| directory.path().join(name);
    let mut args = Args {
        engine: EngineName::Quorate,
        specs: Vec::new(),
        bounds: BoundsArgs::default(),
        all: false,
        symmetry: false,
        threads: Some(1),
        max_states: None,
        max_memory: None,
        max_time: None,
        json: Some(file("verdicts.json")),
        traces: Some(file("traces")),
        keep_going: false,
        details: false,
    };
    changed(&mut args);
    let output = Output::new(false, File::create(file("output")).unwrap());
    let limits = Limits { interrupt, ..args.limits() };
    let code = check(vec![selected], &args, &limits, output).unwrap();
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

    let report = &json[0];
    assert_eq!(report["verdict"], "violated");
    assert_eq!(report["expected"], "holds");
    let properties = report["properties"].as_array().unwrap();
    let property = properties.iter().find(|p| p["name"] == PROPERTY).unwrap();
    assert_eq!(property["kind"], "always");
    assert_eq!(property["verdict"], "violated");
    let steps = property["steps"].as_u64().unwrap();
    let words = format!("{PROPERTY} is violated in {steps} steps");
    assert!(text.contains(&format!("\n{words}\n")), "{text}");
    assert_ends_with_table(&text, &format!("Not as expected: raft/votes-twice: {words}"));

    // The Explorer's path begins with the initial state, then has an action a step.
    let link = text.lines().find(|line| line.starts_with("http://"));
    let path = link.unwrap().split_once("/#/steps/0/").unwrap().1;
    assert_eq!(path.split('/').count() as u64, steps);
    let too_long = |line: &&str| line.chars().count() > WIDTH && !line.starts_with("http://");
    assert_eq!(text.lines().find(too_long), None);

    assert!(text.contains("To step through it: quorate explore raft/votes-twice, then"), "{text}");
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

/// Asserts that nothing follows the table of one spec but a line that sums up.
fn assert_ends_with_table(text: &str, summary: &str) {
    let lines: Vec<&str> = text.lines().collect();
    let [.., head, row, space, last] = &lines[..] else { panic!("{text}") };
    assert!(head.starts_with("spec ") && head.ends_with(" secs"), "{text}");
    assert_eq!(head.chars().count(), row.chars().count(), "{text}");
    assert_eq!((*space, *last), ("", summary), "{text}");
}

#[test]
fn the_steps_of_an_expected_violation_are_shown_if_they_are_asked_for() {
    let directory = TempDir::new().unwrap();
    let file = "traces/raft-votes-twice.election-safety.txt";
    let short = outcome(broken(true), &directory);
    let steps = short.json[0]["properties"][0]["steps"].as_u64().unwrap();
    let words = format!("  {PROPERTY} is violated in {steps} steps, --details shows the steps\n");
    assert!(short.text.contains(&words), "{}", short.text);
    assert!(!short.text.contains("To step through it"), "{}", short.text);
    assert_ends_with_table(&short.text, "The verdict is as expected.");
    let story = fs::read_to_string(directory.path().join(file)).unwrap();
    assert!(story.contains("To step through it: quorate explore raft/votes-twice, then"));
    let long = outcome_of(broken(true), &directory, |args| args.details = true);
    assert!(long.text.contains(&story), "{}", long.text);
    assert_ends_with_table(&long.text, "The verdict is as expected.");
}

#[test]
fn a_spec_that_is_not_listed_is_named_by_its_bounds_and_has_no_count_on_record() {
    let directory = TempDir::new().unwrap();
    let of = |spec, words: &str| {
        let selected = Selected { spec, words: words.to_owned(), custom: true };
        outcome_with(selected, &directory, |_| {}, Arc::default())
    };
    let words = "raft --servers 3 --elections 2";
    let found = of(broken(false), words);
    assert_eq!(found.code, Code::No);
    let link = format!("To step through it: quorate explore {words}, then\nhttp://");
    assert!(found.text.contains(&link), "{}", found.text);
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let holds = of(raft("raft/none", AllBut(Vec::new()), bounds, &[]).boxed(), words);
    assert_eq!(holds.code, Code::Success);
    for words in ["no count is on record for raft/none", "may hold for want of behaviour"] {
        assert!(holds.text.contains(words), "{}", holds.text);
    }
    assert_ends_with_table(&holds.text, "It holds. No count is on record to compare with.");
}

#[test]
fn what_is_interrupted_before_it_begins_is_no_pass() {
    let directory = TempDir::new().unwrap();
    let told = Arc::new(AtomicBool::new(true));
    let found = outcome_with(Selected::listed(broken(false)), &directory, |_| {}, told);
    assert_eq!(found.code, Code::Interrupted);
    assert_eq!(found.text, "\nInterrupted; 1 of 1 specs were not begun.\n");
    assert_eq!(found.json, Value::Array(Vec::new()));
}

#[test]
fn the_table_of_all_specs_is_no_wider_than_all_else() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("output");
    let mut output = Output::new(false, File::create(&path).unwrap());
    let all: Vec<Checked> = specs::select(&[], true)
        .unwrap()
        .into_iter()
        .map(|Selected { spec, words, custom }| {
            let mut report = Report::unfinished(&*spec, Engine::Quorate, "");
            (report.verdict, report.seconds) = (report.expected, 123.4);
            let counts = spec.counts().unwrap_or(Counts { states: 1, transitions: 1 });
            (report.states, report.transitions) = (counts.states, counts.transitions);
            let (bounds, directed) = (Vec::new(), spec.is_directed());
            Checked { words, bounds, directed, symmetry: Some(spec.symmetry()), custom, report }
        })
        .collect();
    table::show(&all, all.len(), &mut output);
    output.finish().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with("spec "));
    let wide: Vec<&str> = lines.clone().filter(|line| line.chars().count() > WIDTH).collect();
    assert_eq!(wide, [""; 0]);
    assert_eq!(lines.count(), 1 + all.len() + 2, "the table and a line: {text}");
}

#[test]
fn an_expected_violation_is_no_failure_and_its_absence_is_one() {
    let directory = TempDir::new().unwrap();
    let found = outcome(broken(true), &directory);
    assert_eq!(found.code, Code::Success, "{}", found.text);
    assert!(found.text.contains("raft/votes-twice: violated (expected); "));
    assert!(found.text.contains("stopped at the first counterexample"));
    assert_eq!(found.json[0]["expected"], "violated");

    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let sound = raft("raft/sound", AllBut(Vec::new()), bounds, &[]).expect_violation(PROPERTY);
    let absent = outcome(sound.boxed(), &directory);
    assert_eq!(absent.code, Code::No, "{}", absent.text);
    assert!(absent.text.contains("raft/sound: holds, unexpectedly; "));
    assert_ends_with_table(&absent.text, "Not as expected: raft/sound: election safety holds");
}

#[test]
fn a_condition_that_panics_is_never_as_expected() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let no_timers = Claim::always("no timers", Sees::TIMERS, |_, state| {
        assert!(state.timers_set.iter().all(|timers| timers.iter().count() < 1), "a timer is set");
        true
    });
    let spec = raft("raft/careless", AllBut(Vec::new()), bounds, &[]).claim(no_timers);
    let found = outcome(spec.expect_violation("no timers").boxed(), &directory);
    assert_eq!(found.code, Code::No, "{}", found.text);
    let told = "no timers is violated, its condition panics after 0 steps: a timer is set";
    assert!(found.text.contains(told), "{}", found.text);
    let summary = "Not as expected: raft/careless: the condition of no timers panics";
    assert_ends_with_table(&found.text, summary);
    let properties = found.json[0]["properties"].as_array().unwrap();
    let property = properties.iter().find(|property| property["name"] == "no timers").unwrap();
    assert_eq!(property["panic"], "a timer is set");
}

#[test]
fn what_does_not_return_ends_a_check_with_its_table() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let spec = raft("raft/stuck", AllBut(Vec::new()), bounds, &[]).ghost(|(), _, _| {
        loop {
            std::thread::sleep(Duration::from_secs(3600));
        }
    });
    let found = outcome_of(spec.boxed(), &directory, |args| {
        args.max_time = Some(Duration::from_millis(100));
    });
    assert_eq!(found.code, Code::Incomplete, "{}", found.text);
    assert!(found.text.contains("\nraft/stuck  incomplete"), "{}", found.text);
    let told =
        "does not return when it sees the handler of S1 on its timer Election; this is open:";
    assert!(found.text.contains(told), "{}", found.text);
    assert!(found.text.ends_with("Incomplete: raft/stuck\n"), "{}", found.text);
}

#[test]
fn what_only_a_direction_allows_is_labelled() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let spec = raft("raft/nothing", AllBut(Vec::new()), bounds, &[])
        .directed("nothing happens", |(), _, _| false);
    let found = outcome(spec.boxed(), &directory);
    assert_eq!(found.code, Code::Success, "{}", found.text);
    assert!(found.text.contains("raft/nothing: holds (directed); 1 states"));
    assert!(found.text.contains("directed: nothing happens"));
}

#[test]
fn what_never_happens_is_named_where_all_was_explored() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let spec = || {
        raft("raft/mute", AllBut(Vec::new()), bounds, &[])
            .directed("nobody votes", |(), _, action| !format!("{action:?}").contains("VoteReply"))
    };
    let found = outcome(spec().boxed(), &directory);
    assert!(
        found.text.contains("Never taken:\n  raft/mute  deliver AppendEntries, deliver VoteReply"),
        "{}",
        found.text
    );
    assert!(!found.text.contains("drop "), "{}", found.text);
    assert_eq!(found.json[0]["actions"]["deliver VoteReply"], 0);
    assert_eq!(found.json[0]["endless_timers"], Value::Array(Vec::new()));

    let cut_short = outcome_of(spec().boxed(), &directory, |args| args.max_states = Some(2));
    assert_eq!(cut_short.code, Code::Incomplete);
    assert!(!cut_short.text.contains("Never taken"), "{}", cut_short.text);
}

#[test]
fn what_grows_for_ever_is_named() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 3, ..Bounds::default() };
    let mut spec = raft("raft/endless", AllBut(Vec::new()), bounds, &[]);
    spec.timeouts.clear();
    let found = outcome_of(spec.boxed(), &directory, |args| args.max_states = Some(20_000));
    assert_eq!(found.code, Code::Incomplete, "{}", found.text);
    let line = "timers without a budget still lead to new states: Election";
    assert!(found.text.contains("\nStill growing"), "{}", found.text);
    assert!(found.text.contains(line), "{}", found.text);
    assert_eq!(found.json[0]["endless_timers"][0], "Election");
    let components = found.json[0]["components"].as_array().unwrap();
    let growing = components.iter().find(|component| component["name"] == "actor states").unwrap();
    assert_eq!(growing["growing"], true);
    let [from, to] = [&growing["values_at_half"], &growing["values"]].map(|n| n.as_u64().unwrap());
    assert!(found.text.contains(&format!("actor states {} -> {}", grouped(from), grouped(to))));
}

#[test]
fn counts_that_differ_from_those_on_record_are_a_failure() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 2, elections: 1, ..Bounds::default() };
    let spec = || raft("raft/counted", AllBut(Vec::new()), bounds, &[]);
    let first = outcome(spec().boxed(), &directory);
    assert!(first.json[0]["on_record"].is_null());
    let [states, transitions] =
        ["states", "transitions"].map(|field| first.json[0][field].as_u64().unwrap());

    let same = outcome(spec().counts(states, transitions).boxed(), &directory);
    assert_eq!(same.code, Code::Success, "{}", same.text);
    let more = || spec().counts(states + 1, transitions).boxed();
    let differs = outcome(more(), &directory);
    assert_eq!(differs.code, Code::No, "{}", differs.text);
    assert!(differs.text.contains("raft/counted: holds, counts differ; "), "{}", differs.text);
    assert!(differs.text.contains("\nCounts differ from those on record:"), "{}", differs.text);
    let last = "Not as expected: raft/counted: counts differ from those on record";
    assert_ends_with_table(&differs.text, last);
    assert_eq!(differs.json[0]["on_record"]["states"], states + 1);
    // Where not all was counted, nothing is compared.
    let cut_short = outcome_of(more(), &directory, |args| args.max_states = Some(2));
    assert_eq!(cut_short.code, Code::Incomplete, "{}", cut_short.text);
}

#[test]
fn details_tell_how_the_search_went() {
    let directory = TempDir::new().unwrap();
    let bounds = Bounds { servers: 3, elections: 1, ..Bounds::default() };
    let spec = || raft("raft/small", AllBut(Vec::new()), bounds, &[]).boxed();
    let Outcome { text, json, .. } = outcome_of(spec(), &directory, |args| args.details = true);
    for words in ["states per depth", "deliver AppendReply", " inboxes", "handler calls for "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    let sum = |values: &mut dyn Iterator<Item = &Value>| -> u64 {
        values.map(|value| value.as_u64().unwrap()).sum()
    };
    let report = &json[0];
    assert_eq!(sum(&mut report["levels"].as_array().unwrap().iter()), report["states"]);
    assert_eq!(sum(&mut report["actions"].as_object().unwrap().values()), report["transitions"]);

    let theirs = outcome_of(spec(), &directory, |args| {
        (args.details, args.engine) = (true, EngineName::Stateright);
    });
    assert!(theirs.text.contains("tells no details"), "{}", theirs.text);
    assert!(theirs.json[0].get("levels").is_none());
}
