//! Within which bounds primary and backup are checked.

pub mod custom;
pub mod live;
mod safety;

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Condition, System};
use super::rules::Rule;
use super::view::View;
use super::{MemberState, PrimaryBackup, Server, Timing};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::protocol::Settings;
use crate::rules::{AllBut, RuleBook};
use crate::system::Boxed;

pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// A spec of primary and backup that replicates the key-value store.
pub type PrimaryBackupSpec = Spec<PrimaryBackup<Checked>, (), Arc<Ghost>>;

impl Boxed for PrimaryBackupSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<PrimaryBackup<Checked>, (), Arc<Ghost>>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// True if two states of a member say the same about what survives a crash. How often a server has
/// started is one more after each start.
pub fn same_durable(one: &MemberState<Kv>, other: &MemberState<Kv>) -> bool {
    let of_service = |state: &MemberState<Kv>| {
        let service = state.server()?.service()?;
        Some((service.view, service.is_acknowledged))
    };
    of_service(one) == of_service(other)
}

/// How a cluster begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Beginning {
    /// With a primary and a backup, whose databases are empty.
    #[default]
    SetUp,
    /// With servers that are idle: the first that is heard is primary, as in the lab.
    Idle,
}

/// The view service, `count` servers, and clients with these scripts, who know the servers and then
/// the view service.
fn system(
    rules: Book,
    count: usize,
    beginning: Beginning,
    scripts: &[&[Command]],
) -> System<Checked> {
    let members: Vec<Id> = (0..=count).map(Id::from).collect();
    let asked: Vec<Id> = members[1..].iter().chain(&members[..1]).copied().collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let first_view = match beginning {
        Beginning::SetUp => View::first(members[1], members[2]),
        Beginning::Idle => View::default(),
    };
    let timing = Timing::of(&Settings::default());
    let server = Server { members, first_view, timing, rules };
    crate::system::system(Arc::new(Ghost::default()), count + 1, server, &asked, scripts, habits)
}
