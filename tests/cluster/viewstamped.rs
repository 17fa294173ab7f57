//! Three replicas that keep nothing on their disks. They are killed, and one loses its disk.

use std::fs;

use quorate::node::config::Runs;
use quorate_models::viewstamped::protocol::Node;
use serde_json::Value;

use crate::load::{OPERATIONS, assert_stands, assert_stands_while_leaders_die};
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

/// Who asks for another member is refused, and the config stays as it is.
#[test]
fn the_members_stay_those_that_it_began_with() {
    let cluster = Cluster::start_of::<Node>(3);
    let config = cluster.config();
    let before = fs::read_to_string(&config).expect("the config");
    let add = ["member", "--config", &config, "add", "4", "--address", "127.0.0.1:9"];
    expect(&quorate(add), 1, &["viewstamped keeps the members with which the cluster began"]);
    assert_eq!(fs::read_to_string(&config).expect("the config"), before);
}
