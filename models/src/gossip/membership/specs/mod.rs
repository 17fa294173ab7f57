//! Within which bounds membership is checked.

pub mod live;
pub mod safety;

use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::{ActorModel, Id};

use super::claims::ghost::{self, Ghost};
use super::claims::properties::{self, Named, System};
use super::rules::Rule;
use super::{Server, Settings, Timing};
use crate::rules::AllBut;
use crate::system::{Boxed, suspended};

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// A spec of membership.
pub type MembershipSpec = Spec<Server<Book>, (), Ghost>;

impl Boxed for MembershipSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A tick of the specs on the node: half a period, after which an answer is overdue.
pub const TICK: Duration = Duration::from_millis(500);

/// Whom members know when they start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Contacts {
    /// All.
    #[default]
    All,
    /// The first member, which knows nobody.
    First,
    /// The first member knows all, and the others know nobody.
    KnownToFirst,
}

/// One relay is asked, and news is told twice.
pub const SETTINGS: Settings = Settings { relays: 1, tellings: 2, room: 10, patience: 0 };

/// So many members, their safety, and facts that must be reachable.
pub fn checked(
    name: &str,
    rules: Book,
    servers: usize,
    contacts: Contacts,
    settings: Settings,
    forgets: bool,
    facts: &[Named<Book>],
) -> MembershipSpec {
    let suspended = suspended(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let facts = facts.iter().map(|(name, fact)| Claim::reachable(name, SEEN, *fact));
    Spec::new(name, system(rules, servers, contacts, settings, forgets), servers)
        .claims(claims.chain(facts))
        .suspending(suspended)
        .ghost(ghost::observe)
}

fn system(
    rules: Book,
    servers: usize,
    contacts: Contacts,
    settings: Settings,
    forgets: bool,
) -> System<Book> {
    let timing = Timing {
        period: 2 * TICK,
        direct: TICK,
        suspicion: 7 * TICK,
        grace: forgets.then_some(8 * TICK),
    };
    let members = (0..servers).map(|number| {
        let known = match contacts {
            Contacts::All => servers,
            Contacts::First => 1,
            Contacts::KnownToFirst if number == 0 => servers,
            Contacts::KnownToFirst => 0,
        };
        let contacts = (0..known).map(Id::from).collect();
        Server { contacts, timing, settings, rules: rules.clone() }
    });
    ActorModel::new((), Ghost::default()).actors(members)
}

/// The specs of membership. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let mut specs = safety::all();
    specs.extend(live::all());
    specs
}
