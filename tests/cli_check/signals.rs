//! A check that is told to stop.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quorate_checker::report::grouped;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::cluster::{QUORATE, expect, finish};

#[test]
fn what_was_found_before_a_signal_is_told_and_written() {
    for signal in ["INT", "TERM"] {
        let directory = TempDir::new().unwrap();
        let file = directory.path().join("verdicts.json");
        let mut child = Command::new(QUORATE)
            .args([
                "check",
                "raft/figure-8-naive",
                "raft/elections-4",
                "raft/replication-3",
                "--json",
            ])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut text = String::new();
        while !text.contains("raft/figure-8-naive: ") {
            assert!(lines.read_line(&mut text).unwrap() > 0, "{text}");
        }
        thread::sleep(Duration::from_millis(700));
        let told = Instant::now();
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        lines.read_to_string(&mut text).unwrap();
        expect(&finish(child), 130, &[]);
        assert!(told.elapsed() < Duration::from_secs(10), "{:?}", told.elapsed());
        let json: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let verdict = |index: usize| json[index]["verdict"].as_str();
        assert_eq!((verdict(0), verdict(1)), (Some("violated"), Some("incomplete")));
        assert_eq!(json.as_array().unwrap().len(), 2);
        let states = json[1]["states"].as_u64().unwrap();
        assert!(states > 1_000, "{states}");
        let rows: Vec<&str> = text.lines().rev().take(5).collect();
        let last = "Interrupted in raft/elections-4; 1 of 3 specs were not begun.";
        assert_eq!((rows[0], rows[1]), (last, ""), "{text}");
        assert!(rows[2].starts_with("raft/elections-4 ") && rows[2].contains("incomplete"));
        assert!(rows[2].contains(&grouped(states)), "{text}");
        assert!(rows[3].starts_with("raft/figure-8-naive ") && rows[4].starts_with("spec "));
    }
}
