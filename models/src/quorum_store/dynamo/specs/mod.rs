//! Within which bounds the leaderless store is checked.

pub mod broken;
pub mod live;
mod safety;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::{self, Ghost};
use super::claims::promises::{claims, is_promised};
use super::claims::properties::{Condition, System};
use super::object::{Command, Output};
use super::rules::Rule;
use super::state::{State, Storage};
use super::{Dynamo, Quorums, Resolution, Server, Timing};
use crate::client::Habits;
use crate::member;
use crate::protocol::milliseconds;
use crate::quorum_store::ring::Ring;
use crate::rules::{AllBut, RuleBook};
use crate::system::{Boxed, clients_mut, suspended};

pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// A spec of the store.
pub type DynamoSpec = Spec<Dynamo<Book>, (), Ghost>;

impl Boxed for DynamoSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<Dynamo<Book>, (), Ghost>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Book>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// All specs of the store.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let mut all = safety::listed();
    all.extend(broken::listed());
    all.extend(live::listed());
    all
}

/// The settings of which it is said what they promise, by the names that their specs have.
pub const SETTINGS: [(&str, Setting); 6] = [
    ("1-1", Setting::of(3, 1, 1)),
    ("1-3", Setting::of(3, 1, 3)),
    ("2-2", Setting::of(3, 2, 2)),
    ("3-1", Setting::of(3, 3, 1)),
    ("sloppy", Setting::of(3, 2, 2).sloppy()),
    ("last-write", Setting::of(3, 2, 2).last_write_wins()),
];

/// The setting of this name, of [`SETTINGS`].
///
/// # Panics
/// If there is none.
pub fn setting(name: &str) -> Setting {
    let found = SETTINGS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("no setting {name:?}")).1
}

/// What a store is set to, beside its rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub quorums: Quorums,
    pub resolution: Resolution,
}

impl Setting {
    /// Siblings stay, and what counts are homes.
    pub const fn of(n: usize, r: usize, w: usize) -> Self {
        let quorums = Quorums { n, r, w, is_sloppy: false };
        Setting { quorums, resolution: Resolution::ByClients }
    }

    /// What fallbacks keep counts.
    pub const fn sloppy(self) -> Self {
        Setting { quorums: Quorums { is_sloppy: true, ..self.quorums }, ..self }
    }

    /// The last write wins.
    pub const fn last_write_wins(self) -> Self {
        Setting { resolution: Resolution::LastWriteWins, ..self }
    }

    /// Whether this is promised if no server loses its store.
    pub fn promises(self, claim: &str) -> bool {
        is_promised(claim, self.quorums, self.resolution)
    }
}

/// `count` servers, and clients with these scripts, each of which may ask any of them. Each key has
/// the first servers for its homes, in their order.
fn system(rules: Book, setting: Setting, count: usize, scripts: &[&[Command]]) -> System<Book> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let Setting { quorums, resolution } = setting;
    let timing = Timing {
        late: milliseconds(50, 50),
        exchange: milliseconds(1000, 1000),
        sweep: milliseconds(60_000, 60_000),
    };
    let ring = Ring::in_order(servers.iter().copied());
    let server = Server { ring, quorums, resolution, timing, rules };
    crate::system::system(Ghost::default(), count, server, &servers, scripts, habits)
}

/// The number of the store that each server has at first. One that was lost has another.
const FIRST_STORE: u64 = 1;

/// A store with these claims, and the facts that must be reachable. Each client asks another server
/// first.
fn checked(
    name: &str,
    rules: Book,
    setting: Setting,
    servers: usize,
    scripts: &[&[Command]],
    claimed: impl Fn(&str) -> bool,
    facts: &[Fact],
) -> DynamoSpec {
    let is_durable = rules.keeps(Rule::StoreSurvivesCrash) && rules.keeps(Rule::SaveBeforeSend);
    let suspended = suspended(&rules);
    let claims = claims().into_iter().filter(|(name, _)| claimed(name));
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let mut spec = Spec::new(name, system(rules, setting, servers, scripts), servers)
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

/// True if two states of a member say the same about what survives a crash.
pub fn same_durable(
    one: &member::State<State, Output>,
    other: &member::State<State, Output>,
) -> bool {
    match (one, other) {
        (member::State::Server(one), member::State::Server(other)) => one.storage == other.storage,
        _ => true,
    }
}
