//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{A_LEADER, Book, EVERY_RULE, Fact, Graph, HearsaySpec, LED_AGAIN, TWO_STAND, servers};
use crate::election;
use crate::hearsay::Timer;
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub servers: usize,
    pub graph: Graph,
    /// Whether votes are told to all neighbours, which pass them on.
    pub passes_on: bool,
    /// How often servers stand, in total.
    pub stands: u8,
    /// How often leaders are heard again, in total.
    pub heartbeats: u8,
    pub faults: Faults,
}

impl Default for Bounds {
    fn default() -> Self {
        let (graph, faults) = (Graph::Full, Faults::NONE);
        Bounds { servers: 3, graph, passes_on: false, stands: 2, heartbeats: 0, faults }
    }
}

/// Servers within `bounds`: their safety, and the facts that must be reachable.
pub fn hearsay(name: &str, rules: Book, bounds: Bounds, facts: &[Fact]) -> HearsaySpec {
    servers(name, rules, bounds.servers, bounds.graph, bounds.passes_on)
        .claim(election::one_leader_an_epoch())
        .claims(facts.iter().copied())
        .ghost(election::observe)
        .may_end()
        .faults(bounds.faults)
        .timeouts("elections", |timer| *timer == Timer::Election, bounds.stands)
        .timeouts("heartbeats", |timer| *timer == Timer::Heartbeat, bounds.heartbeats)
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        repaired().counts(688_606, 1_586_502).boxed(),
        lossy().counts(133_465, 435_828).boxed(),
        row().counts(619, 1_092).boxed(),
        passed_on().counts(487_011, 1_513_292).boxed(),
    ]
}

/// The last rung.
pub fn repaired() -> HearsaySpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { stands: 3, faults, ..Bounds::default() };
    hearsay("hearsay/repaired", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_STAND])
        .summary("all repairs together are Raft's election: one leader an epoch, crashes or not")
}

/// A message is lost, and another one arrives twice.
pub fn lossy() -> HearsaySpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { stands: 2, heartbeats: 1, faults, ..Bounds::default() };
    hearsay("hearsay/lossy", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_STAND])
        .summary("a lost message, a doubled one, and one leader an epoch")
}

/// The graph in which a majority of neighbours is no majority.
pub fn row() -> HearsaySpec {
    let bounds = Bounds { servers: 4, graph: Graph::Row, stands: 2, ..Bounds::default() };
    hearsay("hearsay/row", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_STAND])
        .summary("servers that know only some of the others elect one of those who know enough")
}

/// Votes are told to all, and passed on. Of three servers any two are a majority, and nothing that
/// is told at second hand could break that: there are four.
pub fn passed_on() -> HearsaySpec {
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let (servers, graph) = (4, Graph::Bridged);
    let bounds = Bounds { servers, graph, passes_on: true, faults, ..Bounds::default() };
    hearsay("hearsay/passed-on", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_STAND])
        .summary("a vote may come by way of others, where it names its voter and counts once")
}
