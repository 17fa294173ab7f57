//! A leader whose disk is slow, or stuck.

use std::sync::atomic::Ordering;
use std::time::Duration;

use quorate::node::client::Client;
use quorate::node::transport::Members;
use quorate_models::kv::{Kv, put};
use quorate_models::protocol::{Protocol, Settings};
use quorate_models::raft::protocol::Node;
use quorate_models::raft::state::Storage;
use stateright::actor::Id;

use super::support::cluster::wait_for;
use super::{Running, members};

const LONG: Duration = Duration::from_secs(20);

type Server = Running<Storage<Kv>>;

/// Three servers with default timings, and a client that one of them has answered.
fn cluster() -> (Vec<Server>, Client<Kv>) {
    let members: Members = members(3);
    let ids: Vec<_> = members.servers.keys().map(|id| Id::from(*id as usize)).collect();
    let start = |id| {
        let node = Node::server(ids.clone(), &Settings::default());
        Running::start(node, &members, id, None)
    };
    let servers = (1..=3).map(start).collect();
    let mut client = Client::open(&members).unwrap();
    client.call(put("colour", "blue"), LONG).unwrap();
    (servers, client)
}

/// Whom one takes for leader.
fn leader(server: &Server) -> Option<usize> {
    server.board.last.lock().unwrap().as_ref()?.0.leader.map(usize::from)
}

/// The place of the one that leads.
fn leading(servers: &[Server]) -> usize {
    wait_for("a leader", || (0..3).find(|place| leader(&servers[*place]) == Some(place + 1)))
}

#[test]
fn a_leader_goes_on_while_its_disk_writes() {
    let (servers, mut client) = cluster();
    let slow = &servers[leading(&servers)];
    let handled = || slow.board.last.lock().unwrap().as_ref().unwrap().1.messages;
    slow.hangs.store(true, Ordering::SeqCst);
    let before = handled();
    client.call(put("colour", "red"), LONG).unwrap();
    // The command, and its followers' answers.
    wait_for("it to go on", || (handled() >= before + 3).then_some(()));
    slow.hangs.store(false, Ordering::SeqCst);
    let is_written = |server: &Server| {
        let kept = server.kept.lock().unwrap();
        kept.as_ref().is_some_and(|kept| kept.log.last_index().0 >= 3)
    };
    wait_for("all disks to have it", || servers.iter().all(is_written).then_some(()));
}

#[test]
fn another_takes_the_place_of_one_whose_disk_is_stuck() {
    let (servers, mut client) = cluster();
    let stuck = leading(&servers);
    servers[stuck].hangs.store(true, Ordering::SeqCst);
    client.call(put("colour", "red"), LONG).unwrap();
    let others = || servers.iter().enumerate().filter(|(place, _)| *place != stuck);
    let is_replaced = |server: &Server| leader(server).is_some_and(|leader| leader != stuck + 1);
    wait_for("another leader", || others().all(|(_, it)| is_replaced(it)).then_some(()));
    client.call(put("colour", "green"), LONG).unwrap();
    servers[stuck].hangs.store(false, Ordering::SeqCst);
}
