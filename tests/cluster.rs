//! Real processes on real sockets: killed, restarted, and read back; on several machines; and what
//! they say when something is wrong.

#[path = "cluster/bench.rs"]
mod bench;
#[path = "cluster/etcd.rs"]
mod etcd;
#[path = "cluster/five.rs"]
mod five;
#[path = "cluster/load.rs"]
mod load;
#[path = "cluster/machines.rs"]
mod machines;
#[path = "cluster/member.rs"]
mod member;
#[path = "cluster/multi_paxos.rs"]
mod multi_paxos;
#[path = "cluster/old.rs"]
mod old;
#[path = "cluster/primary_backup.rs"]
mod primary_backup;
#[path = "cluster/quorum_store.rs"]
mod quorum_store;
#[path = "cluster/reads.rs"]
mod reads;
#[path = "cluster/redis.rs"]
mod redis;
#[path = "cluster/sessions.rs"]
mod sessions;
#[path = "cluster/snapshot.rs"]
mod snapshot;
mod support;
#[path = "cluster/transfer.rs"]
mod transfer;
#[path = "cluster/viewstamped.rs"]
mod viewstamped;
#[path = "cluster/wiped.rs"]
mod wiped;
#[path = "cluster/words.rs"]
mod words;
#[path = "cluster/zab.rs"]
mod zab;

use std::fs;
use std::time::{Duration, Instant};

use load::{CLIENTS, OPERATIONS, assert_stands};
use quorate::node::client::Client;
use quorate_models::kv::{Command, Kv, Output, Text};
use support::cluster::{Cluster, expect, quorate, wait_for};

const ROUNDS: usize = 5;

#[test]
fn five_leaders_are_killed_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start(3);
    let mut failovers = Vec::new();
    assert_stands(&cluster, |load| {
        for _ in 0..ROUNDS {
            load.wait_for(OPERATIONS);
            let leader = cluster.leader();
            cluster.kill(leader);
            let killed = Instant::now();
            load.wait_for(CLIENTS as usize + 1);
            failovers.push(killed.elapsed());
            load.wait_for(OPERATIONS);
            cluster.restart(leader);
            cluster.wait_until_caught_up(leader);
        }
    });
    println!("fail-overs {failovers:?}");
}

/// Its store is put back to what it was before it acknowledged an entry: it must not vote with it.
/// The leader that was acknowledged must still lead then, so it does not step down while it is
/// alone, however long the other takes to start.
#[test]
fn a_follower_that_is_rolled_back_stops_and_its_leader_tells_of_it() {
    let cluster = Cluster::start_without("check_quorum", 3);
    let leader = cluster.leader();
    let (follower, third) = (leader % 3 + 1, (leader + 1) % 3 + 1);
    cluster.wait_until_caught_up(follower);
    cluster.kill(follower);
    let store = cluster.loaded().nodes[follower as usize - 1].store.clone();
    let older = fs::read(&store).expect("a store");
    cluster.restart(follower);
    cluster.wait_until_caught_up(follower);
    // Without the third, the follower must acknowledge it.
    cluster.kill(third);
    let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
    let put = Command::Put { key: Text::from("colour"), value: Text::from("blue") };
    assert_eq!(client.call(put, Duration::from_secs(10)).expect("an answer"), Output::Stored);
    cluster.kill(follower);
    fs::write(&store, older).expect("the store is put back");

    let (config, id) = (cluster.config(), follower.to_string());
    let told = quorate(["node", "--config", &config, "--id", &id]);
    expect(&told, 70, &[&format!("it lacks what it has acknowledged to server {leader}: ")]);
    // It stays out, whatever is done to its store.
    let again = ["node", "--config", &config, "--id", &id];
    expect(
        &quorate(again),
        70,
        &["store.taken-out: this node was taken out: it lacks what it has"],
    );
    fs::remove_file(&store).expect("it is there");
    expect(&quorate(again.into_iter().chain(["--init"])), 70, &["this node was taken out"]);
    let warning = format!("server {follower} lacks what it has acknowledged: ");
    wait_for("a warning of the leader", || {
        let rows = cluster.status();
        let row = rows.iter().find(|row| row["id"] == leader)?;
        row["warnings"][0].as_str()?.starts_with(&warning).then_some(())
    });
    let table = quorate(["status", "--config", &config]).stdout;
    assert!(String::from_utf8_lossy(&table).contains(&format!("node {leader}: {warning}")));
}
