//! Three replicas that keep nothing on their disks. They are killed, and one loses its disk.

use std::fs;
use std::path::Path;

use quorate::node::config::Runs;
use quorate_models::viewstamped::protocol::Node;
use serde_json::Value;

use crate::load::{OPERATIONS, assert_stands, assert_stands_while_leaders_die};
use crate::member::{change, member};
use crate::support::cluster::{Cluster, expect, quorate, wait_for};

/// Waits until all are normal in one view.
fn settle(cluster: &Cluster) {
    wait_for("all to be normal in one view", || {
        let rows = cluster.status();
        let is_normal = |row: &Value| row["role"] == "primary" || row["role"] == "backup";
        let is_settled = rows.iter().all(|row| is_normal(row) && row["view"] == rows[0]["view"]);
        (is_settled && rows.len() == 3).then_some(())
    });
}

#[test]
fn the_primary_is_killed_five_times_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    assert_stands_while_leaders_die(&cluster, settle);
}

/// A replica whose disk is lost learns from the others how often it has started, and recovers.
#[test]
fn a_replica_that_lost_its_disk_recovers_with_a_new_one() {
    let cluster = Cluster::start_of::<Node>(3);
    let primary = cluster.leader();
    let config = cluster.config();
    let directory = config.strip_suffix("cluster.toml").expect("the config of a directory");
    let store = format!("{directory}node-{primary}.store");
    assert_stands(&cluster, |load| {
        for round in 1..=2 {
            load.wait_for(OPERATIONS);
            settle(&cluster);
            cluster.kill(primary);
            fs::remove_file(&store).expect("its store");
            load.wait_for(OPERATIONS);
            cluster.restart_with(primary, &["--init"]);
            settle(&cluster);
            assert_eq!(cluster.number(primary, "starts"), Some(1 + round));
        }
    });
}

/// Nobody makes up what a majority has forgotten.
#[test]
fn a_majority_that_was_killed_at_once_answers_nobody() {
    let cluster = Cluster::start_of::<Node>(3);
    let config = cluster.config();
    assert!(quorate(["kv", "--config", &config, "put", "colour", "blue"]).status.success());
    for id in 1..=3 {
        cluster.kill(id);
    }
    for id in 1..=3 {
        cluster.restart(id);
    }
    wait_for("all to ask", || {
        let rows = cluster.status();
        let asks = |row: &Value| {
            let warning = row["warnings"][0].as_str().unwrap_or_default();
            row["role"] == "recovering" && warning.contains("it has forgotten everything")
        };
        (rows.len() == 3 && rows.iter().all(asks)).then_some(())
    });
    let told = quorate(["kv", "--config", &config, "--timeout", "1", "get", "colour"]);
    expect(&told, 3, &["no answer"]);
}

/// With `on_disk` nodes forget nothing when they are killed: not one, nor all at once.
#[test]
fn with_disks_no_acknowledged_write_is_lost_when_all_are_killed() {
    let cluster = Cluster::made::<Node>(3, &Runs::by_default::<Node>());
    cluster.turn("on_disk", true);
    let cluster = cluster.started(3);
    assert_stands(&cluster, |load| {
        for _ in 0..2 {
            load.wait_for(OPERATIONS);
            settle(&cluster);
            let primary = cluster.leader();
            cluster.kill(primary);
            load.wait_for(OPERATIONS);
            cluster.restart(primary);
            settle(&cluster);
            for id in 1..=3 {
                cluster.kill(id);
            }
            for id in 1..=3 {
                cluster.restart(id);
            }
            settle(&cluster);
        }
        load.wait_for(OPERATIONS);
        for id in 1..=3 {
            assert_eq!(cluster.number(id, "starts"), Some(1), "nobody has forgotten anything");
        }
    });
}

/// Without the option the first save would drop what is on the disk.
#[test]
fn what_is_on_disks_is_not_forgotten_by_nodes_that_keep_nothing_there() {
    let cluster = Cluster::made::<Node>(3, &Runs::by_default::<Node>());
    cluster.turn("on_disk", true);
    let cluster = cluster.started(3);
    let config = cluster.config();
    let put = quorate(["kv", "--config", &config, "put", "colour", "gold"]);
    expect(&put, 0, &[]);
    (1..=3).for_each(|id| cluster.kill(id));
    cluster.turn("on_disk", false);
    let store = cluster.loaded().nodes[0].store.display().to_string();
    let why = [&*config, "options.on_disk", &store, "turn it on again"];
    expect(&quorate(["node", "--config", &config, "--id", "1"]), 78, &why);
    let directory = Path::new(&config).parent().expect("it is in one").display().to_string();
    expect(&quorate(["cluster", "--dir", &directory]), 78, &why);
    cluster.turn("on_disk", true);
    let _started = cluster.started(3);
    let get = quorate(["kv", "--config", &config, "get", "colour"]);
    assert_eq!(get.stdout, b"gold");
}

/// A node dies for good, and a new one takes its place. The group that began is not enough any more
/// then: the node that came is one of the two that are left when another one dies.
#[test]
fn a_node_that_is_dead_is_replaced_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    let [address] = cluster.free_addresses();
    assert_stands(&cluster, |load| {
        load.wait_for(OPERATIONS);
        let dead = cluster.leader();
        cluster.kill(dead);
        load.wait_for(OPERATIONS);
        let unheard = ["the leader does not hear node 4, which the change needs: start it first"];
        expect(&member(&cluster, &["add", "4", "--address", &address]), 1, &unheard);
        cluster.start_new(4);
        let stay: Vec<String> = (1..=4).filter(|id| *id != dead).map(|id| id.to_string()).collect();
        let words: Vec<&str> = ["replace"].into_iter().chain(stay.iter().map(|id| &**id)).collect();
        change(&cluster, &words);
        load.wait_for(OPERATIONS);
        assert_eq!(cluster.number(cluster.leader(), "epoch"), Some(1));
        expect(&member(&cluster, &["remove", "4"]), 1, &["no fewer than 3 nodes may be left"]);
        wait_for("node 4 to take part", || (cluster.number(4, "epoch")? == 1).then_some(()));
        // The leader, or another one of those who were there before.
        let next = (1..=3).find(|id| *id != dead).expect("two are left");
        cluster.kill(next);
        load.wait_for(OPERATIONS);
        cluster.restart(next);
        load.wait_for(OPERATIONS);
    });
}
