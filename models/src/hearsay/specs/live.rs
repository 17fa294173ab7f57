//! What is checked of the liveness of the last rung, with which bounds. Time moves in ticks of one
//! heartbeat interval.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Faults, Restless, Sees, Timely};

use super::{Book, EVERY_RULE, Fact, Graph, HearsaySpec, TWO_STAND, servers};
use crate::election::{self, A_LEADER, ALL_FOLLOW};
use crate::hearsay::Timer;
use crate::hearsay::rules::Rule;
use crate::rules::AllBut;
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub servers: usize,
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { servers: 3, early: 0, faults: Faults::NONE, recovery: None }
    }
}

/// As short as they can be and still tell a live leader from a dead one.
fn range(timer: &Timer) -> RangeInclusive<u8> {
    match timer {
        Timer::Heartbeat => 1..=1,
        Timer::Election => 2..=3,
    }
}

/// More elections than it takes any server to win one when all is calm.
const ENDLESS: u8 = 8;

/// Servers within `bounds`, on the clock: what must happen whatever the faults were.
pub fn hearsay(name: &str, rules: Book, bounds: Bounds, facts: &[Fact]) -> HearsaySpec {
    servers(name, rules, bounds.servers, Graph::Full, false)
        .claims(facts.iter().copied())
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            early: bounds.early,
            recovery: bounds.recovery,
            restless: Some(Restless {
                name: "elections",
                timers: |timer| *timer == Timer::Election,
                bound: ENDLESS,
            }),
            ..Timely::of(range)
        })
        .eventually(A_LEADER, Sees::ACTORS, election::a_leader_is_up)
        .eventually_always(ALL_FOLLOW, Sees::ACTORS, election::all_follow_one)
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        silence().boxed(),
        failover().counts(9_955, 41_652).boxed(),
        lossy().counts(36_385, 118_839).boxed(),
    ]
}

/// The article lets everybody stop sending when there is a leader.
pub fn silence() -> HearsaySpec {
    let bounds = Bounds { faults: CRASH, ..Bounds::default() };
    hearsay("hearsay/silence-live", AllBut(vec![Rule::LeaderIsHeard]), bounds, &[])
        .summary("a leader that has said once that it leads cannot be told from a dead one")
        .expect_violation(ALL_FOLLOW)
}

/// A server goes for good, the leader among others.
pub fn failover() -> HearsaySpec {
    let bounds = Bounds { early: 1, faults: CRASH, ..Bounds::default() };
    hearsay("hearsay/failover-live", EVERY_RULE, bounds, &[TWO_STAND])
        .summary("a server dies for good, and the others have a leader and follow it")
        .worst_case(A_LEADER, Sees::ACTORS, election::a_leader_is_up)
}

/// A server crashes and comes back, and a message is lost.
pub fn lossy() -> HearsaySpec {
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { faults, recovery: Some(1..=4), ..Bounds::default() };
    hearsay("hearsay/lossy-live", EVERY_RULE, bounds, &[TWO_STAND])
        .summary("a server comes back, a message is lost, and all follow a leader all the same")
        .worst_case(A_LEADER, Sees::ACTORS, election::a_leader_is_up)
}
