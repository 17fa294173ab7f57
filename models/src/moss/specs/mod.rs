//! Within which bounds MOSS is checked: with locks alone, with locks that time out, and with an
//! epoch for each lock.

pub mod live;
mod safety;

use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Spec};
use stateright::actor::{ActorModel, Id};

use super::rules::Rule;
use super::state::State;
use super::{Server, Timing};
use crate::election::{self, ClaimOf, Condition, Past, SEEN, System, SystemState};
use crate::rules::{AllBut, RuleBook};
use crate::system::{Boxed, suspended};

pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What a design makes of the locks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Design {
    /// The article's: all locks are needed, and are held for ever.
    Locks,
    /// A lock that is silent is not waited for.
    TimedLocks,
    /// The repair: a majority of the locks in an epoch.
    #[default]
    Epochs,
}

impl Design {
    /// The rules that it has not.
    fn lacks(self) -> &'static [Rule] {
        match self {
            Design::Locks => {
                &[Rule::LocksTimeOut, Rule::AsksAgain, Rule::MajorityOfLocks, Rule::EpochWithLock]
            }
            Design::TimedLocks => &[Rule::MajorityOfLocks, Rule::EpochWithLock],
            Design::Epochs => &[],
        }
    }

    /// The rules of this design that are in `rules`.
    fn within(self, rules: Book) -> Book {
        let AllBut(mut lacking) = rules;
        lacking.extend(self.lacks());
        AllBut(lacking)
    }
}

/// A spec of MOSS.
pub type MossSpec = Spec<Server, (), Past>;

impl Boxed for MossSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// A fact, which must be reachable.
pub type Fact = ClaimOf<Server>;

/// A fact about who is in which state, and about what happened.
const fn fact(name: &'static str, condition: Condition<Server>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

const A_LEADER: Fact = fact(election::A_LEADER, election::a_leader_is_up);
const LED: Fact = fact("somebody leads", election::a_leader_is_up);
const LED_AGAIN: Fact = fact("a later leader", election::led_again);
const TWO_ASK: Fact = fact("two ask at once", two_ask);
const ONE_WAITS: Fact = fact("an ask waits", one_waits);

/// Two servers ask for locks.
fn two_ask(_: &System<Server>, state: &SystemState<Server>) -> bool {
    state.actor_states.iter().filter(|server| server.asks_with().is_some()).count() > 1
}

/// An ask waits for a lock.
fn one_waits(_: &System<Server>, state: &SystemState<Server>) -> bool {
    state.actor_states.iter().any(|server| !server.waiting.is_empty())
}

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    let beat = Duration::from_millis(50);
    Timing { beat, want: 2 * beat..3 * beat }
}

/// All specs.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let mut all = safety::listed();
    all.extend(live::listed());
    all
}

/// Servers, with nothing said about timing, faults and claims. They stand in a row, and those that
/// know only their neighbours know the one before and the one after.
fn servers(name: &str, rules: Book, count: usize) -> MossSpec {
    let members: Vec<Id> = (0..count).map(Id::from).collect();
    let suspended = suspended(&rules);
    let is_durable = rules.keeps(Rule::LockSurvivesCrash) && rules.keeps(Rule::SaveBeforeSend);
    let server = |own: usize| {
        let neighbours = (0..count).filter(|other| own.abs_diff(*other) == 1).map(Id::from);
        let (members, rules) = (members.clone(), rules.clone());
        Server { members, neighbours: neighbours.collect(), timing: timing(), rules }
    };
    let system = ActorModel::new((), Past::default()).actors((0..count).map(server));
    let spec = Spec::new(name, system, count).suspending(suspended);
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// True if two states of a server say the same about what survives a crash.
pub fn same_durable(one: &State, other: &State) -> bool {
    one.durable == other.durable
}
