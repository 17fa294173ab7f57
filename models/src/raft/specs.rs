//! What is checked of Raft, with which bounds.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Faults, Spec};
use stateright::Expectation::{Always, Sometimes};
use stateright::actor::{ActorModel, Id};

use super::ghost::{self, Ghost};
use super::properties::{self, Named, System};
use super::rules::RaftRules;
use super::{Batch, Raft, Server, Timer, Timing, obsolete};
use crate::client::Client;
use crate::kv::{Command, Kv};
use crate::rules::AllRules;

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
const BATCH: Batch = Batch {
    entries: 1,
    bytes: usize::MAX,
};

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

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts of each kind, in total.
    pub elections: u8,
    pub heartbeats: u8,
    pub retries: u8,
    pub faults: Faults,
}

/// Raft within `bounds`: its safety, and the facts that must be reachable.
pub fn raft<R: RaftRules>(
    name: &str,
    rules: R,
    bounds: Bounds<'_>,
    facts: &[Named<Kv, R>],
) -> RaftSpec<R> {
    let prunes = obsolete::applies(&rules);
    let mut system = system(rules, bounds.servers, bounds.scripts);
    for (name, fact) in facts {
        system = system.property(Sometimes, name, *fact);
    }
    let spec = Spec::new(name, system, bounds.servers)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts(
            "election timeouts",
            |timer| *timer == Timer::Election,
            bounds.elections,
        )
        .timeouts(
            "heartbeats",
            |timer| *timer == Timer::Heartbeat,
            bounds.heartbeats,
        )
        .timeouts(
            "client retries",
            |timer| *timer == Timer::Retry,
            bounds.retries,
        );
    if prunes {
        spec.obsolete(obsolete::is_obsolete)
    } else {
        spec
    }
}

pub fn put(key: &str, value: &str) -> Command {
    Command::Put {
        key: key.into(),
        value: value.into(),
    }
}

pub fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

/// The specs of Raft.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![Box::new(election()), Box::new(replication())]
}

/// Elections, and nothing but elections.
pub fn election() -> RaftSpec<AllRules> {
    let bounds = Bounds {
        servers: 3,
        elections: 3,
        ..Bounds::default()
    };
    raft(
        "raft/election",
        AllRules,
        bounds,
        &[("a leader", properties::a_leader)],
    )
    .summary("three elections, with the no-ops of the leaders")
}

/// Commands while leaders change.
pub fn replication() -> RaftSpec<AllRules> {
    let bounds = Bounds {
        servers: 3,
        scripts: &[&[put("x", "1")]],
        elections: 2,
        ..Bounds::default()
    };
    raft(
        "raft/replication",
        AllRules,
        bounds,
        &[("a commit", properties::a_commit)],
    )
    .summary("a client's command while leaders change")
}
