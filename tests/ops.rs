//! What is under `ops/` speaks of metrics that a node has, and its alerts come when they should.

mod support;

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use support::cluster::Cluster;
use support::http::get;

const RULES: &str = include_str!("../ops/prometheus/rules.yml");
const RULES_TEST: &str = include_str!("../ops/prometheus/rules_test.yml");
const DASHBOARD: &str = include_str!("../ops/grafana/quorate.json");

fn prometheus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("ops/prometheus")
}

/// What a node of Raft that serves Redis clients answers to `GET /metrics`.
fn rendered() -> String {
    let cluster = Cluster::create(1);
    let [redis] = cluster.free_addresses();
    cluster.restart_with(1, &["--redis", &redis]);
    cluster.leader();
    get(cluster.loaded().nodes[0].http, "/metrics").expect("it answers")
}

/// The names under which Prometheus has what is `rendered`.
fn shown(rendered: &str) -> BTreeSet<String> {
    let families = rendered.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = families.flat_map(|family| {
        let (name, kind) = family.split_once(' ').expect("a name and a kind");
        let suffixes: &[&str] =
            if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        suffixes.iter().map(move |suffix| format!("{name}{suffix}"))
    });
    names.collect()
}

/// The metrics of ours that `text` speaks of.
fn named(text: &str) -> BTreeSet<String> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !is_in_name(c));
    words.filter(|word| word.starts_with("quorate_")).map(str::to_owned).collect()
}

/// The words behind `key` at the beginning of a line of YAML.
fn values<'a>(yaml: &'a str, key: &str) -> Vec<&'a str> {
    yaml.lines().filter_map(|line| line.trim_start().strip_prefix(key)).map(str::trim).collect()
}

/// What is asked in each panel.
fn expressions(dashboard: &Value) -> Vec<&str> {
    let panels = dashboard["panels"].as_array().expect("panels").iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().expect("targets"));
    targets.map(|target| target["expr"].as_str().expect("an expression")).collect()
}

#[test]
fn rules_and_dashboard_speak_of_what_a_node_shows() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("it is JSON");
    let expressions = expressions(&dashboard);
    assert!(expressions.len() > 20, "{expressions:?}");
    let shown = shown(&rendered());
    for text in expressions.into_iter().chain([RULES, RULES_TEST]) {
        let unknown: Vec<_> = named(text).into_iter().filter(|it| !shown.contains(it)).collect();
        assert!(unknown.is_empty(), "no node shows {unknown:?}: {text}");
    }
    let of_template = named(&dashboard["templating"].to_string());
    assert!(!of_template.is_empty() && of_template.is_subset(&shown), "{of_template:?}");
}

#[test]
fn a_name_that_no_node_has_is_found() {
    let text = "# TYPE quorate_term gauge\nquorate_term 3\n# TYPE quorate_sync_seconds histogram\n";
    let shown = shown(text);
    let known = "rate(quorate_sync_seconds_bucket{a=\"quorate\"}[5m]) > quorate_term";
    assert!(named(known).is_subset(&shown));
    for unknown in ["quorate_terms", "quorate_sync_seconds", "quorate_term_bucket"] {
        assert_eq!(named(unknown).difference(&shown).collect::<Vec<_>>(), [unknown]);
    }
}

#[test]
fn every_alert_is_seen_to_fire_and_to_stay_silent() {
    let alerts = values(RULES, "- alert:");
    assert!(alerts.len() > 8, "{alerts:?}");
    let tests = values(RULES_TEST, "- name:");
    let expected = alerts
        .iter()
        .flat_map(|alert| ["fires", "stays silent"].map(|what| format!("{alert} {what}")));
    assert_eq!(tests, expected.collect::<Vec<_>>());
    // A test of that name asks for that alert, once.
    let asked = values(RULES_TEST, "- alertname:");
    assert_eq!(asked, alerts.iter().flat_map(|alert| [*alert; 2]).collect::<Vec<_>>());
    assert_eq!(values(RULES_TEST, "exp_alerts:").len(), tests.len());
    assert_eq!(values(RULES_TEST, "exp_alerts: []").len(), alerts.len());
}

/// What `promtool` says of `input`, if it is installed; that it is not is said.
fn promtool(arguments: &[&str], input: &str) -> Option<(bool, String)> {
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(prometheus());
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match pipes.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // Not by a macro, which the test harness would keep to itself.
            let words = format!("skipped: no promtool is installed for {arguments:?}\n");
            std::io::stderr().write_all(words.as_bytes()).expect("a stderr");
            return None;
        }
        Err(error) => panic!("promtool: {error}"),
    };
    // It does not read where it needs none.
    let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn prometheus_itself_takes_the_rules_and_the_metrics() {
    for arguments in [["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"]] {
        if let Some((is_well, said)) = promtool(&arguments, "") {
            assert!(is_well, "{arguments:?}: {said}");
        }
    }
    let Some((is_well, said)) = promtool(&["check", "metrics"], &rendered()) else { return };
    assert!(is_well, "{said}");
}
