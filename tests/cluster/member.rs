//! An operator changes which nodes a cluster has, while clients write.

use std::process::Output;
use std::thread;
use std::time::Duration;

use quorate::node::client::{CallError, Client};
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv};
use quorate_models::order::Order;
use serde_json::Value;
use stateright::actor::Id;

use super::load::{OPERATIONS, assert_stands};
use super::support::cluster::{Cluster, expect, quorate, wait_for};

/// Asks for a change.
pub fn member(cluster: &Cluster, words: &[&str]) -> Output {
    let config = cluster.config();
    quorate(["member", "--config", &config].into_iter().chain(words.iter().copied()))
}

/// Asks for a change until it is done: a message may be lost, or a node may have to catch up.
pub fn change(cluster: &Cluster, words: &[&str]) {
    wait_for(&words.join(" "), || member(cluster, words).status.success().then_some(()));
}

/// Waits until node `id` says that it has this role.
pub fn wait_for_role(cluster: &Cluster, id: u64, role: &str) {
    let has = |row: &Value| row["id"] == id && row["role"] == role;
    wait_for(role, || cluster.status().iter().any(has).then_some(()));
}

#[test]
fn every_node_leaves_and_comes_back_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start(3);
    assert_stands(&cluster, |load| {
        for id in 1..=3_u64 {
            let node = &*id.to_string();
            load.wait_for(OPERATIONS);
            change(&cluster, &["remove", node]);
            wait_for_role(&cluster, id, "no member");
            load.wait_for(OPERATIONS);
            change(&cluster, &["add", node]);
            wait_for_role(&cluster, id, "learner");
            cluster.kill(id);
            cluster.restart(id);
            wait_for_role(&cluster, id, "learner");
            change(&cluster, &["promote", node]);
            load.wait_for(OPERATIONS);
        }
    });
}

/// A node that is removed refuses whatever a client asks for that knows no other.
fn assert_outside(cluster: &Cluster, removed: u64) {
    let is_told = |row: &Value| row["role"] == "no member" && row["commit"] == row["last"];
    let has = |row: &Value| row["id"] == removed && is_told(row);
    wait_for("a node that knows that it is removed", || {
        cluster.status().iter().any(has).then_some(())
    });
    let mut members = cluster.members();
    members.servers.retain(|id, _| *id == removed);
    let mut client = Client::<Kv>::open(&members).expect("a socket");
    let (key, value, patience) = ("colour".into(), "red".into(), Duration::from_secs(10));
    let put = client.call(Command::Put { key, value }, patience);
    assert!(matches!(put, Err(CallError::NoMember)), "{put:?}");
    for freshness in [Freshness::Linearizable, Freshness::Lease, Freshness::Stale] {
        let read = client.read(Command::Get { key: "colour".into() }, freshness, patience);
        assert!(matches!(read, Err(CallError::NoMember)), "{read:?}");
    }
    let order = client.order(Order::Transfer { to: Id::from(1) }, patience);
    assert!(matches!(order, Err(CallError::NoMember)), "{order:?}");
}

#[test]
fn all_votes_but_one_go_at_once_and_the_last_one_stays() {
    let cluster = Cluster::start(3);
    change(&cluster, &["replace", "2"]);
    wait_for_role(&cluster, 2, "leader");
    let put = ["kv", "--config", &cluster.config(), "put", "colour", "blue"];
    expect(&quorate(put), 0, &[]);
    assert_outside(&cluster, 1);
    expect(&member(&cluster, &["remove", "2"]), 1, &["no node would be left that has a vote"]);
    expect(&member(&cluster, &["promote", "1"]), 1, &["node 1 is no member: add it first"]);
    expect(&member(&cluster, &["replace", "2", "3"]), 1, &["node 3 is no member: add it first"]);
    expect(&member(&cluster, &["replace", "2", "2"]), 64, &["node 2 is named twice"]);
    expect(&member(&cluster, &["add", "9"]), 64, &["cluster.toml has no node 9, only 1, 2, 3"]);
    expect(&member(&cluster, &["remove", "3"]), 0, &[]);
    cluster.kill(2);
    let silent = member(&cluster, &["add", "1", "--timeout", "0.5"]);
    expect(&silent, 3, &["unknown outcome: no answer within 500ms: ", "may be under way"]);
}

#[test]
fn a_change_that_needs_a_node_that_is_down_is_refused_until_it_runs() {
    let cluster = Cluster::start(3);
    let [address] = cluster.free_addresses();
    change(&cluster, &["add", "4", "--address", &address]);
    cluster.start_new(4);
    wait_for_role(&cluster, 4, "learner");
    let put = ["kv", "--config", &cluster.config(), "put", "colour", "blue"];
    expect(&quorate(put), 0, &[]);
    // So that no other one leads later: one that is elected when node 4 is down never heard it.
    expect(&quorate(["transfer", "--config", &cluster.config(), "--to", "2"]), 0, &[]);
    let last = |id| cluster.number(id, "last");
    wait_for("node 4 to have all", || (last(4)? == last(2)?).then_some(()));
    // Until the leader has heard of that, which it asks with each heartbeat.
    thread::sleep(Duration::from_millis(500));
    for id in [3, 4] {
        cluster.kill(id);
    }
    // Until the leader has counted whom it hears.
    thread::sleep(Duration::from_secs(1));
    let refused = |words: &[&str], node| {
        let why = format!("the leader does not hear node {node}, which the change needs");
        // Just after a leader has counted whom it hears, it may have heard nobody yet.
        wait_for(&why, || {
            let said = member(&cluster, words);
            assert_eq!(said.status.code(), Some(1));
            String::from_utf8_lossy(&said.stderr).contains(&why).then_some(())
        });
    };
    refused(&["remove", "1"], 3);
    refused(&["promote", "4"], 4);
    refused(&["replace", "1", "4"], 4);
    expect(&quorate(put), 0, &[]);
    let silent = ["no majority answers, only 1 of 3 nodes; those that do not: 1, 3"];
    cluster.kill(1);
    expect(&quorate(["status", "--config", &cluster.config()]), 1, &silent);
    for id in [1, 3, 4] {
        cluster.restart(id);
    }
    change(&cluster, &["promote", "4"]);
    change(&cluster, &["remove", "1"]);
    expect(&quorate(put), 0, &[]);
}

/// What `quorate member list` says, a line for each node without its address and how far it is.
fn list(cluster: &Cluster) -> Vec<String> {
    let said = String::from_utf8(member(cluster, &["list"]).stdout).expect("text");
    let line = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        let (id, part) = (words[0], &words[2..words.len() - 1]);
        format!("{id} {}", part.join(" "))
    };
    said.lines().skip(1).map(line).collect()
}

/// Waits until `quorate member list` says this.
fn wait_for_list(cluster: &Cluster, expected: &[&str]) {
    wait_for(&format!("{expected:?}"), || (list(cluster) == expected).then_some(()));
}

const UNKNOWN: &str = "cluster.toml has no node 4, only 1, 2, 3; --address says where a new one is";

#[test]
fn nodes_come_and_take_over_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start(3);
    let [four, five] = cluster.free_addresses();
    assert_stands(&cluster, |load| {
        load.wait_for(OPERATIONS);
        expect(&member(&cluster, &["add", "4"]), 64, &[UNKNOWN]);
        change(&cluster, &["add", "4", "--address", &four]);
        change(&cluster, &["add", "5", "--address", &five]);
        let lags = ["node 4 has not caught up yet, and gets no vote"];
        expect(&member(&cluster, &["promote", "4"]), 1, &lags);
        for id in [4, 5] {
            cluster.start_new(id);
            change(&cluster, &["promote", &id.to_string()]);
        }
        load.wait_for(OPERATIONS);
        change(&cluster, &["replace", "3", "4", "5"]);
        let leader = cluster.leader();
        let part = |id| if id == leader { "voter, leads" } else { "voter" };
        wait_for_list(
            &cluster,
            &[
                "1 no member",
                "2 no member",
                &format!("3 {}", part(3)),
                &format!("4 {}", part(4)),
                &format!("5 {}", part(5)),
            ],
        );
        // None of those that answer has been there from the beginning.
        for id in 1..=3 {
            cluster.kill(id);
        }
        load.wait_for(OPERATIONS);
        expect(&quorate(["status", "--config", &cluster.config()]), 0, &[]);
        for id in 1..=3 {
            cluster.restart(id);
        }
        load.wait_for(OPERATIONS);
    });
}
