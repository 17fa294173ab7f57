//! What the command says when something is wrong with a cluster, and how often.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStderr, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::cluster::{Cluster, Process, QUORATE, expect, quorate, stderr, wait_for};

/// Writes the cluster's config with every `old` in it replaced by `new` to a folder of its own,
/// with a key that is `key`, and returns its path.
fn altered(cluster: &Cluster, folder: &Path, old: &str, new: &str, key: &str) -> PathBuf {
    use std::io::Write;
    let text = std::fs::read_to_string(cluster.config()).unwrap();
    assert!(text.contains(old), "{old} is not in {text}");
    let path = folder.join("cluster.toml");
    std::fs::write(&path, text.replace(old, new)).unwrap();
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    file.open(folder.join("cluster.key")).unwrap().write_all(key.as_bytes()).unwrap();
    path
}

/// A process, and the lines that it says.
fn listened(words: &[&str]) -> (Process, Lines<BufReader<ChildStderr>>) {
    let mut command = Command::new(QUORATE);
    command.args(words).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    (Process(child), lines)
}

fn key_of(cluster: &Cluster) -> String {
    std::fs::read_to_string(cluster.loaded().key_file).unwrap()
}

#[test]
fn status_is_1_without_a_majority_that_answers() {
    let cluster = Cluster::create(3);
    let config = cluster.config();
    let status = || quorate(["status", "--config", &config]);
    expect(&status(), 1, &["no majority answers, only 0 of 3 nodes"]);
    cluster.restart(1);
    wait_for("one node", || cluster.status()[0]["reachable"].as_bool().filter(|up| *up));
    let one = status();
    expect(&one, 1, &["no majority answers, only 1 of 3 nodes"]);
    let table = String::from_utf8(one.stdout).unwrap();
    assert_eq!(table.matches("unreachable").count(), 2, "{table}");
    let json = quorate(["status", "--json", "--config", &config]);
    assert_eq!(json.status.code(), Some(1));
    cluster.restart(2);
    cluster.leader();
    expect(&status(), 0, &[]);
    let row = &cluster.status()[0];
    assert_eq!((&row["messages_lost"], &row["datagrams_forged"]), (&0.into(), &0.into()), "{row}");
    assert!(row["age_ms"].as_u64() < Some(1_000) && row["messages_merged"].is_u64(), "{row}");
}

#[test]
fn a_wrong_key_is_named_as_the_likely_cause() {
    let cluster = Cluster::start(3);
    let folder = tempfile::tempdir().unwrap();
    let wrong = format!("{}\n", "5a".repeat(32));
    let config = altered(&cluster, folder.path(), "cluster", "cluster", &wrong);
    let config = config.to_str().unwrap();
    let kv = |words: &[&str]| {
        quorate(["kv", "--config", config, "--timeout", "0.5"].into_iter().chain(words.to_vec()))
    };
    let key = folder.path().join("cluster.key");
    let said = [
        "no answer within 500ms: the nodes run, and have refused ",
        "not sealed with their key; most likely ",
        key.to_str().unwrap(),
    ];
    expect(&kv(&["get", "a"]), 3, &said);
    expect(&kv(&["put", "a", "b"]), 3, &said);
    expect(&kv(&["put", "a", "b"]), 3, &["unknown outcome: ", "may have taken effect"]);

    let name = format!("{:016x}", cluster.loaded().cluster);
    let strange = altered(&cluster, folder.path(), &name, "00000000000000aa", &key_of(&cluster));
    let status = quorate(["status", "--config", strange.to_str().unwrap()]);
    expect(&status, 1, &[&format!("in place of node 2 one of cluster {name} does")]);

    // With the right key, silence has other causes.
    for id in [1, 2] {
        cluster.kill(id);
    }
    let right = quorate(["kv", "--config", &cluster.config(), "--timeout", "0.5", "get", "a"]);
    expect(&right, 3, &["no answer within 500ms: no majority answers, only 1 of 3 nodes"]);
    assert!(!stderr(&right).contains("key"), "{}", stderr(&right));
}

#[test]
fn a_config_whose_nodes_cannot_reach_each_other_is_refused() {
    let cluster = Cluster::create(2);
    let folder = tempfile::tempdir().unwrap();
    let nodes = cluster.loaded().nodes;
    let (one, two) = (nodes[0].address, nodes[1].address);
    let key = key_of(&cluster);
    let refused = |new: &str, words: &[&str]| {
        let config = altered(&cluster, folder.path(), &two.to_string(), new, &key);
        let config = config.to_str().unwrap();
        for command in [
            &["node", "--config", config, "--id", "1"][..],
            &["status", "--config", config],
            &["kv", "--config", config, "get", "a"],
        ] {
            expect(&quorate(command.iter().copied()), 78, &[config]);
            expect(&quorate(command.iter().copied()), 78, words);
        }
    };
    let other = format!("[::1]:{}", two.port());
    refused(&other, &["node 1 has ", &one.to_string(), "node 2 has ", &other, "IPv6"]);
    refused("10.0.0.2:7402", &[&one.to_string(), "10.0.0.2:7402", "loopback"]);
    refused("no-such.invalid:7402", &["node 2: address: the name \"no-such.invalid\" cannot be"]);

    let id_1 = ["node", "--config", &cluster.config(), "--id", "1", "--bind"].map(str::to_owned);
    let bind = |to| quorate(id_1.iter().map(String::as_str).chain([to]));
    expect(&bind("10.0.0.1:7401"), 64, &["--bind: 10.0.0.1:7401 does not fit", "loopback"]);
    expect(&bind("[::1]:7401"), 64, &["--bind", "IPv6"]);
    expect(&bind("localhost"), 64, &["--bind"]);

    let elsewhere = "address = \"127.0.0.1:";
    let config = altered(&cluster, folder.path(), elsewhere, "address = \"10.0.0.1:", &key);
    let cluster = quorate(["cluster", "--dir", folder.path().to_str().unwrap()]);
    expect(&cluster, 78, &[config.to_str().unwrap(), "node 1 is at 10.0.0.1", "quorate node"]);
}

#[test]
fn a_node_with_another_key_is_told_of_by_those_that_hear_it() {
    let cluster = Cluster::create(2);
    let folder = tempfile::tempdir().unwrap();
    let config = altered(&cluster, folder.path(), "cluster", "cluster", &"5a".repeat(32));
    let config = config.to_str().unwrap();
    let mut good = listened(&["node", "--config", &cluster.config(), "--id", "1"]);
    let store = cluster.loaded().nodes[1].store.clone();
    std::fs::rename(store, folder.path().join("node-2.store")).unwrap();
    let mut bad = listened(&["node", "--config", config, "--id", "2"]);
    wait_for("elections", || {
        let row = cluster.status().into_iter().next()?;
        row["datagrams_forged"].as_u64().filter(|forged| *forged >= 20)
    });
    for node in [&mut good, &mut bad] {
        node.0.terminate();
        let told = node.1.by_ref().map_while(Result::ok);
        let told = told.filter(|line| line.contains("datagrams from 127.0.0.1 are refused: not"));
        assert_eq!(told.count(), 1);
    }
}

#[test]
fn a_lone_survivor_stays_in_its_term_and_does_not_fill_its_log() {
    let cluster = Cluster::create(3);
    let (mut node, lines) = listened(&["node", "--config", &cluster.config(), "--id", "1"]);
    let status = || Some(cluster.status()[0].clone());
    let asks = |status: &Value| status["role"] == "pre-candidate";
    let first = wait_for("the node to ask", || status().filter(asks));
    // Several election timeouts, after each of which it asks again.
    std::thread::sleep(Duration::from_secs(2));
    let last = status().expect("it answers");
    assert_eq!((&last["role"], &last["term"]), (&first["role"], &first["term"]));
    node.terminate();
    assert!(node.0.wait().unwrap().success());
    let lines: Vec<String> = lines.map_while(Result::ok).collect();
    let told = lines.iter().filter(|line| line.contains("pre-candidate")).count();
    assert_eq!(told, 1, "{lines:#?}");
}

#[test]
fn a_damaged_store_is_told_of_in_our_own_words() {
    let cluster = Cluster::create(1);
    let store = cluster.loaded().nodes[0].store.clone();
    let whole = std::fs::read(&store).unwrap();
    // What the header says, and what it does not use.
    let mut refused = 0;
    for byte in [0, 9, 18, 27, 36, 44, 60, 100, 300] {
        let mut damaged = whole.clone();
        damaged[byte] ^= 0x10;
        std::fs::write(&store, &damaged).unwrap();
        let config = cluster.config();
        let mut node = Process::start(["node", "--config", &config, "--id", "1"]);
        std::thread::sleep(Duration::from_millis(100));
        let runs = node.0.try_wait().unwrap().is_none();
        drop(node);
        if runs {
            continue;
        }
        refused += 1;
        std::fs::write(&store, &damaged).unwrap();
        let said = quorate(["node", "--config", &config, "--id", "1"]);
        let path = store.to_str().unwrap();
        expect(&said, 74, &[&format!("{path}: the store is damaged: ")]);
        let words = stderr(&said).replace(path, "").to_lowercase();
        for foreign in ["magic", "corrupt", "layout", "postcard", "head"] {
            assert!(!words.contains(foreign), "byte {byte}: {words}");
        }
    }
    assert!(refused >= 3, "{refused}");
}

/// What it wrote from then on would be gone at its next start.
#[test]
fn a_node_whose_store_is_deleted_stops_though_nobody_writes() {
    let cluster = Cluster::create(1);
    let (mut node, lines) = listened(&["node", "--config", &cluster.config(), "--id", "1"]);
    cluster.leader();
    let store = cluster.loaded().nodes[0].store.clone();
    std::fs::remove_file(&store).unwrap();
    let status = wait_for("the node to stop", || node.0.try_wait().unwrap());
    assert_eq!(status.code(), Some(74));
    let last = lines.map_while(Result::ok).last().unwrap();
    let words =
        format!("{}: the store was deleted or replaced while the node ran", store.display());
    assert!(last.contains(&words), "{last}");
    assert!(!store.exists());
}
