//! A node that comes back with an empty store under its old number.

use std::fs;
use std::time::Duration;

use quorate::cli::setup;
use quorate::node::client::Client;
use quorate::node::storage::Store;
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::raft::config::Config;
use quorate_models::raft::state::{ServerState, Storage};
use serde_json::Value;

use super::member::{change, member, wait_for_role};
use super::support::cluster::{Cluster, expect, quorate, stderr, wait_for};

/// Ends node `id` once its log says which store each of the nodes has.
fn kill_when_stores_are_known(cluster: &Cluster, id: u64) {
    let (config, loaded) = (Config::default(), cluster.loaded());
    let path = &loaded.nodes[id as usize - 1].store;
    wait_for("the stores to be known", || {
        cluster.kill(id);
        let opened = Store::<Storage<Kv>>::open(path, setup::identity(&loaded, id));
        let (_, storage) = opened.expect("a store");
        let state = ServerState::starting_from(storage, config.clone());
        let are_known = state.config().stores.len() == loaded.nodes.len();
        are_known.then_some(()).or_else(|| {
            cluster.restart(id);
            cluster.wait_until_caught_up(id);
            None
        })
    });
}

fn row(cluster: &Cluster, id: u64) -> Option<Value> {
    cluster.status().into_iter().find(|row| row["id"] == id)
}

/// The node had acknowledged a write that the only other one lacks which is up. Were it to vote for
/// that one, the write would be lost.
#[test]
fn a_node_without_its_store_has_no_vote_until_it_is_taken_back() {
    let cluster = Cluster::start_without("pre_vote", 3);
    let leader = cluster.leader();
    let (wiped, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    kill_when_stores_are_known(&cluster, third);
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let mut call = |command| client.call(command, Duration::from_secs(10)).expect("an answer");
    let put = |value: &str| Command::Put { key: Text::from("colour"), value: Text::from(value) };
    assert_eq!(call(put("blue")), Output::Stored);
    cluster.kill(leader);
    cluster.kill(wiped);
    fs::remove_file(&cluster.loaded().nodes[wiped as usize - 1].store).expect("it is there");
    cluster.start_new(wiped);
    cluster.restart(third);
    let first = wait_for("a node that stands", || row(&cluster, third)?["term"].as_u64());
    // It has been asked for its vote in each of these terms.
    wait_for("three elections", || {
        assert!(cluster.status().iter().all(|row| row["role"] != "leader"));
        (row(&cluster, wiped)?["term"].as_u64()? > first + 3).then_some(())
    });

    cluster.restart(leader);
    wait_for("a warning", || {
        let row = row(&cluster, wiped)?;
        row["warnings"][0].as_str()?.starts_with("it has another store than").then_some(())
    });
    assert_eq!(
        call(Command::Get { key: Text::from("colour") }),
        Output::Value(Some("blue".into()))
    );
    let (id, third_id) = (&*wiped.to_string(), &*third.to_string());
    let nothing = "voter, counts for nothing: see status";
    wait_for("the list to say so", || {
        let list = member(&cluster, &["list"]).stdout;
        let list = String::from_utf8_lossy(&list).into_owned();
        let tells = |line: &str| line.contains(nothing) && line.trim_start().starts_with(id);
        (list.lines().filter(|line| tells(line)).count() == 1).then_some(())
    });
    for order in [["promote", id], ["remove", third_id]] {
        wait_for("a refusal", || {
            let told = member(&cluster, &order);
            let words = String::from_utf8_lossy(&told.stderr).into_owned();
            let is_refused = words.contains(&format!("node {id} has lost its store"));
            (is_refused && told.status.code() == Some(1)).then_some(())
        });
    }
    change(&cluster, &["remove", id]);
    change(&cluster, &["add", id]);
    wait_for_role(&cluster, wiped, "learner");
    change(&cluster, &["promote", id]);
    // One of the others is enough with it.
    cluster.kill(third);
    assert_eq!(call(put("green")), Output::Stored);
    let row = row(&cluster, wiped).expect("it runs");
    assert_eq!(row["warnings"].as_array().map(Vec::len), Some(0), "{row}");
}

/// Without a leader nobody hears of the other store but who asks all nodes.
#[test]
fn a_lost_store_is_told_of_without_a_leader() {
    let cluster = Cluster::start(2);
    for id in [1, 2] {
        kill_when_stores_are_known(&cluster, id);
        cluster.restart(id);
    }
    cluster.leader();
    for id in [1, 2] {
        cluster.kill(id);
    }
    let config = cluster.config();
    let status = || quorate(["status", "--config", &config]);
    cluster.restart(1);
    wait_for("node 1", || cluster.status()[0]["reachable"].as_bool().filter(|up| *up));
    assert!(!stderr(&status()).contains("store"));
    fs::remove_file(&cluster.loaded().nodes[1].store).expect("it is there");
    cluster.start_new(2);
    wait_for("node 2", || cluster.status()[1]["reachable"].as_bool().filter(|up| *up));
    let words = ["node 2 has another store than node 1 knows of it", "1 of 2 are no majority"];
    expect(&status(), 1, &words);
    let put = ["kv", "--config", &config, "--timeout", "0.5", "put", "a", "b"];
    expect(&quorate(put), 3, &words);
}
