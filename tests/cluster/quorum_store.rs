//! Three nodes of a quorum store, all of them equal. They are killed, and two lose their disks.

use std::fs;
use std::time::{Duration, Instant};

use quorate::cli::cluster;
use quorate::node::client::Client;
use quorate::node::config::Runs;
use quorate_models::kv::{Command, Kv, Text};
use quorate_models::quorum_store::abd::protocol::Node;

use crate::load::{Asks, CLIENTS, OPERATIONS, assert_stands_asked};
use crate::support::cluster::{Cluster, expect, quorate, wait_for};

fn started() -> Cluster {
    Cluster::made::<Node>(3, &Runs::by_default::<Node>()).started_equal(3)
}

/// What `quorate kv` says to that.
fn kv(cluster: &Cluster, words: &[&str]) -> std::process::Output {
    let config = cluster.config();
    let first = ["kv", "--config", &config, "--timeout", "2"];
    quorate(first.into_iter().chain(words.iter().copied()))
}

fn wait_for_role(cluster: &Cluster, id: u64, role: &str) {
    wait_for(role, || (cluster.row(id)?["role"] == role).then_some(()));
}

/// Has node `id` start again with a new disk.
fn lose_disk(cluster: &Cluster, id: u64) {
    fs::remove_file(&cluster.loaded().nodes[id as usize - 1].store).expect("it is there");
    cluster.start_new(id);
}

#[test]
fn each_node_is_killed_and_no_acknowledged_write_is_lost() {
    let cluster = started();
    let mut gaps = Vec::new();
    assert_stands_asked(Asks::Registers, &cluster, |load| {
        for id in [1, 2, 3, 1, 2] {
            load.wait_for(OPERATIONS);
            cluster.kill(id);
            let since = Instant::now();
            load.wait_for(CLIENTS as usize + 1);
            gaps.push(since.elapsed());
            load.wait_for(OPERATIONS);
            cluster.restart(id);
            wait_for_role(&cluster, id, "replica");
        }
    });
    println!("until the clients went on: {gaps:?}");
}

/// Node 3 copies what it lost, and is then one of a majority with a node that knew less than node
/// 1, which is down.
#[test]
fn a_node_without_its_disk_takes_part_again_and_no_acknowledged_write_is_lost() {
    let cluster = started();
    assert_stands_asked(Asks::Registers, &cluster, |load| {
        for id in [3, 2] {
            load.wait_for(OPERATIONS);
            cluster.kill(id);
            load.wait_for(OPERATIONS);
            lose_disk(&cluster, id);
            wait_for_role(&cluster, id, "replica");
            assert_eq!(cluster.number(id, "life"), Some(2));
            cluster.kill(1);
            load.wait_for(OPERATIONS);
            cluster.restart(1);
            wait_for_role(&cluster, 1, "replica");
        }
    });
    // It knows by its disk that it takes part.
    cluster.kill(3);
    cluster.restart(3);
    wait_for_role(&cluster, 3, "replica");
}

#[test]
fn what_was_answered_outlives_a_stop_of_all_nodes_at_once() {
    let cluster = started();
    expect(&kv(&cluster, &["put", "colour", "blue"]), 0, &[]);
    (1..=3).for_each(|id| cluster.kill(id));
    (1..=3).for_each(|id| cluster.restart(id));
    assert_eq!(kv(&cluster, &["get", "colour"]).stdout, b"blue");
    // Of two that lose their disks at once neither can be told what it was.
    [2, 3].into_iter().for_each(|id| {
        cluster.kill(id);
        lose_disk(&cluster, id);
    });
    for id in [2, 3] {
        wait_for_role(&cluster, id, "rejoining");
    }
    expect(&kv(&cluster, &["get", "colour"]), 3, &["no answer"]);
    let config = cluster.config();
    let status = quorate(["status", "--config", &config]);
    expect(&status, 1, &["no majority takes part, only 1 of 3 nodes"]);
    // What one server holds is asked of that one alone.
    let one = ["get", "colour", "--consistency", "one"];
    wait_for("node 1 to be asked", || (kv(&cluster, &one).stdout == b"blue").then_some(()));
}

#[test]
fn what_it_cannot_do_is_refused() {
    let cluster = started();
    expect(&kv(&cluster, &["delete", "colour"]), 1, &["single keys"]);
    expect(&kv(&cluster, &["cas", "colour", "blue", "red"]), 1, &["single keys"]);
    let config = cluster.config();
    let redis = ["node", "--config", &config, "--id", "1", "--redis", "127.0.0.1:1"];
    expect(&quorate(redis), 64, &["--redis", "quorum-store knows too few"]);
    let member = quorate(["member", "--config", &config, "remove", "3"]);
    expect(&member, 1, &["keeps the members"]);
    let transfer = quorate(["transfer", "--config", &config, "--to", "2"]);
    expect(&transfer, 1, &[&config, "quorum-store", "no such order"]);
}

/// As many nodes as a command makes, with large values, and one that copies them.
#[test]
fn a_node_copies_large_values_page_by_page() {
    let nodes = u64::from(cluster::NODES);
    let cluster = started();
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let value = Text::from(&*"x".repeat(700_000));
    for key in 0..8 {
        let key = Text::from(&*format!("key-{key}"));
        let put = Command::Put { key, value: value.clone() };
        client.call(put, Duration::from_secs(10)).expect("an answer");
    }
    cluster.kill(nodes);
    lose_disk(&cluster, nodes);
    let since = Instant::now();
    wait_for_role(&cluster, nodes, "replica");
    assert!(since.elapsed() < Duration::from_secs(60));
    assert_eq!(cluster.number(nodes, "registers"), Some(8));
}

/// Without its number a founder would take its first store for another one, and wait for ever.
#[test]
fn a_config_that_lacks_the_number_of_a_store_is_refused() {
    let cluster = Cluster::made::<Node>(3, &Runs::by_default::<Node>());
    let (path, number) = (cluster.config(), cluster.loaded().store_ids()[&2]);
    let text = fs::read_to_string(&path).expect("a config");
    let without = text.replace(&format!("store_id = \"{number:016x}\"\n"), "");
    assert_ne!(without, text);
    fs::write(&path, without).expect("a config");
    let refused = quorate(["node", "--config", &path, "--id", "1"]);
    expect(&refused, 78, &[&path, "node 2: store_id", "has no vote in quorum-store"]);
}
