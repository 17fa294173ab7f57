//! What befalls a cluster in a year, in seconds: under load its office is handed over, nodes come
//! and go, each is started again as for an upgrade, leaders die, and nodes die that are sent a
//! snapshot.

use super::load::{OPERATIONS, assert_stands};
use super::member::{change, wait_for_role};
use super::snapshot::{kill_amid_snapshot, put};
use super::support::cluster::{Cluster, quorate, wait_for};

const NODES: u64 = 5;

/// Has another node lead, and returns which.
fn hand_over(cluster: &Cluster) -> u64 {
    let config = cluster.config();
    wait_for("another leader", || {
        let to = cluster.leader() % NODES + 1;
        let transfer = ["transfer", "--config", &config, "--to", &to.to_string()];
        quorate(transfer).status.success().then_some(to)
    })
}

/// Stops node `id` and starts it again, as for an upgrade.
fn start_again(cluster: &Cluster, id: u64) {
    cluster.kill(id);
    cluster.restart(id);
    cluster.wait_until_caught_up(id);
}

/// A node misses so much that it needs a snapshot. It dies while that is on its way, and so does
/// the leader.
fn catch_up_amid_kills(cluster: &Cluster) {
    let behind = cluster.leader() % NODES + 1;
    cluster.kill(behind);
    let missed = cluster.number(cluster.leader(), "last");
    put(cluster, 12, "green");
    let leader = cluster.leader();
    assert!(cluster.number(leader, "snapshot") > missed, "it has compacted what the other lacks");
    kill_amid_snapshot(cluster, behind);
    cluster.restart(behind);
    cluster.kill(leader);
    cluster.restart(leader);
    cluster.leader();
    cluster.wait_until_caught_up(behind);
    cluster.wait_until_caught_up(leader);
}

#[test]
fn five_nodes_are_changed_and_killed_and_no_acknowledged_write_is_lost() {
    let cluster = Cluster::start(NODES);
    let [sixth] = cluster.free_addresses();
    assert_stands(&cluster, |load| {
        load.wait_for(OPERATIONS);
        let leader = hand_over(&cluster);
        load.wait_for(OPERATIONS);
        change(&cluster, &["add", "6", "--address", &sixth]);
        cluster.start_new(6);
        change(&cluster, &["promote", "6"]);
        // The leader leaves.
        change(&cluster, &["remove", &leader.to_string()]);
        wait_for_role(&cluster, leader, "no member");
        load.wait_for(OPERATIONS);
        for id in (1..=NODES + 1).filter(|id| *id != leader) {
            start_again(&cluster, id);
            load.wait_for(OPERATIONS / 2);
        }
        for _ in 0..2 {
            let leader = cluster.leader();
            cluster.kill(leader);
            load.wait_for(OPERATIONS);
            cluster.restart(leader);
            cluster.wait_until_caught_up(leader);
        }
        let back = leader.to_string();
        change(&cluster, &["add", &back]);
        change(&cluster, &["promote", &back]);
        catch_up_amid_kills(&cluster);
        change(&cluster, &["replace", "4", "5", "6"]);
        load.wait_for(OPERATIONS);
    });
}
