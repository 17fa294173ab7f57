//! Within which bounds ZAB is checked.

pub mod live;
mod safety;
mod zookeeper;

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Condition, System};
use super::rules::Rule;
use super::{Elections, Flow, Server, Timing, Zab};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::protocol::milliseconds;
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
    safety::all().into_iter().chain(zookeeper::all()).chain(live::all()).collect()
}

/// `count` servers and clients with these scripts, which ask the servers of the numbers `asked`, or
/// any.
fn system(
    rules: Book,
    count: usize,
    elections: Elections,
    (flow, snapshot_after): (Flow, Option<usize>),
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
    let timing = Timing {
        finalize: milliseconds(50, 50),
        again: milliseconds(50, 50),
        census: milliseconds(200, 200),
        silence: milliseconds(150, 300),
    };
    let server =
        Server { servers: servers.clone(), timing, elections, flow, snapshot_after, rules };
    crate::system::system(Arc::new(Ghost::default()), count, server, &asked, scripts, habits)
}
