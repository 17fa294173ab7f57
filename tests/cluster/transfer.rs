//! An operator has other nodes lead, while clients write.

use super::load::{OPERATIONS, assert_stands};
use super::support::cluster::{Cluster, expect, quorate, wait_for};

/// Asks that `node` lead.
fn transfer(cluster: &Cluster, node: u64) -> std::process::Output {
    quorate(["transfer", "--config", &cluster.config(), "--to", &node.to_string()])
}

#[test]
fn every_node_leads_in_turn_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start(3);
    let first = cluster.leader();
    assert_stands(&cluster, |load| {
        for node in (first..first + 6).map(|node| node % 3 + 1) {
            load.wait_for(OPERATIONS);
            // A message may be lost, or the new leader be late: then it has to be ordered again.
            wait_for("another leader", || {
                let is_done = transfer(&cluster, node).status.success();
                (is_done && cluster.leader() == node).then_some(())
            });
        }
    });
    let again = transfer(&cluster, cluster.leader());
    expect(&again, 0, &[]);
    assert!(String::from_utf8_lossy(&again.stdout).ends_with(" leads\n"));
}

#[test]
fn a_node_that_cannot_lead_is_named_and_the_leader_goes_on() {
    let cluster = Cluster::start(3);
    let leader = cluster.leader();
    let down = leader % 3 + 1;
    expect(&transfer(&cluster, 9), 64, &["cluster.toml has no node 9, only 1, 2, 3"]);
    cluster.kill(down);
    let words = format!("node {down} has not taken over within an election timeout");
    expect(&transfer(&cluster, down), 1, &[&words]);
    let put = ["kv", "--config", &cluster.config(), "put", "colour", "blue"];
    expect(&quorate(put), 0, &[]);
    for id in (1..=3).filter(|id| *id != down) {
        cluster.kill(id);
    }
    let config = cluster.config();
    let silent = ["transfer", "--config", &config, "--to", "1", "--timeout", "0.5"];
    let words = ["unknown outcome: no answer within 500ms: ", "node 1 may lead, or may come to"];
    expect(&quorate(silent), 3, &words);
}
