//! Within which bounds ZAB is checked.

pub mod custom;
pub mod live;
pub mod reads;
mod safety;
pub mod votes;
mod zookeeper;

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Condition, System};
use super::compaction::Compaction;
use super::rules::Rule;
use super::state::Storage;
use super::{Elections, Flow, Server, Timing, Zab};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::protocol::Settings;
use crate::rules::{AllBut, RuleBook};
use crate::system::Boxed;

pub use safety::*;
pub use zookeeper::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// A spec of ZAB that replicates the key-value store.
pub type ZabSpec = Spec<Zab<Checked>, (), Arc<Ghost>>;

impl Boxed for ZabSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<Zab<Checked>, (), Arc<Ghost>>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// The specs of ZAB.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let safe =
        safety::all().into_iter().chain(zookeeper::all()).chain(reads::all()).chain(votes::all());
    safe.chain(live::all()).collect()
}

/// The number of the store that each server begins with. A wiped one begins with another.
pub const FIRST_STORE: u64 = 1;

/// What is on the disks of `count` servers before they start: nothing of those further on.
fn storages(count: usize, disks: &[Disk<'_>]) -> Vec<Option<Storage<Kv>>> {
    let rest = std::iter::repeat(Disk::default());
    disks.iter().copied().chain(rest).take(count).map(|disk| Some(disk.storage())).collect()
}

/// `count` servers and clients with these scripts, which ask the servers of the numbers `asked`, or
/// any.
fn system(
    rules: Book,
    count: usize,
    elections: Elections,
    (flow, compaction): (Flow, Option<Compaction>),
    (asked, scripts): (&[usize], &[&[Command]]),
) -> System<Checked> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let asked = asked.iter().map(|number| Id::from(*number)).collect::<Vec<_>>();
    let asked = if asked.is_empty() { servers.clone() } else { asked };
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let timing = Timing::of(&Settings::default());
    let first_stores = servers.iter().map(|id| (*id, FIRST_STORE)).collect();
    let follower_reads = false;
    let server = Server {
        servers,
        timing,
        elections,
        flow,
        compaction,
        follower_reads,
        first_stores,
        rules,
    };
    crate::system::system(Arc::new(Ghost::default()), count, server, &asked, scripts, habits)
}
