//! What is checked of Raft, with which bounds.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use quorate_checker::spec::{Faults, Spec};
use stateright::Expectation::{Always, Sometimes};
use stateright::actor::{ActorModel, Id};

use super::ghost::{self, Ghost};
use super::properties::{self, Named, System};
use super::rules::RaftRules;
use super::{Batch, Raft, Server, Timer, Timing};
use crate::client::Client;
use crate::kv::{Command, Kv};

/// A spec of Raft that replicates the key-value store.
pub type RaftSpec<R> = Spec<Raft<Kv, R>, (), Arc<Ghost<Kv>>>;

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    Timing {
        heartbeat: Duration::from_millis(50),
        election: Duration::from_millis(150)..Duration::from_millis(300),
    }
}

/// One entry a message: a leader that always sends its whole log cannot have a prefix of it on a
/// majority, and then figure 8 does not happen.
const BATCH: Batch = Batch { entries: 1, bytes: usize::MAX };

/// A cluster of `count` servers and clients with these scripts.
fn system<R: RaftRules>(rules: R, count: usize, scripts: &[&[Command]]) -> System<Kv, R> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let server = Raft::Server(Server {
        servers: servers.clone(),
        timing: timing(),
        batch: BATCH,
        rules,
        machine: PhantomData,
    });
    let clients = scripts.iter().map(|script| {
        Raft::Client(Client {
            servers: servers.clone(),
            script: script.to_vec(),
            retry: Duration::from_millis(500)..Duration::from_millis(500),
        })
    });
    let mut system = ActorModel::new((), Arc::new(Ghost::default()))
        .actors(std::iter::repeat_n(server, count))
        .actors(clients);
    for (name, condition) in properties::safety() {
        system = system.property(Always, name, condition);
    }
    system
}

fn reachable<R: RaftRules>(system: System<Kv, R>, facts: &[Named<Kv, R>]) -> System<Kv, R> {
    facts.iter().fold(system, |system, (name, fact)| system.property(Sometimes, name, *fact))
}

fn is_election(timer: &Timer) -> bool {
    *timer == Timer::Election
}

fn is_retry(timer: &Timer) -> bool {
    *timer == Timer::Retry
}

/// A spec over `system` with `elections` election timeouts and `retries` client retries.
fn spec<R: RaftRules>(
    name: &str,
    system: System<Kv, R>,
    servers: usize,
    elections: u8,
    retries: u8,
) -> RaftSpec<R> {
    let keeps_late_messages = |_: &_, _, _: &_| false;
    let prunes = obsolete::applies(&rules);
    Spec::new(name, system, servers)
        .obsolete(if prunes { obsolete::is_obsolete::<Kv> } else { keeps_late_messages })
        .ghost(ghost::observe)
        .timeouts("election timeouts", is_election, elections)
        .timeouts("client retries", is_retry, retries)
        .timeouts("heartbeats", |t| *t == Timer::Heartbeat, std::env::var("HB").map_or(0, |v| v.parse().unwrap()))
}

pub fn put(key: &str, value: &str) -> Command {
    Command::Put { key: key.into(), value: value.into() }
}

pub fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

/// Elections, and nothing but elections.
pub fn election<R: RaftRules>(rules: R, servers: usize, elections: u8) -> RaftSpec<R> {
    let facts: &[Named<Kv, R>] = &[
        ("a leader", properties::a_leader),
        ("a commit", properties::a_commit),
    ];
    spec("raft/election", reachable(system(rules, servers, &[]), facts), servers, elections, 0)
        .summary("elections and their no-ops")
}
pub fn replication<R: RaftRules>(rules: R, elections: u8, retries: u8, scripts: &[&[Command]]) -> RaftSpec<R> {
    let facts: &[Named<Kv, R>] = &[
        ("a leader", properties::a_leader),
        ("a commit", properties::a_commit),
    ];
    spec("raft/replication", reachable(system(rules, 3, scripts), facts), 3, elections, retries)
}
pub fn faulty<R: RaftRules>(rules: R, elections: u8, retries: u8, scripts: &[&[Command]], faults: Faults) -> RaftSpec<R> {
    replication(rules, elections, retries, scripts).faults(faults)
}
