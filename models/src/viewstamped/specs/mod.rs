//! Within which bounds Viewstamped Replication is checked.

pub mod custom;
mod disks;
mod epochs;
pub mod live;
mod paper;
mod safety;

use std::sync::Arc;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Condition, System};
use super::group::Group;
use super::rules::Rule;
use super::state::Storage;
use super::{Limits, Server, Timing, Viewstamped};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::protocol::Settings;
use crate::rules::{AllBut, RuleBook};
use crate::system::Boxed;

pub use disks::*;
pub use epochs::*;
pub use paper::*;
pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the replicas of the specs are made for.
pub type Checked = (Kv, Book);

/// A spec of Viewstamped Replication that replicates the key-value store.
pub type ViewstampedSpec = Spec<Viewstamped<Checked>, (), Arc<Ghost>>;

impl Boxed for ViewstampedSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<Viewstamped<Checked>, (), Arc<Ghost>>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// The specs of Viewstamped Replication.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let safety = safety::all().into_iter().chain(paper::all());
    safety.chain(disks::all()).chain(live::all()).chain(epochs::all()).collect()
}

/// The number of the store that each replica begins with. A wiped one begins with another.
const FIRST_STORE: u64 = 1;

/// What is on the disks of `count` replicas before they start.
fn disks(count: usize) -> Vec<Option<Storage<Command>>> {
    vec![Some(Storage::of(FIRST_STORE)); count]
}

/// `count` replicas and clients with these scripts.
fn system(
    rules: Book,
    count: usize,
    scripts: &[&[Command]],
    (limits, on_disk): (Limits, bool),
) -> System<Checked> {
    let replicas: Vec<Id> = (0..count).map(Id::from).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let timing = Timing::of(&Settings::default());
    let stores = replicas.iter().map(|id| (*id, FIRST_STORE)).collect();
    let founders = Group::of_founders(replicas.clone(), stores);
    let server = Server { founders, least: 1, timing, limits, on_disk, rules };
    crate::system::system(Arc::new(Ghost::default()), count, server, &replicas, scripts, habits)
}
