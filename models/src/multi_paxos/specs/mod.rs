//! Within which bounds Multi-Paxos is checked.

pub mod custom;
pub mod lease;
pub mod live;
pub mod membership;
mod safety;
mod snapshot;

use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Condition, System};
use super::config::Config;
use super::open::Slots;
use super::rules::Rule;
use super::state::Storage;
use super::{Limits, MemberState, MultiPaxos, Server, Timing};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::member::{self, Member};
use crate::protocol::milliseconds;
use crate::rules::{AllBut, RuleBook};
use crate::system::Boxed;

pub use safety::*;
pub use snapshot::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// What is known of the past of a run.
pub type Past = Arc<Ghost<Kv>>;

/// A spec of Multi-Paxos that replicates the key-value store.
pub type MultiPaxosSpec = Spec<MultiPaxos<Checked>, (), Past>;

impl Boxed for MultiPaxosSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<MultiPaxos<Checked>, (), Past>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// The specs of Multi-Paxos.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let listed = [safety::all(), snapshot::all(), live::all(), lease::all(), membership::all()];
    listed.into_iter().flatten().collect()
}

/// `count` servers and clients with these scripts, the first of which asks the first server first,
/// the second one the second, and so on: two servers that lead are asked for different commands.
fn system(rules: Book, count: usize, limits: Limits, scripts: &[&[Command]]) -> System<Checked> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let timing = Timing { again: milliseconds(50, 50), silence: milliseconds(150, 300) };
    let founders = founders(servers.iter().copied());
    let lease_reads = false;
    let server = Server { founders, timing, limits, lease_reads, rules };
    let past = Past::default();
    let mut system = crate::system::system(past, count, server, &servers, scripts, habits);
    for (number, member) in system.actors[count..].iter_mut().enumerate() {
        if let Member::Client(client) = member {
            client.servers.rotate_left(number % count);
        }
    }
    system
}

/// These have a vote, each with its first store.
pub(super) fn founders(voters: impl IntoIterator<Item = Id>) -> Config {
    let voters: BTreeSet<Id> = voters.into_iter().collect();
    let stores = voters.iter().map(|id| (*id, FIRST_STORE)).collect();
    Config { voters, stores, ..Config::default() }
}

/// The store of each server when the cluster is founded.
const FIRST_STORE: u64 = 1;

/// A spec of a system of so many servers, each of which has the store that it was founded with.
fn founded(name: &str, system: System<Checked>, servers: usize) -> MultiPaxosSpec {
    let mut spec = Spec::new(name, system, servers);
    spec.storages = vec![Some(Storage::of(FIRST_STORE)); servers];
    spec
}

/// True if all that is durable survives a crash by `rules`.
pub fn keeps_all_durable(rules: &Book) -> bool {
    let durable = [Rule::PromiseSurvivesCrash, Rule::AcceptedSurvivesCrash, Rule::SaveBeforeSend];
    durable.into_iter().all(|rule| rules.keeps(rule))
}

/// True if a member in state `now` would start with the same. What is chosen may be known before
/// that is saved, for it was accepted, and that is saved.
pub fn same_durable(now: &MemberState<Kv>, started: &MemberState<Kv>) -> bool {
    let (member::State::Server(now), member::State::Server(started)) = (now, started) else {
        return true;
    };
    let mut behind = Slots::clone(&started.storage.accepted);
    let known = now.storage.log.iter().all(|(slot, value)| {
        behind.remove(&slot);
        started.held(slot) == Some(value)
    });
    known
        && behind == *now.storage.accepted
        && started.promised() == now.promised()
        && started.storage.snapshot == now.storage.snapshot
}
