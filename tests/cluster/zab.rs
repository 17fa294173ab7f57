//! Three servers of ZAB. They are killed, fall far behind, and one loses its disk.

use std::fs;

use quorate_models::zab::protocol::Node;
use serde_json::Value;

use crate::load::assert_stands_while_leaders_die;
use crate::reads::{
    assert_left_alone_answers_what_may_be_stale, assert_sessions_read_what_they_wrote,
};
use crate::snapshot::{assert_last, kill_amid_snapshot, put};
use crate::support::cluster::{Cluster, expect, quorate, wait_for};

/// Waits until all follow one leader that is established.
fn settle(cluster: &Cluster) {
    wait_for("all to follow one leader", || {
        let rows = cluster.status();
        let follows = |row: &Value| row["role"] == "leader" || row["role"] == "follower";
        let is_settled = rows.iter().all(|row| follows(row) && row["epoch"] == rows[0]["epoch"]);
        (is_settled && rows.len() == 3).then_some(())
    });
}

#[test]
fn the_leader_is_killed_five_times_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start_of::<Node>(3);
    assert_stands_while_leaders_die(&cluster, settle);
}

#[test]
fn a_node_that_is_left_alone_answers_what_may_be_stale_and_nothing_else() {
    assert_left_alone_answers_what_may_be_stale(&Cluster::start_of::<Node>(3));
}

#[test]
fn a_session_reads_what_it_wrote_however_it_reads() {
    assert_sessions_read_what_they_wrote(&Cluster::start_of::<Node>(3));
}

#[test]
fn what_was_answered_outlives_a_stop_of_all_nodes_at_once() {
    let cluster = Cluster::start_of::<Node>(3);
    put(&cluster, 10, "blue");
    for id in 1..=3 {
        wait_for("a snapshot", || (cluster.number(id, "snapshot") > Some(0)).then_some(()));
    }
    (1..=3).for_each(|id| cluster.kill(id));
    (1..=3).for_each(|id| cluster.restart(id));
    cluster.leader();
    assert_last(&cluster, "blue");
}

#[test]
fn a_follower_that_is_far_behind_is_given_a_snapshot_though_nodes_die_meanwhile() {
    let cluster = Cluster::start_of::<Node>(3);
    let leader = cluster.leader();
    let (follower, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    put(&cluster, 1, "blue");
    cluster.kill(follower);
    put(&cluster, 20, "green");
    wait_for("a snapshot of the leader", || {
        (cluster.number(leader, "snapshot") > Some(0)).then_some(())
    });
    kill_amid_snapshot(&cluster, follower);
    cluster.restart(follower);
    cluster.kill(leader);
    cluster.restart(leader);
    wait_for("a snapshot", || (cluster.number(follower, "snapshot") > Some(0)).then_some(()));
    cluster.leader();
    cluster.wait_until_caught_up(follower);
    cluster.wait_until_caught_up(leader);
    // With nobody but the follower to know it.
    cluster.kill(third);
    assert_last(&cluster, "green");
    put(&cluster, 1, "red");
    assert_last(&cluster, "red");
}

/// The node had acknowledged a write that the only other one lacks which is up. Were it to count,
/// the write would be lost.
#[test]
fn a_node_without_its_store_follows_and_does_not_count() {
    let cluster = Cluster::start_of::<Node>(3);
    let config = cluster.config();
    let leader = cluster.leader();
    let (wiped, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    settle(&cluster);
    cluster.kill(third);
    let kv = |words: &[&str]| {
        quorate(["kv", "--config", &config, "--timeout", "5"].iter().chain(words).copied())
    };
    expect(&kv(&["put", "colour", "blue"]), 0, &[]);
    cluster.kill(leader);
    cluster.kill(wiped);
    fs::remove_file(&cluster.loaded().nodes[wiped as usize - 1].store).expect("it is there");
    cluster.start_new(wiped);
    cluster.restart(third);
    let silent = |words: &[&str]| {
        let told =
            quorate(["kv", "--config", &config, "--timeout", "1"].iter().chain(words).copied());
        expect(&told, 3, &["no answer"]);
    };
    silent(&["get", "colour"]);
    assert!(cluster.status().iter().all(|row| row["role"] != "leader"));

    cluster.restart(leader);
    cluster.leader();
    assert_eq!(kv(&["get", "colour"]).stdout, b"blue");
    wait_for("the node to store what the others do", || {
        let row = cluster.row(wiped)?;
        let is_told = row["warnings"][0].as_str()?.starts_with("its storage was lost");
        (is_told && row["role"] == "observer" && row["leader"].is_u64()).then_some(())
    });
    cluster.wait_until_caught_up(wiped);
    // It is no majority with one other.
    cluster.kill(third);
    silent(&["get", "colour"]);
    cluster.restart(third);
    cluster.leader();
    assert_eq!(kv(&["get", "colour"]).stdout, b"blue");
}
