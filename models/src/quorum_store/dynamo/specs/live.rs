//! What is checked of the liveness of the store, with which bounds. Time moves in ticks of 50 ms: a
//! client asks again after 100 ms, a coordinator is late after 50 ms. On the node stores are
//! compared less often than here.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Cut, Faults, Timely};

use super::{Book, DynamoSpec, EVERY_RULE, Fact, SEEN, SETTINGS, Setting, checked, fact, setting};
use crate::claims::all_answered;
use crate::member;
use crate::operator;
use crate::quorum_store::dynamo::Timer;
use crate::quorum_store::dynamo::claims::properties::{self, CONVERGED};
use crate::quorum_store::dynamo::object::{Command, delete as delete_of, get, put};
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub setting: Setting,
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
    /// Whether it is claimed that what was deleted is forgotten.
    pub forgets: bool,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            setting: Setting::of(3, 2, 2),
            servers: 3,
            scripts: &[],
            faults: Faults::NONE,
            recovery: None,
            cut: None,
            forgets: false,
        }
    }
}

pub const ALL_ANSWERED: &str = "all answered";
pub const FORGOTTEN: &str = "what was deleted is forgotten";

fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
        member::Timer::Server(timer) => match timer {
            Timer::Late => 1..=1,
            Timer::Exchange => 2..=2,
            Timer::Sweep => 3..=3,
        },
    }
}

/// A store within `bounds`, on the clock: each command is answered, and the homes of a key come to
/// hold the same.
pub fn dynamo(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> DynamoSpec {
    let Bounds { setting, servers, scripts, faults, recovery, cut, forgets } = bounds;
    let spec =
        checked(name, rules, setting, servers, scripts, |claim| setting.promises(claim), facts)
            .faults(faults)
            .timely(Timely { tick: Some(Duration::from_millis(50)), recovery, ..Timely::of(range) })
            .eventually(ALL_ANSWERED, SEEN, all_answered)
            .eventually_always(CONVERGED, SEEN, properties::converged);
    let spec = match forgets {
        true => spec.eventually_always(FORGOTTEN, SEEN, properties::all_forgotten),
        false => spec,
    };
    if let Some(cut) = cut { spec.cut(cut) } else { spec }
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    let mut all = vec![
        home_dies().counts(2_521, 6_567).boxed(),
        home_is_back().counts(1_981, 4_138).boxed(),
        two_die("quorum-store/dynamo-two-die-sloppy-live", setting("sloppy"))
            .summary("two of three homes die, and fallbacks answer in their place")
            .counts(5_173, 15_752)
            .boxed(),
        two_die("quorum-store/dynamo-two-die-live", setting("2-2"))
            .summary("two of three homes die, and no quorum of homes is left: nobody answers")
            .expect_violation(ALL_ANSWERED)
            .boxed(),
        delete().counts(102_002, 203_437).boxed(),
    ];
    let counts = [
        (4_634, 15_456),
        (5_938, 10_010),
        (2_940, 7_604),
        (4_634, 15_456),
        (7_996, 17_925),
        (3_572, 8_622),
    ];
    for ((name, setting), (states, transitions)) in SETTINGS.iter().zip(counts) {
        all.push(converges(name, *setting).counts(states, transitions).boxed());
    }
    all
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

/// Two write at once, and a message is lost.
pub fn converges(name: &str, setting: Setting) -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let servers = if setting.quorums.is_sloppy { 4 } else { 3 };
    let bounds = Bounds { setting, servers, scripts, faults: DROP, ..Bounds::default() };
    dynamo(&format!("quorum-store/dynamo-{name}-live"), EVERY_RULE, bounds, &[])
        .summary("two write at once, a message is lost, and the homes come to hold the same")
        .worst_case(CONVERGED, SEEN, properties::all_hold_the_same)
}

/// A home dies for good, and a fallback keeps what it misses.
pub fn home_dies() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { servers: 4, scripts, faults: CRASH, ..Bounds::default() };
    dynamo("quorum-store/dynamo-home-dies-live", EVERY_RULE, bounds, &[])
        .summary("a home dies for good, and each command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A home is cut off for a while, and is handed what it has missed.
pub fn home_is_back() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let cut = Some(Cut::between([0, 1, 3], [2]).healing(1..=3));
    let handed_off = fact("a hint is handed off", properties::handed_off);
    let bounds = Bounds { servers: 4, scripts, cut, ..Bounds::default() };
    dynamo("quorum-store/dynamo-handoff-live", EVERY_RULE, bounds, &[handed_off])
        .summary("a home is cut off, and a fallback hands it what it has missed")
        .worst_case(CONVERGED, SEEN, properties::all_hold_the_same)
}

/// Two homes of three die for good.
pub fn two_die(name: &str, setting: Setting) -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { crashes: 2, down_at_once: 2, ..Faults::NONE };
    let bounds = Bounds { setting, servers: 4, scripts, faults, ..Bounds::default() };
    dynamo(name, EVERY_RULE, bounds, &[])
}

/// A key is deleted while a home is cut off, and forgotten when it is back.
pub fn delete() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x"), delete_of("x")]];
    let cut = Some(Cut::between([0, 1, 3], [2]).healing(3..=4));
    let bounds = Bounds { servers: 4, scripts, cut, forgets: true, ..Bounds::default() };
    dynamo("quorum-store/dynamo-delete-live", EVERY_RULE, bounds, &[]).summary(
        "a key is deleted while a home is cut off, and is forgotten only when that is back",
    )
}
