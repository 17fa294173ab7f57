//! Within which bounds PARABOLIC is checked: as written, and confirmed by votes.

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

/// What the article does not have: without these it is an election by rank among those who are
/// heard, which promises a leader in the end and nothing else.
pub const VOTES: &[Rule] =
    &[Rule::MajorityConfirms, Rule::OneConfirmationPerEpoch, Rule::ConfirmationSurvivesCrash];

/// A spec of PARABOLIC.
pub type ParabolicSpec = Spec<Server, (), Past>;

impl Boxed for ParabolicSpec {
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
const LED_AGAIN: Fact = fact("a later leader", election::led_again);
const TWO_STAND: Fact = fact("two stand in one epoch", two_stand);

/// Two servers stand in one epoch.
fn two_stand(_: &System<Server>, state: &SystemState<Server>) -> bool {
    let standing = state.actor_states.iter().filter(|server| server.stands());
    election::share_one(standing.map(|server| server.durable.epoch))
}

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    let speak = Duration::from_millis(50);
    Timing { speak, silence: 2 * speak..3 * speak, stand: 2 * speak }
}

/// All specs.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let mut all = live::listed();
    all.extend(safety::listed());
    all
}

/// Servers with these weights, with nothing said about timing, faults and claims.
fn servers(name: &str, rules: Book, weights: &[u8]) -> ParabolicSpec {
    let members: Vec<Id> = (0..weights.len()).map(Id::from).collect();
    let suspended = suspended(&rules);
    let is_durable =
        rules.keeps(Rule::ConfirmationSurvivesCrash) && rules.keeps(Rule::SaveBeforeSend);
    let weights = members.iter().copied().zip(weights.iter().copied()).collect();
    let count = members.len();
    let server = Server { members, weights, timing: timing(), rules };
    let servers = std::iter::repeat_n(server, count);
    let system = ActorModel::new((), Past::default()).actors(servers);
    let spec = Spec::new(name, system, count).suspending(suspended);
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// True if two states of a server say the same about what survives a crash. How many times it has
/// started is one more after the crash.
pub fn same_durable(one: &State, other: &State) -> bool {
    let (one, other) = (&one.durable, &other.durable);
    (one.epoch, one.confirmed) == (other.epoch, other.confirmed)
}
