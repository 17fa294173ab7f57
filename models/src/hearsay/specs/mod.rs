//! Within which bounds the hearsay election is checked, rung by rung.

mod ladder;
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

pub use ladder::*;
pub use safety::*;

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol, which is Raft's election.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// A spec of the hearsay election, or of a repair of it.
pub type HearsaySpec = Spec<Server, (), Past>;

impl Boxed for HearsaySpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// Who is whose neighbour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Graph {
    /// Each of all others.
    #[default]
    Full,
    /// Each of all others, but the first and the last do not know each other.
    Bridged,
    /// The servers stand in a row, and each knows the one before and the one after it.
    Row,
}

impl Graph {
    fn are_neighbours(self, one: usize, other: usize) -> bool {
        match self {
            Graph::Full => one != other,
            Graph::Bridged => one != other && one + other != 3,
            Graph::Row => one.abs_diff(other) == 1,
        }
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

/// Two servers stand for election in one epoch.
fn two_stand(_: &System<Server>, state: &SystemState<Server>) -> bool {
    let standing = state.actor_states.iter().filter(|server| server.stands());
    election::share_one(standing.map(|server| server.durable.epoch))
}

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    let heartbeat = Duration::from_millis(50);
    Timing { heartbeat, election: 2 * heartbeat..3 * heartbeat }
}

/// All specs, from the lowest rung to the highest.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    let mut all = ladder::listed();
    all.extend(safety::listed());
    all.extend(live::listed());
    all
}

/// Servers, with nothing said about timing, faults and claims.
fn servers(name: &str, rules: Book, count: usize, graph: Graph, passes_on: bool) -> HearsaySpec {
    let members: Vec<Id> = (0..count).map(Id::from).collect();
    let suspended = suspended(&rules);
    let is_durable = rules.keeps(Rule::VoteSurvivesCrash) && rules.keeps(Rule::SaveBeforeSend);
    let server = |own: usize| {
        let others = (0..count).filter(|other| graph.are_neighbours(own, *other));
        let neighbours = others.map(Id::from).collect();
        let (members, rules) = (members.clone(), rules.clone());
        Server { members, neighbours, passes_on, timing: timing(), rules }
    };
    let system = ActorModel::new((), Past::default()).actors((0..count).map(server));
    let spec = Spec::new(name, system, count).suspending(suspended);
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// True if two states of a server say the same about what survives a crash.
pub fn same_durable(one: &State, other: &State) -> bool {
    one.durable == other.durable
}
