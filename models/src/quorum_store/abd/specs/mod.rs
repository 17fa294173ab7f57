//! Within which bounds the atomic register is checked.

pub mod live;
mod safety;

use std::ops::Range;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::{self, Ghost};
use super::claims::properties::{self, Condition, System};
use super::rules::Rule;
use super::state::Storage;
use super::{Abd, MemberState, Server, Timing};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::member;
use crate::protocol::milliseconds;
use crate::rules::{AllBut, RuleBook};
use crate::system::{Boxed, clients_mut, suspended};

pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// What is known of the past of a run.
pub type Past = Ghost<Kv>;

/// A spec of registers that hold keys of the key-value store.
pub type AbdSpec = Spec<Abd<Checked>, (), Past>;

impl Boxed for AbdSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<Abd<Checked>, (), Past>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// All specs of the atomic register.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let mut all = safety::listed();
    all.extend(live::listed());
    all
}

/// `count` servers, and clients with these scripts, each of which may ask any of them.
fn system(rules: Book, count: usize, scripts: &[&[Command]]) -> System<Checked> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let first_stores = servers.iter().map(|id| (*id, FIRST_STORE)).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        begins_once: rules.keeps(Rule::RetryKeepsTag),
        ..Habits::ALL
    };
    let timing = Timing { again: AGAIN };
    let server = Server { servers: servers.clone(), first_stores, timing, page: ONE, rules };
    crate::system::system(Ghost::default(), count, server, &servers, scripts, habits)
}

/// One register at a time.
const ONE: usize = 0;

/// As nodes have it.
const AGAIN: Range<Duration> = milliseconds(50, 50);

/// The number of the store that each server has at first. One that was lost has another.
const FIRST_STORE: u64 = 1;

/// Registers with all that is claimed of them, and the facts that must be reachable. Each client
/// asks another server first.
fn checked(
    name: &str,
    rules: Book,
    servers: usize,
    scripts: &[&[Command]],
    facts: &[Fact],
) -> AbdSpec {
    let is_durable = keeps_all_durable(&rules);
    let suspended = suspended(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let mut spec = Spec::new(name, system(rules, servers, scripts), servers)
        .claims(claims.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(ghost::observe)
        .may_end();
    spec.storages = vec![Some(Storage::of(FIRST_STORE)); servers];
    for (number, client) in clients_mut(&mut spec).enumerate() {
        client.servers.rotate_left(number % servers);
    }
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// True if all that is durable survives a crash by `rules`.
fn keeps_all_durable(rules: &Book) -> bool {
    let durable = [Rule::TagSurvivesCrash, Rule::LivesSurviveCrash, Rule::SaveBeforeSend];
    durable.into_iter().all(|rule| rules.keeps(rule))
}

/// True if two states of a member say the same about what survives a crash.
pub fn same_durable(one: &MemberState<Kv>, other: &MemberState<Kv>) -> bool {
    match (one, other) {
        (member::State::Server(one), member::State::Server(other)) => one.storage == other.storage,
        _ => true,
    }
}
