//! What is checked of the liveness of the atomic register, with which bounds. Time moves in ticks
//! of 50 ms: a client asks again after 100 ms.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Cut, Faults, Timely};

use super::{AbdSpec, Book, EVERY_RULE, Fact, SEEN, WIPE, checked};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member;
use crate::operator;
use crate::quorum_store::abd::Timer;
use crate::quorum_store::abd::claims::properties;
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds { servers: 3, scripts: &[], faults: Faults::NONE, recovery: None, cut: None }
    }
}

pub const ALL_ANSWERED: &str = "all answered";
pub const ALL_TAKE_PART: &str = "all take part";

fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
        member::Timer::Server(timer) => match timer {
            Timer::Again => 1..=1,
        },
    }
}

/// Registers within `bounds`, on the clock: each command is answered whatever the faults were.
pub fn abd(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> AbdSpec {
    let comes_back = bounds.recovery.is_some();
    let spec = checked(name, rules, bounds.servers, bounds.scripts, facts)
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            recovery: bounds.recovery,
            ..Timely::of(range)
        })
        .eventually(ALL_ANSWERED, SEEN, all_answered);
    let spec = match comes_back {
        true => spec.eventually_always(ALL_TAKE_PART, SEEN, properties::all_take_part),
        false => spec,
    };
    if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec }
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        failover().counts(4_875, 22_608).boxed(),
        lossy().counts(7_343, 32_446).boxed(),
        cut_link().counts(9_518, 44_432).boxed(),
        rejoin().counts(9_934, 28_512).boxed(),
    ]
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// A server dies for good, and nobody waits for anything but for a client to ask another one.
pub fn failover() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, faults: CRASH, ..Bounds::default() };
    abd("quorum-store/abd-failover-live", EVERY_RULE, bounds, &[])
        .summary("a server dies for good, and each command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A message is lost.
pub fn lossy() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds =
        Bounds { scripts, faults: Faults { drops: 1, ..Faults::NONE }, ..Bounds::default() };
    abd("quorum-store/abd-lossy-live", EVERY_RULE, bounds, &[])
        .summary("a message is lost, and each command is answered all the same")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server loses its disk, and a message is lost.
pub fn rejoin() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { drops: 1, ..WIPE };
    let bounds = Bounds { scripts, faults, recovery: Some(1..=1), ..Bounds::default() };
    abd("quorum-store/abd-rejoin-live", EVERY_RULE, bounds, &[])
        .summary("a server loses its disk, a message is lost, and it takes part again")
        .worst_case(ALL_TAKE_PART, SEEN, properties::all_take_part)
}

/// One link of three is cut for good.
pub fn cut_link() -> AbdSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let cut = Some(Cut::between([0], [1]));
    let bounds = Bounds { scripts, cut, ..Bounds::default() };
    abd("quorum-store/abd-cut-link-live", EVERY_RULE, bounds, &[])
        .summary("one link of three is cut for good, and nobody notices")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}
