//! Three servers of Multi-Paxos: killed in turn and at once, far behind, and without their disks.

use std::fs;
use std::time::Duration;

use quorate::node::client::Client;
use quorate::node::config::Runs;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::multi_paxos::protocol::Node;
use serde_json::Value;

use crate::load::{OPERATIONS, assert_stands, assert_stands_while_leaders_die};
use crate::member::{change, member, wait_for_role};
use crate::snapshot::put as put_large;
use crate::support::cluster::{Cluster, expect, quorate, wait_for};

fn put(cluster: &Cluster, key: &str, value: &str) {
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let put = Command::Put { key: Text::from(key), value: Text::from(value) };
    assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
}

fn assert_value(cluster: &Cluster, key: &str, value: &str) {
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let get = Command::Get { key: Text::from(key) };
    let read = client.call(get, Duration::from_secs(10)).expect("an answer");
    assert_eq!(read, Output::Value(Some(Text::from(value))), "{key}");
}

/// Ends node `id`, and deletes its store.
fn lose_disk(cluster: &Cluster, id: u64) {
    cluster.kill(id);
    fs::remove_file(&cluster.loaded().nodes[id as usize - 1].store).expect("its store");
}

#[test]
fn the_leader_is_killed_five_times_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    assert_stands_while_leaders_die(&cluster, |cluster| {
        (1..=3).for_each(|id| cluster.wait_until_caught_up(id))
    });
}

/// All that is promised, accepted and chosen is on disk.
#[test]
fn all_nodes_are_killed_at_once_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    assert_stands(&cluster, |load| {
        for _ in 0..3 {
            load.wait_for(OPERATIONS);
            (1..=3).for_each(|id| cluster.kill(id));
            (1..=3).for_each(|id| cluster.restart(id));
            cluster.leader();
        }
    });
}

/// Values are large, so that the others soon compact what a node lacks.
#[test]
fn a_follower_far_behind_is_given_a_snapshot() {
    let cluster = Cluster::start_of::<Node>(3);
    let leader = cluster.leader();
    let (follower, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    put_large(&cluster, 1, "blue");
    cluster.kill(follower);
    put_large(&cluster, 20, "green");
    wait_for("a snapshot of the leader", || {
        (cluster.number(leader, "snapshot") > Some(0)).then_some(())
    });
    cluster.restart(follower);
    wait_for("a snapshot", || (cluster.number(follower, "snapshot") > Some(0)).then_some(()));
    cluster.leader();
    cluster.wait_until_caught_up(follower);
    // With nobody but the follower to know it; and what it starts from is its snapshot.
    for id in [follower, third] {
        cluster.kill(id);
    }
    cluster.restart(follower);
    cluster.leader();
    assert_value(&cluster, "last", "green");
}

/// An empty disk is no founder's: the node is refused, and with `--init` it learns what is chosen
/// and has no vote. It had acknowledged a write that the only other one lacks which is up.
#[test]
fn a_node_that_lost_its_disk_has_no_vote() {
    let cluster = Cluster::start_of::<Node>(3);
    let leader = cluster.leader();
    let (wiped, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    cluster.kill(third);
    put(&cluster, "colour", "blue");
    cluster.kill(leader);
    lose_disk(&cluster, wiped);
    let (config, id) = (cluster.config(), wiped.to_string());
    let refused = quorate(["node", "--config", &config, "--id", &id]);
    expect(&refused, 74, &["there is no store here"]);
    cluster.start_new(wiped);
    cluster.restart(third);
    let warns = |row: &Value| {
        let warning = row["warnings"][0].as_str().unwrap_or_default();
        row["role"] == "learner" && warning.starts_with("its store is not the one")
    };
    wait_for("a warning", || cluster.row(wiped).filter(&warns));
    // The third one stands again and again, and is promised nothing.
    let round = cluster.number(third, "round").expect("it runs");
    wait_for("a ballot", || (cluster.number(third, "round")? > round).then_some(()));
    let told = quorate(["kv", "--config", &config, "--timeout", "1", "get", "colour"]);
    expect(&told, 3, &["no answer"]);
    cluster.restart(leader);
    cluster.leader();
    assert_value(&cluster, "colour", "blue");
    put(&cluster, "colour", "green");
    cluster.wait_until_caught_up(wiped);
    wait_for("a warning", || cluster.row(wiped).filter(&warns));
    // It stays out, whatever it has learnt.
    cluster.kill(wiped);
    cluster.restart(wiped);
    wait_for("a warning", || cluster.row(wiped).filter(&warns));
    cluster.kill(third);
    let told = quorate(["kv", "--config", &config, "--timeout", "1", "put", "colour", "red"]);
    expect(&told, 3, &["no answer"]);
}

/// A leader that holds a lease answers reads that ask for no more without a slot.
#[test]
fn reads_by_lease_take_no_slots() {
    let cluster = Cluster::made::<Node>(3, &Runs::by_default::<Node>());
    cluster.turn("lease_reads", true);
    let cluster = cluster.started(3);
    put(&cluster, "colour", "blue");
    let leader = cluster.leader();
    let before = cluster.number(leader, "commit").expect("it runs");
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let get = Command::Get { key: Text::from("colour") };
    for _ in 0..200 {
        let read = client.read(get.clone(), Freshness::Lease, Duration::from_secs(10));
        assert_eq!(read.expect("an answer"), Output::Value(Some("blue".into())));
    }
    let slots = cluster.number(leader, "commit").expect("it runs") - before;
    assert!((1..100).contains(&slots), "{slots} slots");
    let refused = ["the members stay as long as leaders read by leases"];
    expect(&member(&cluster, &["remove", "1"]), 1, &refused);
}

/// The part of each node, as the node that leads says it.
fn parts(cluster: &Cluster, leader: u64) -> Option<String> {
    cluster.row(leader).map(|row| row["members"].to_string())
}

/// A fourth node comes, learns and gets a vote while clients write, and then the leader leaves.
#[test]
fn a_node_comes_and_the_leader_goes_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    let [four] = cluster.free_addresses();
    assert_stands(&cluster, |load| {
        load.wait_for(OPERATIONS);
        change(&cluster, &["add", "4", "--address", &four]);
        let unheard = ["the leader does not hear node 4, which the change needs"];
        expect(&member(&cluster, &["promote", "4"]), 1, &unheard);
        cluster.start_new(4);
        wait_for_role(&cluster, 4, "learner");
        change(&cluster, &["promote", "4"]);
        wait_for_role(&cluster, 4, "follower");
        load.wait_for(OPERATIONS);
        let leader = cluster.leader();
        change(&cluster, &["remove", &leader.to_string()]);
        wait_for_role(&cluster, leader, "no member");
        load.wait_for(OPERATIONS);
        let next = cluster.leader();
        let left = (1..=4).filter(|id| *id != leader);
        let left: Vec<_> = left.map(|id| format!("\"{id}\":\"voter\"")).collect();
        let left = format!("{{{}}}", left.join(","));
        wait_for(&left, || (parts(&cluster, next)? == left).then_some(()));
        // Two of three are enough, of which one has come.
        let third = (1..=3).find(|id| ![leader, next].contains(id)).expect("one of three");
        cluster.kill(third);
        load.wait_for(OPERATIONS);
        cluster.restart(third);
    });
}

/// A node that has lost its disk leaves, comes back with a new store, and has a vote again.
#[test]
fn a_node_that_lost_its_disk_comes_back_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    assert_stands(&cluster, |load| {
        load.wait_for(OPERATIONS);
        let wiped = cluster.leader() % 3 + 1;
        let node = &*wiped.to_string();
        lose_disk(&cluster, wiped);
        cluster.start_new(wiped);
        wait_for_role(&cluster, wiped, "learner");
        change(&cluster, &["remove", node]);
        wait_for_role(&cluster, wiped, "no member");
        change(&cluster, &["add", node]);
        wait_for_role(&cluster, wiped, "learner");
        change(&cluster, &["promote", node]);
        wait_for_role(&cluster, wiped, "follower");
        load.wait_for(OPERATIONS);
        // With it two of three are enough.
        let leader = cluster.leader();
        let third = (1..=3).find(|id| ![leader, wiped].contains(id)).expect("one of three");
        cluster.kill(third);
        load.wait_for(OPERATIONS);
        cluster.restart(third);
    });
}

/// Nobody makes up what a majority has forgotten.
#[test]
fn a_majority_without_disks_is_told_of() {
    let cluster = Cluster::start_of::<Node>(3);
    put(&cluster, "colour", "blue");
    for id in [1, 2] {
        lose_disk(&cluster, id);
        cluster.start_new(id);
    }
    let config = cluster.config();
    wait_for("all to be told of", || {
        let told = quorate(["status", "--config", &config]);
        let words = String::from_utf8_lossy(&told.stderr).into_owned();
        words.contains("2 of 3 nodes have lost their disks").then_some(())
    });
}
