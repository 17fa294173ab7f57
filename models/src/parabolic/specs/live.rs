//! What is checked of PARABOLIC on the clock, with which bounds: as written, and confirmed by
//! votes. Time moves in ticks of 50 ms, in which every server speaks once.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Cut, Faults, Restless, Sees, Timely};

use super::{A_LEADER, Book, EVERY_RULE, Fact, ParabolicSpec, TWO_STAND, VOTES, servers};
use crate::election::{self, ALL_FOLLOW, LEADER_STAYS, ONE_LEADER};
use crate::parabolic::Timer;
use crate::parabolic::rules::Rule;
use crate::rules::AllBut;
use crate::system::Boxed;

/// What is claimed beside a leader in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promise {
    #[default]
    Nothing,
    /// [`ONE_LEADER`], always.
    OneLeader,
    /// [`LEADER_STAYS`], always.
    LeaderStays,
}

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    /// What each server weighs.
    pub weights: &'a [u8],
    /// Whether the best must be confirmed by a majority, which the article does not ask for.
    pub confirms: bool,
    pub promise: Promise,
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            weights: &[3, 2, 1],
            confirms: true,
            promise: Promise::Nothing,
            early: 0,
            faults: Faults::NONE,
            recovery: None,
            cut: None,
        }
    }
}

/// As short as they can be and still tell one that speaks from one that is dead.
fn range(timer: &Timer) -> RangeInclusive<u8> {
    match timer {
        Timer::Speak => 1..=1,
        Timer::Silence(_) => 2..=3,
        Timer::Stand => 2..=2,
    }
}

/// More often than anybody stands again before it is confirmed, when all is calm.
const ENDLESS: u8 = 6;

/// Servers within `bounds`, on the clock.
pub fn parabolic(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ParabolicSpec {
    let AllBut(mut lacking) = rules;
    if !bounds.confirms {
        lacking.extend(VOTES);
    }
    let spec = servers(name, AllBut(lacking), bounds.weights)
        .claims(facts.iter().copied())
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            early: bounds.early,
            recovery: bounds.recovery,
            restless: Some(Restless {
                name: "new stands",
                timers: |timer| *timer == Timer::Stand,
                bound: ENDLESS,
            }),
            ..Timely::of(range)
        })
        .eventually_always(ALL_FOLLOW, Sees::ACTORS, election::all_follow_one);
    let spec = match bounds.promise {
        Promise::Nothing => spec,
        Promise::OneLeader => spec.claim(election::one_leader()),
        Promise::LeaderStays => spec.claim(election::leader_stays()).ghost(election::observe),
    };
    if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// Two servers, the first of which is the better, as the article has them.
const TWO: Bounds<'static> = Bounds {
    weights: &[2, 1],
    confirms: false,
    promise: Promise::Nothing,
    early: 0,
    faults: Faults::NONE,
    recovery: None,
    cut: None,
};

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        as_written().boxed(),
        silent().boxed(),
        tie().boxed(),
        own_load().boxed(),
        deposes().boxed(),
        cut_off().boxed(),
        eventual().counts(30_542, 117_227).boxed(),
        failover().counts(687_716, 5_446_283).boxed(),
        stable().counts(39_098, 123_600).boxed(),
    ]
}

/// Whoever takes the best one for silent leads beside it.
pub fn as_written() -> ParabolicSpec {
    let bounds = Bounds { promise: Promise::OneLeader, early: 1, ..TWO };
    parabolic("parabolic/as-written-live", EVERY_RULE, bounds, &[A_LEADER])
        .summary("each leads its own list: whoever misses the best one leads beside it")
        .expect_violation(ONE_LEADER)
}

/// All stop speaking when there is a leader, as the article says.
pub fn silent() -> ParabolicSpec {
    parabolic("parabolic/silent-live", AllBut(vec![Rule::HeartbeatsGoOn]), TWO, &[A_LEADER])
        .summary("when all stop speaking, each is soon alone on its list, and leads")
        .may_end()
        .expect_violation(ALL_FOLLOW)
}

/// Nothing is said of two that are as probable.
pub fn tie() -> ParabolicSpec {
    let bounds = Bounds { weights: &[1, 1], ..TWO };
    parabolic("parabolic/tie-live", AllBut(vec![Rule::TieById]), bounds, &[A_LEADER])
        .summary("two that are as probable both find that nobody is more probable")
        .expect_violation(ALL_FOLLOW)
}

/// A server's load is its weight, and nobody knows it so well as the server itself.
pub fn own_load() -> ParabolicSpec {
    parabolic("parabolic/own-load-live", AllBut(vec![Rule::SameWeights]), TWO, &[A_LEADER])
        .summary("weights on which the servers do not agree make each the best in its own eyes")
        .expect_violation(ALL_FOLLOW)
}

/// The best one is back, and its place is not free.
pub fn deposes() -> ParabolicSpec {
    let recovery = Some(1..=4);
    let bounds = Bounds { promise: Promise::LeaderStays, faults: CRASH, recovery, ..TWO };
    let rules = AllBut(vec![Rule::StaysWhileTrusted]);
    parabolic("parabolic/deposes-live", rules, bounds, &[A_LEADER])
        .summary("a server that comes back deposes a leader that has done nothing wrong")
        .expect_violation(LEADER_STAYS)
}

/// Each side of a cut elects the best of its own.
pub fn cut_off() -> ParabolicSpec {
    let cut = Some(Cut::between([0], [1, 2]));
    let bounds = Bounds { promise: Promise::OneLeader, weights: &[3, 2, 1], cut, ..TWO };
    parabolic("parabolic/cut-off-live", EVERY_RULE, bounds, &[A_LEADER])
        .summary("each side of a cut elects the best of its own, and so does a side of one")
        .expect_violation(ONE_LEADER)
        .expect_violation(ALL_FOLLOW)
}

/// What it does promise.
pub fn eventual() -> ParabolicSpec {
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { confirms: false, early: 1, faults, ..Bounds::default() };
    parabolic("parabolic/eventual-live", EVERY_RULE, bounds, &[A_LEADER])
        .summary("in the end all follow one leader: an election by rank promises this and no more")
        .worst_case(ALL_FOLLOW, Sees::ACTORS, election::all_follow_one)
}

/// With votes, a server dies for good, and one is taken for dead.
pub fn failover() -> ParabolicSpec {
    let bounds = Bounds { early: 1, faults: CRASH, ..Bounds::default() };
    parabolic("parabolic/failover-live", EVERY_RULE, bounds, &[A_LEADER, TWO_STAND])
        .summary("with votes a server dies for good, and the others follow a leader")
        .worst_case(ALL_FOLLOW, Sees::ACTORS, election::all_follow_one)
}

/// With votes, a server comes back, and a leader that is up leads on.
pub fn stable() -> ParabolicSpec {
    let (promise, recovery) = (Promise::LeaderStays, Some(1..=4));
    let bounds = Bounds { promise, faults: CRASH, recovery, ..Bounds::default() };
    parabolic("parabolic/stable-live", EVERY_RULE, bounds, &[A_LEADER])
        .summary("with votes a server comes back, and whoever leads leads on")
}
