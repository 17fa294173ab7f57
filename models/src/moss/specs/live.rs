//! What is checked of MOSS on the clock, with which bounds. Time moves in ticks of one heartbeat
//! interval.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Faults, Restless, Sees, Timely};

use super::{Book, Design, EVERY_RULE, Fact, LED, MossSpec, ONE_WAITS, TWO_ASK, servers};
use crate::election::{self, ALL_FOLLOW, ONE_LEADER};
use crate::moss::Timer;
use crate::moss::rules::Rule;
use crate::rules::AllBut;
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub servers: usize,
    pub design: Design,
    /// Whether [`ONE_LEADER`] is claimed, too.
    pub is_exclusive: bool,
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
}

impl Default for Bounds {
    fn default() -> Self {
        let (design, faults) = (Design::Epochs, Faults::NONE);
        Bounds { servers: 3, design, is_exclusive: false, early: 0, faults, recovery: None }
    }
}

/// As short as they can be and still tell a live leader from a dead one.
fn range(timer: &Timer) -> RangeInclusive<u8> {
    match timer {
        Timer::Beat => 1..=1,
        Timer::Want => 2..=3,
    }
}

/// More often than leaders or locks are missed before one leads, when all is calm.
const ENDLESS: u8 = 10;

/// Servers within `bounds`, on the clock.
pub fn moss(name: &str, rules: Book, bounds: Bounds, facts: &[Fact]) -> MossSpec {
    let spec = servers(name, bounds.design.within(rules), bounds.servers)
        .claims(facts.iter().copied())
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            early: bounds.early,
            recovery: bounds.recovery,
            restless: Some(Restless {
                name: "leaders missed",
                timers: |timer| *timer == Timer::Want,
                bound: ENDLESS,
            }),
            ..Timely::of(range)
        })
        .eventually(election::A_LEADER, Sees::ACTORS, election::a_leader_is_up)
        .eventually_always(ALL_FOLLOW, Sees::ACTORS, election::all_follow_one);
    if bounds.is_exclusive { spec.claim(election::one_leader()) } else { spec }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// Two servers, with locks alone.
const TWO: Bounds = Bounds {
    servers: 2,
    design: Design::Locks,
    is_exclusive: true,
    early: 0,
    faults: Faults::NONE,
    recovery: None,
};

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        deadlock().boxed(),
        calm().counts(3_550, 11_478).boxed(),
        blocked().boxed(),
        times_out().boxed(),
        eventual().counts(24_522, 67_433).boxed(),
        failover().counts(42_642, 187_718).boxed(),
        rejoin().counts(472_614, 2_176_417).boxed(),
    ]
}

/// Nobody gives way.
pub fn deadlock() -> MossSpec {
    let bounds = Bounds { early: 1, ..TWO };
    moss("moss/deadlock-live", AllBut(vec![Rule::OlderAskFirst]), bounds, &[TWO_ASK])
        .summary("each of two servers holds its own lock and waits for the other's")
        .may_end()
        .expect_violation(election::A_LEADER)
        .expect_violation(ALL_FOLLOW)
}

/// Locks alone, and nobody crashes.
pub fn calm() -> MossSpec {
    let bounds = Bounds { servers: 3, early: 1, ..TWO };
    moss("moss/calm-live", EVERY_RULE, bounds, &[TWO_ASK, ONE_WAITS])
        .summary("as long as nobody crashes one server has all locks, and all follow it")
        .worst_case(election::A_LEADER, Sees::ACTORS, election::a_leader_is_up)
}

/// Locks alone, and one crashes for good.
pub fn blocked() -> MossSpec {
    let bounds = Bounds { faults: CRASH, ..TWO };
    moss("moss/blocked-live", EVERY_RULE, bounds, &[LED])
        .summary("the locks of a dead server do not come back: nobody leads ever again")
        .may_end()
        .expect_violation(election::A_LEADER)
        .expect_violation(ALL_FOLLOW)
}

/// Locks that time out, and nothing else.
pub fn times_out() -> MossSpec {
    let bounds = Bounds { design: Design::TimedLocks, early: 2, ..TWO };
    moss("moss/times-out-live", EVERY_RULE, bounds, &[LED])
        .summary("locks that time out are taken from a leader that is slow: two lead")
        .expect_violation(ONE_LEADER)
}

/// What locks that time out do promise.
pub fn eventual() -> MossSpec {
    let (design, faults) = (Design::TimedLocks, CRASH);
    let bounds = Bounds { design, early: 1, faults, ..Bounds::default() };
    moss("moss/eventual-live", EVERY_RULE, bounds, &[TWO_ASK, ONE_WAITS])
        .summary("in the end all follow one leader: locks that time out promise this and no more")
        .worst_case(ALL_FOLLOW, Sees::ACTORS, election::all_follow_one)
}

/// The repair: a server dies for good, and a timer fires too soon.
pub fn failover() -> MossSpec {
    let bounds = Bounds { early: 1, faults: CRASH, ..Bounds::default() };
    moss("moss/failover-live", EVERY_RULE, bounds, &[TWO_ASK, ONE_WAITS])
        .summary("with epochs a server dies for good, and the others follow a leader")
        .worst_case(election::A_LEADER, Sees::ACTORS, election::a_leader_is_up)
}

/// The repair: a server comes back, and a message is lost.
pub fn rejoin() -> MossSpec {
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { faults, recovery: Some(1..=4), ..Bounds::default() };
    moss("moss/rejoin-live", EVERY_RULE, bounds, &[TWO_ASK])
        .summary("with epochs a server comes back, a message is lost, and all follow a leader")
}
