//! `quorate bench`: how fast a cluster is, and what a failover looks like.

use std::process::Output;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::support::cluster::{Cluster, expect, quorate};

fn bench(cluster: &Cluster, words: &[&str]) -> Output {
    let config = cluster.config();
    let all = ["bench", "--config", &config, "--sessions", "8", "--warm-up", "0.2"];
    quorate(all.iter().chain(words).copied())
}

#[test]
fn what_is_answered_is_counted_and_a_failover_is_a_gap() {
    let cluster = Cluster::start(3);
    let words = ["--threads", "2", "--reads", "50", "--size", "1000", "--keys", "1"];
    let words = [&words[..], &["--duration", "3", "--json"]].concat();
    let output = thread::scope(|scope| {
        let told = scope.spawn(|| bench(&cluster, &words));
        thread::sleep(Duration::from_millis(1_500));
        cluster.kill(cluster.leader());
        told.join().expect("it ends")
    });
    expect(&output, 0, &[]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for kind in ["writes", "reads"] {
        let [p50, p99, max] = ["p50_ms", "p99_ms", "max_ms"]
            .map(|name| told[kind]["latency"][name].as_f64().expect("a number"));
        assert!(0.0 < p50 && p50 <= p99 && p99 <= max, "{told}");
        assert!(told[kind]["count"].as_u64() > Some(10), "{told}");
    }
    assert_eq!(told["errors"], 0);
    let seconds = told["answered_each_second"].as_array().expect("a list");
    let counted: u64 = seconds.iter().filter_map(Value::as_u64).sum();
    let all = ["writes", "reads"].map(|kind| told[kind]["count"].as_u64().expect("a number"));
    assert!(seconds.len() == 3 && counted.abs_diff(all.iter().sum()) <= 8, "{told}");
    let gaps = told["gaps"].as_array().expect("a list").iter();
    let longest = gaps.filter_map(|gap| gap["length_ms"].as_u64()).max();
    assert!(longest >= Some(100), "nobody leads for a while: {told}");
    let value = quorate(["kv", "--config", &cluster.config(), "get", "bench-0"]).stdout;
    assert_eq!(value.len(), 1_000);
}

#[test]
fn wrong_numbers_are_refused_and_silence_is_no_measurement() {
    let cluster = Cluster::start(1);
    let text = bench(&cluster, &["--duration", "1"]);
    expect(&text, 0, &[]);
    let text = String::from_utf8(text.stdout).expect("text");
    assert!(text.contains("answered   a second") && text.contains("\nwrites "), "{text}");
    let large = "a value has 1048576 bytes at most";
    expect(&bench(&cluster, &["--size", "1048577"]), 64, &[large]);
    expect(&bench(&cluster, &["--reads", "101"]), 64, &["101 is not in 0..=100"]);
    expect(&bench(&cluster, &["--sessions", "0"]), 64, &["--sessions"]);
    cluster.kill(1);
    let silent = bench(&cluster, &["--duration", "0.5", "--timeout", "0.2"]);
    expect(&silent, 3, &["nothing was answered: see `quorate status`"]);
}
