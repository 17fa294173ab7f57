//! A view service and three servers: primary, backup and view service are killed in turn.

use std::time::{Duration, Instant};

use quorate::node::client::Client;
use quorate_models::kv::{Command, Kv, Output, Text};
use quorate_models::primary_backup::protocol::Node;
use serde_json::Value;

use crate::load::{CLIENTS, OPERATIONS, assert_stands};
use crate::support::cluster::{Cluster, expect, quorate, wait_for};

/// The node of this role, in a view that has a backup with the database.
fn node(cluster: &Cluster, role: &str) -> u64 {
    wait_for("a primary and a backup", || {
        let rows = cluster.status();
        let of = |role: &str| rows.iter().find(|row| row["role"] == role).cloned();
        let (primary, backup) = (of("primary")?, of("backup")?);
        let is_settled = primary["view"] == backup["view"] && primary["backup"] == backup["id"];
        of(role).filter(|_| is_settled)?["id"].as_u64()
    })
}

#[test]
fn primary_and_backup_are_killed_in_turn_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(4);
    let mut failovers = Vec::new();
    assert_stands(&cluster, |load| {
        for role in ["primary", "backup", "primary", "view service", "backup", "primary"] {
            load.wait_for(OPERATIONS);
            let killed = node(&cluster, role);
            cluster.kill(killed);
            let since = Instant::now();
            load.wait_for(CLIENTS as usize + 1);
            failovers.push((role, since.elapsed()));
            load.wait_for(OPERATIONS);
            cluster.restart(killed);
        }
    });
    println!("until the clients went on: {failovers:?}");
}

/// Nobody takes the place of a primary without a backup: an empty database is no copy.
#[test]
fn the_last_copy_is_not_replaced_by_an_empty_one() {
    let cluster = Cluster::start_of::<Node>(3);
    let config = cluster.config();
    assert!(quorate(["kv", "--config", &config, "put", "colour", "blue"]).status.success());
    cluster.kill(node(&cluster, "backup"));
    let of_service = |cluster: &Cluster, word: &str| {
        let rows: Vec<Value> = cluster.status();
        let service = rows.into_iter().find(|row| row["role"] == "view service")?;
        service["warnings"][0].as_str()?.contains(word).then_some(())
    };
    wait_for("a warning that there is no backup", || of_service(&cluster, "a single copy"));
    let list = quorate(["member", "--config", &config, "list"]);
    expect(&list, 0, &["primary-backup keeps the members with which the cluster began"]);
    let list = String::from_utf8(list.stdout).expect("a table");
    for part in ["member, view service", "member, primary", "member, does not answer"] {
        assert_eq!(list.matches(part).count(), 1, "{list}");
    }
    let primary = cluster.leader();
    cluster.kill(primary);
    cluster.restart(primary);
    wait_for("a warning that all is gone", || of_service(&cluster, "no server takes its place"));
    let leads = |row: &Value| row["leader"] == row["id"];
    wait_for("nobody to lead", || (!cluster.status().iter().any(leads)).then_some(()));
    let told = quorate(["kv", "--config", &config, "--timeout", "1", "get", "colour"]);
    expect(&told, 3, &["no answer"]);
    for id in [1, primary] {
        cluster.kill(id);
    }
    let directory = config.strip_suffix("/cluster.toml").expect("the config of a directory");
    let resumed = quorate(["cluster", "--dir", directory]);
    expect(&resumed, 64, &["in memory", &format!("delete {directory}"), "another --dir"]);
}

/// A new backup is handed the whole database in one message, or never.
#[test]
fn a_database_over_the_limit_of_a_message_is_warned_of() {
    let cluster = Cluster::start_of::<Node>(3);
    let (primary, backup) = (node(&cluster, "primary"), node(&cluster, "backup"));
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    for round in 0..5 {
        let value = Text::from(&*"x".repeat(1 << 20));
        let put = Command::Put { key: Text::from(&*format!("large-{round}")), value };
        assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
    }
    cluster.kill(backup);
    cluster.restart(backup);
    wait_for("a warning that names the size", || {
        let row = cluster.row(primary)?;
        let warning = row["warnings"].as_array()?.first()?.as_str()?.to_owned();
        let is_told = warning.contains(&format!("node {backup}"))
            && warning.contains("bytes is over the limit of 4194304");
        is_told.then_some(())
    });
}

/// A pair answers clients though half of the nodes are down, and `status` says so.
#[test]
fn status_is_0_as_long_as_the_pair_serves() {
    let cluster = Cluster::start_of::<Node>(4);
    let config = cluster.config();
    let status = || quorate(["status", "--config", &config]);
    let [primary, backup] = ["primary", "backup"].map(|role| node(&cluster, role));
    for role in ["idle", "view service"] {
        cluster.kill(node(&cluster, role));
    }
    expect(&status(), 0, &["warning: the view service does not answer"]);
    expect(&quorate(["kv", "--config", &config, "put", "colour", "blue"]), 0, &[]);
    cluster.kill(backup);
    let why = format!("node {backup}, the backup, does not answer");
    expect(&status(), 1, &[&why]);
    let told = quorate(["kv", "--config", &config, "--timeout", "1", "get", "colour"]);
    expect(&told, 3, &["no answer", &why]);
    cluster.kill(primary);
    expect(&status(), 1, &["no primary answers"]);
}
