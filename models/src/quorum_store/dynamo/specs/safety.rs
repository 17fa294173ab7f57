//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{Book, DynamoSpec, EVERY_RULE, Fact, Setting, checked, fact, setting};
use crate::member;
use crate::quorum_store::dynamo::Timer;
use crate::quorum_store::dynamo::claims::properties::{self, NOTHING_LOST, ONE_WRITE};
use crate::quorum_store::dynamo::object::{Command, get, put};
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    pub setting: Setting,
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a client asks again.
    pub retries: u8,
    /// How often a coordinator waits no longer for those who have not answered.
    pub lates: u8,
    /// How often a server compares its store with others, and hands off hints.
    pub exchanges: u8,
    pub faults: Faults,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            setting: Setting::of(3, 2, 2),
            servers: 3,
            scripts: &[],
            retries: 0,
            lates: 0,
            exchanges: 0,
            faults: Faults::NONE,
        }
    }
}

/// A store within `bounds`: what its setting promises, and the facts that must be reachable.
pub fn dynamo(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> DynamoSpec {
    claiming(name, rules, bounds, |claim| bounds.setting.promises(claim), facts)
}

/// A store within `bounds`, of which this is claimed.
pub fn claiming(
    name: &str,
    rules: Book,
    bounds: Bounds<'_>,
    claimed: impl Fn(&str) -> bool,
    facts: &[Fact],
) -> DynamoSpec {
    let Bounds { setting, servers, scripts, retries, lates, exchanges, faults } = bounds;
    checked(name, rules, setting, servers, scripts, claimed, facts)
        .faults(faults)
        .timeouts("client retries", |timer| timer.is_retry(), retries)
        .timeouts("late answers", |timer| is(timer, Timer::Late), lates)
        .timeouts("comparisons", |timer| is(timer, Timer::Exchange), exchanges)
        .timeouts("sweeps", |timer| is(timer, Timer::Sweep), 0)
}

fn is(timer: &member::Timer<Timer>, sought: Timer) -> bool {
    *timer == member::Timer::Server(sought)
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        quick().counts(35_736, 139_447).boxed(),
        written_by_all().counts(92_340, 298_129).boxed(),
        quorums().counts(303_640, 994_551).boxed(),
        read_of_all().counts(99_308, 344_295).boxed(),
        sloppy().counts(149_471, 543_440).boxed(),
        last_write().counts(235_043, 771_849).boxed(),
        crash().counts(3_923, 10_871).boxed(),
        lost_disk().counts(329_903, 1_261_746).boxed(),
        handoff().counts(190_409, 873_010).boxed(),
        reconciled().counts(85_189, 289_331).boxed(),
    ]
}

const SIBLINGS: Fact = fact("siblings", properties::siblings);
const RESOLVED: Fact = fact("a write supersedes siblings", properties::resolved);
const REPAIRED: Fact = fact("a read repairs a home", properties::repaired);
const HANDED_OFF: Fact = fact("a hint is handed off", properties::handed_off);
const ALL_ANSWERED: Fact = fact("all answered", crate::claims::all_answered);

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// One server loses its store.
pub const WIPE: Faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };

/// R = 1 and W = 1.
pub fn quick() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[put("x", "2")]];
    let bounds = Bounds { setting: setting("1-1"), scripts, ..Bounds::default() };
    dynamo("quorum-store/dynamo-1-1", EVERY_RULE, bounds, &[ALL_ANSWERED, SIBLINGS, REPAIRED])
        .summary("each server answers for itself: no acknowledged write is lost, and no more")
}

/// R = 1 and W = 3.
pub fn written_by_all() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x"), put("x", "2")]];
    let bounds = Bounds { setting: setting("1-3"), scripts, ..Bounds::default() };
    dynamo("quorum-store/dynamo-1-3", EVERY_RULE, bounds, &[ALL_ANSWERED, SIBLINGS])
        .summary("all homes store a write, and any of them tells what was acknowledged")
}

/// R = 2 and W = 2.
pub fn quorums() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x"), put("x", "2")]];
    let bounds = Bounds { scripts, ..Bounds::default() };
    dynamo("quorum-store/dynamo-2-2", EVERY_RULE, bounds, &[ALL_ANSWERED, SIBLINGS, REPAIRED])
        .summary("quorums meet: a read sees each write that was acknowledged before it began")
}

/// R = 3 and W = 1.
pub fn read_of_all() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x"), put("x", "2")]];
    let bounds = Bounds { setting: setting("3-1"), scripts, ..Bounds::default() };
    dynamo("quorum-store/dynamo-3-1", EVERY_RULE, bounds, &[ALL_ANSWERED, SIBLINGS, REPAIRED])
        .summary("a read asks all homes, and never goes back in time")
}

/// R = 2 and W = 2, and what a fallback keeps counts.
pub fn sloppy() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[put("x", "2")]];
    let setting = setting("sloppy");
    let bounds = Bounds { setting, servers: 4, scripts, lates: 1, ..Bounds::default() };
    dynamo("quorum-store/dynamo-sloppy", EVERY_RULE, bounds, &[ALL_ANSWERED, SIBLINGS])
        .summary("what a fallback keeps counts: no acknowledged write is lost, and no more")
}

/// R = 2 and W = 2, and the last write wins.
pub fn last_write() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[put("x", "2"), get("x")]];
    let setting = setting("last-write");
    let bounds = Bounds { setting, scripts, ..Bounds::default() };
    dynamo("quorum-store/dynamo-last-write", EVERY_RULE, bounds, &[ALL_ANSWERED, REPAIRED])
        .summary("the last write wins: what is held is one value, and nothing else is promised")
}

/// A server crashes, and is back with what it saved.
pub fn crash() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x"), put("x", "2")]];
    let bounds = Bounds { scripts, faults: CRASH, ..Bounds::default() };
    dynamo("quorum-store/dynamo-crash", EVERY_RULE, bounds, &[ALL_ANSWERED])
        .summary("a server crashes, and is back with what it saved, or not at all")
}

/// A server loses its store, and is back under another name.
pub fn lost_disk() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { scripts, faults: WIPE, exchanges: 1, ..Bounds::default() };
    claiming("quorum-store/dynamo-lost-disk", EVERY_RULE, bounds, LASTING, &[SIBLINGS])
        .summary("a server loses its disk, and another one has what it had acknowledged")
}

/// What is promised though a server loses its store, if W is 2 at least.
pub const LASTING: fn(&str) -> bool = |claim| claim == NOTHING_LOST || claim == ONE_WRITE;

/// A fallback keeps a write for a home, and hands it off when the home has more.
pub fn handoff() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let setting = Setting::of(3, 1, 1);
    let bounds =
        Bounds { setting, servers: 4, scripts, lates: 1, exchanges: 1, ..Bounds::default() };
    dynamo("quorum-store/dynamo-handoff", EVERY_RULE, bounds, &[HANDED_OFF, SIBLINGS])
        .summary("a fallback hands off what it has kept to a home that has taken another write")
}

/// A client reads siblings, and writes what is to become of them.
pub fn reconciled() -> DynamoSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x"), put("x", "3")], &[put("x", "2")]];
    let bounds = Bounds { scripts, ..Bounds::default() };
    dynamo("quorum-store/dynamo-siblings", EVERY_RULE, bounds, &[SIBLINGS, RESOLVED])
        .summary("two write at once, both values stay, and a client that has read them writes one")
}
