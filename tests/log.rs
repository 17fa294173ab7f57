//! What nodes and clusters say on stderr, to people and to machines.

mod support;

use std::io::Read;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::cluster::{Process, QUORATE, free_ports, quorate, stderr, wait_for};

/// What `output` says on stderr, each line as JSON.
fn lines(output: &Output) -> Vec<Value> {
    let said = stderr(output);
    said.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// A cluster that is stopped as soon as it has a leader, and what it said until then.
fn ran(options: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    let dir = directory.path().to_str().expect("a path of text");
    let port = free_ports(3).to_string();
    let mut command = Command::new(QUORATE);
    command.args(["cluster", "--dir", dir, "--port", &port]).args(options);
    let mut cluster = Process(command.stderr(Stdio::piped()).spawn().expect("the binary runs"));
    let config = format!("{dir}/cluster.toml");
    wait_for("the cluster to serve", || {
        quorate(["status", "--config", &config]).status.success().then_some(())
    });
    cluster.terminate();
    let (mut said, status) = (Vec::new(), cluster.0.wait().expect("it ends"));
    cluster.0.stderr.take().expect("a pipe").read_to_end(&mut said).expect("it is text");
    Output { status, stdout: Vec::new(), stderr: said }
}

#[test]
fn lines_for_machines_are_json_whoever_speaks() {
    let output = ran(&["--log-format", "json"]);
    assert!(output.status.success());
    let lines = lines(&output);
    for line in &lines {
        let time = line["time"].as_str().expect("a time");
        assert!(time.len() == 24 && time.ends_with('Z') && time.contains('T'), "{line}");
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
    for node in 1..=3 {
        let of_node = |line: &&Value| line["node"] == node;
        let started = lines.iter().find(of_node).expect("each says something");
        assert!(started["message"].as_str().unwrap().starts_with("started on 127.0.0.1:"));
        assert!(started["fields"]["process"].is_u64(), "{started}");
    }
    let leads = lines.iter().find(|line| line["fields"]["role"] == "leader").expect("one leads");
    assert_eq!((&leads["level"], &leads["fields"]["leader"]), (&"info".into(), &leads["node"]));
    assert!(leads["fields"]["term"].as_u64() >= Some(1), "{leads}");
    assert!(lines[0]["node"].is_null(), "the cluster is no node: {}", lines[0]);

    let node = ["node", "--config", "no/such.toml", "--id", "1", "--log-format", "json"];
    let failed = quorate(node);
    assert_eq!(failed.status.code(), Some(74));
    let said = self::lines(&failed);
    assert_eq!((said.len(), &said[0]["level"]), (1, &"error".into()), "{said:?}");
    assert_eq!(said[0]["fields"]["exit_code"], 74);
    assert!(said[0]["message"].as_str().unwrap().contains("no/such.toml"), "{said:?}");
}

#[test]
fn a_level_leaves_out_what_matters_less() {
    let output = ran(&["--log-level", "error"]);
    assert!(output.status.success());
    assert_eq!(stderr(&output), "");
    let output = ran(&["--log-level", "info"]);
    let said = stderr(&output);
    assert!(said.contains(" INFO  leader in term ") && !said.contains(" DEBUG "), "{said}");
    assert_eq!(quorate(["cluster", "--log-level", "loud"]).status.code(), Some(64));
}
