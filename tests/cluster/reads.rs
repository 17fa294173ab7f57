//! Reads of a running cluster, each as new as it is asked for.

use std::time::Duration;

use quorate::node::client::Client;
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Kv, Output, Text, get, put};

use super::support::cluster::{Cluster, expect, quorate};

/// How long a client tries.
const PATIENT: Duration = Duration::from_secs(10);

/// A read of `key`, by the command.
fn get_by(cluster: &Cluster, words: &[&str]) -> std::process::Output {
    let config = cluster.config();
    let all = ["kv", "--config", &config, "--timeout", "1", "get", "colour"];
    quorate(all.into_iter().chain(words.iter().copied()))
}

#[test]
fn a_node_that_is_left_alone_answers_what_may_be_stale_and_nothing_else() {
    assert_left_alone_answers_what_may_be_stale(&Cluster::start(3));
}

/// Asserts that the last node of three that is up answers reads that may be stale, and no others.
pub fn assert_left_alone_answers_what_may_be_stale(cluster: &Cluster) {
    let leader = cluster.leader();
    let left = leader % 3 + 1;
    let write = ["kv", "--config", &cluster.config(), "put", "colour", "blue"];
    expect(&quorate(write), 0, &[]);
    cluster.wait_until_caught_up(left);
    for id in (1..=3).filter(|id| *id != left) {
        cluster.kill(id);
    }
    assert_eq!(get_by(cluster, &["--consistency", "stale"]).stdout, b"blue");
    expect(&get_by(cluster, &["--consistency", "linearizable"]), 3, &["no answer within 1s"]);
    expect(&get_by(cluster, &["--consistency", "lease"]), 3, &["no answer within 1s"]);
    expect(&get_by(cluster, &["--consistency", "newest"]), 64, &["linearizable, lease, stale"]);
}

#[test]
fn leases_take_leaders_that_check_their_quorum() {
    let cluster = Cluster::create(3);
    cluster.turn("lease_reads", true);
    cluster.turn("check_quorum", false);
    let words = "options.check_quorum: leases need it: who hears a leader must vote for no other";
    expect(&quorate(["node", "--config", &cluster.config(), "--id", "1"]), 78, &[words]);
}

#[test]
fn a_session_reads_what_it_wrote_however_it_reads() {
    assert_sessions_read_what_they_wrote(&Cluster::start_with("lease_reads", 3));
}

/// Asserts that whoever has written a value reads it, however it reads.
pub fn assert_sessions_read_what_they_wrote(cluster: &Cluster) {
    // Each client begins with a node of its own.
    for name in ["a", "b", "c", "d", "e", "f"] {
        let mut client = Client::<Kv>::open(&cluster.members()).expect("a socket");
        for round in 0..50 {
            let value = round.to_string();
            client.call(put(name, &value), PATIENT).expect("it is written");
            let value = Output::Value(Some(Text::from(&*value)));
            for freshness in [Freshness::Stale, Freshness::Lease, Freshness::Linearizable] {
                let read = client.read(get(name), freshness, PATIENT).expect("it is read");
                assert_eq!(read, value, "{name}, {freshness:?}");
            }
        }
    }
}
