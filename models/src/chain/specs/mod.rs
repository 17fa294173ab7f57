//! Within which bounds chain replication is checked.

pub mod live;
mod safety;

use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Named, System};
use super::rules::Rule;
use super::{ChainMember, MemberState, Server, Timing};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::member;
use crate::rules::{AllBut, RuleBook};
use crate::system::Boxed;

pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// A spec of a chain that replicates the key-value store.
pub type ChainSpec = Spec<ChainMember<Checked>, (), Ghost>;

impl Boxed for ChainSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
fn fact((name, condition): &Named<Checked>) -> Claim<ChainMember<Checked>, (), Ghost> {
    Claim::reachable(name, SEEN, *condition)
}

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    let ping = Duration::from_millis(50);
    Timing { ping, dead: Duration::from_millis(100)..Duration::from_millis(150) }
}

/// The master, `count` servers, and clients with these scripts, who know the servers.
fn system(rules: Book, count: usize, scripts: &[&[Command]]) -> System<Checked> {
    let members: Vec<Id> = (0..=count).map(Id::from).collect();
    let asked = members[1..].to_vec();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let server = Server { members, timing: timing(), rules };
    crate::system::system(Ghost::default(), count + 1, server, &asked, scripts, habits)
}

/// True if two states of a member say the same about what survives a crash.
pub fn same_durable(one: &MemberState<Kv>, other: &MemberState<Kv>) -> bool {
    match (one, other) {
        (member::State::Server(one), member::State::Server(other)) => {
            one.master() == other.master()
        }
        _ => true,
    }
}
