//! A node that comes back with an empty store under its old number.

use std::fs;
use std::time::Duration;

use quorate::cli::setup;
use quorate::node::client::Client;
use quorate::node::config::Runs;
use quorate::node::storage::Store;
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::raft::config::Config;
use quorate_models::raft::protocol::Node;
use quorate_models::raft::state::{ServerState, Storage};

use super::member::{change, member, wait_for_role};
use super::support::cluster::{Cluster, expect, quorate, stderr, wait_for};

/// A cluster of three, none of whose nodes has been started. A node that misses its leader raises
/// its term at once, so elections can be counted.
fn made(runs: &Runs<'_>) -> Cluster {
    let cluster = Cluster::made::<Node>(3, runs);
    cluster.turn("pre_vote", false);
    cluster
}

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

/// Waits until node `stands` has asked node `wiped`, the only other one that runs, for its vote in
/// three terms, in vain.
fn elections_fail(cluster: &Cluster, stands: u64, wiped: u64) {
    let first = wait_for("a node that stands", || cluster.number(stands, "term"));
    wait_for("three elections", || {
        assert!(cluster.status().iter().all(|row| row["role"] != "leader"));
        (cluster.number(wiped, "term")? > first + 3).then_some(())
    });
}

/// Waits until node `wiped` warns of its store.
fn wait_for_warning(cluster: &Cluster, wiped: u64) {
    wait_for("a warning", || {
        let row = cluster.row(wiped)?;
        row["warnings"][0].as_str()?.starts_with("it has another store than").then_some(())
    });
}

/// Gives node `wiped` its vote again.
fn take_back(cluster: &Cluster, wiped: u64) {
    let id = &*wiped.to_string();
    change(cluster, &["remove", id]);
    change(cluster, &["add", id]);
    wait_for_role(cluster, wiped, "learner");
    change(cluster, &["promote", id]);
}

/// The node had acknowledged a write that the only other one lacks which is up. Were it to vote for
/// that one, the write would be lost.
#[test]
fn a_node_without_its_store_has_no_vote_until_it_is_taken_back() {
    // Nobody knows a store before the start, as where the config does not say any.
    let runs = Runs { numbers_stores: false, ..Runs::by_default::<Node>() };
    let cluster = made(&runs).started(3);
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
    elections_fail(&cluster, third, wiped);

    cluster.restart(leader);
    wait_for_warning(&cluster, wiped);
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
    take_back(&cluster, wiped);
    // One of the others is enough with it.
    cluster.kill(third);
    assert_eq!(call(put("green")), Output::Stored);
    let row = cluster.row(wiped).expect("it runs");
    assert_eq!(row["warnings"].as_array().map(Vec::len), Some(0), "{row}");
}

/// Without a leader nobody hears of the other store but who asks all nodes.
#[test]
fn a_lost_store_is_told_of_without_a_leader() {
    let cluster = Cluster::start(2);
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

/// Asks node 1 to start by a file that says another store of node 2 than when it was made.
fn assert_a_changed_file_is_refused(cluster: &Cluster) {
    let (path, loaded) = (cluster.config(), cluster.loaded());
    let text = fs::read_to_string(&path).expect("a config");
    let number = format!("{:016x}", loaded.store_ids()[&2]);
    fs::write(&path, text.replace(&number, "00000000000000ab")).expect("a config");
    let refused = quorate(["node", "--config", &path, "--id", "1"]);
    let store = loaded.nodes[0].store.to_str().expect("a path of text");
    expect(&refused, 74, &[store, &number, "2: 00000000000000ab", "store_id"]);
    fs::write(&path, text).expect("a config");
}

/// Nothing is in any log when its store is lost. Were it to vote, one node would lead with it.
#[test]
fn a_founder_whose_store_is_lost_before_it_was_started_has_no_vote() {
    let cluster = made(&Runs::by_default::<Node>());
    let loaded = cluster.loaded();
    assert_eq!(loaded.store_ids().len(), 3, "the stores are known before the start");
    fs::remove_file(&loaded.nodes[2].store).expect("it is there");
    cluster.start_new(3);
    wait_for_warning(&cluster, 3);
    assert_a_changed_file_is_refused(&cluster);
    cluster.restart(1);
    elections_fail(&cluster, 1, 3);

    cluster.restart(2);
    wait_for("a warning of the leader", || {
        let rows = cluster.status();
        let leader = rows.iter().find(|row| row["role"] == "leader")?;
        leader["warnings"][0].as_str()?.starts_with("server 3 has another store").then_some(())
    });
    take_back(&cluster, 3);
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    // Its config still speaks of the store that is lost.
    cluster.kill(3);
    cluster.restart(3);
    cluster.kill(2);
    let put = Command::Put { key: Text::from("colour"), value: Text::from("green") };
    assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
    let row = cluster.row(3).expect("it runs");
    assert_eq!(row["warnings"].as_array().map(Vec::len), Some(0), "{row}");
}
