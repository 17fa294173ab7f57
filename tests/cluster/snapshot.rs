//! Nodes that are down while the others compact their logs: values are large, so that this happens
//! soon.

use std::thread;
use std::time::{Duration, Instant};

use quorate::node::client::Client;
use quorate_models::kv::{Command, Kv, Output, Text};

use crate::support::cluster::{Cluster, wait_for};

/// Puts so many values of 1 MiB at three keys, and then the last one at a key of its own.
pub fn put(cluster: &Cluster, values: usize, last: &str) {
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let mut put = |key: &str, value: &str| {
        let put = Command::Put { key: Text::from(key), value: Text::from(value) };
        assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
    };
    let large = "x".repeat(1 << 20);
    (0..values).for_each(|number| put(&format!("large-{}", number % 3), &large));
    put("last", last);
}

/// Asserts that the last value is this one.
pub fn assert_last(cluster: &Cluster, last: &str) {
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let get = Command::Get { key: Text::from("last") };
    let read = client.call(get, Duration::from_secs(10)).expect("an answer");
    assert_eq!(read, Output::Value(Some(Text::from(last))));
}

/// Starts node `id`, which has to be sent a snapshot, and kills it while pieces are on their way,
/// or before, or after.
pub fn kill_amid_snapshot(cluster: &Cluster, id: u64) {
    for milliseconds in [10, 20, 40, 80] {
        cluster.restart(id);
        thread::sleep(Duration::from_millis(milliseconds));
        cluster.kill(id);
    }
}

#[test]
fn a_follower_that_missed_large_values_catches_up_though_nodes_die_while_a_snapshot_travels() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let (follower, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    put(&cluster, 1, "blue");
    cluster.kill(follower);
    let began = Instant::now();
    put(&cluster, 20, "green");
    println!("20 MiB put in {:?}, one follower being down", began.elapsed());
    let compacts = || (cluster.number(leader, "snapshot") > Some(0)).then_some(());
    wait_for("a snapshot of the leader", compacts);
    kill_amid_snapshot(&cluster, follower);
    cluster.restart(follower);
    thread::sleep(Duration::from_millis(40));
    cluster.kill(leader);
    cluster.restart(leader);
    let began = Instant::now();
    wait_for("a snapshot", || (cluster.number(follower, "snapshot") > Some(0)).then_some(()));
    cluster.leader();
    cluster.wait_until_caught_up(follower);
    println!("20 MiB caught up in {:?}", began.elapsed());
    // With nobody but the follower to know it.
    cluster.wait_until_caught_up(leader);
    cluster.kill(third);
    assert_last(&cluster, "green");
    put(&cluster, 1, "red");
    assert_last(&cluster, "red");
}

/// What a node starts from is its snapshot and what came after it.
#[test]
fn all_nodes_start_from_their_snapshots() {
    let cluster = Cluster::start(3);
    put(&cluster, 10, "blue");
    for id in 1..=3 {
        wait_for("a snapshot", || (cluster.number(id, "snapshot") > Some(0)).then_some(()));
    }
    (1..=3).for_each(|id| cluster.kill(id));
    (1..=3).for_each(|id| cluster.restart(id));
    cluster.leader();
    assert_last(&cluster, "blue");
}
