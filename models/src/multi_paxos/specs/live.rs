//! What is checked of the liveness of Multi-Paxos, with which bounds.
//!
//! Time moves in ticks of 50 ms: what is needed is said again after 50 ms, silence is noticed after
//! 150 to 300 ms, and a client asks again after 100 ms, as Raft's heartbeats, elections and clients
//! do. Of the past these specs know what became of servers, and not what clients saw.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Restless, Timely};

use super::{
    Book, COMPACT, CRASH, EVERY_RULE, Fact, LIMITS, MultiPaxosSpec, NOTHING_KEPT, SEEN, fact,
    founded, keeps_all_durable, same_durable, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member;
use crate::multi_paxos::claims::{ghost, obsolete, properties};
use crate::multi_paxos::{Limits, Timer};
use crate::operator;
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    pub limits: Limits,
    /// Timeouts before their time.
    pub early: u8,
    /// Ticks that pass although something is deliverable.
    pub slow: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
    /// Silence is noticed as soon as a leader may be heard again.
    pub impatient: bool,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            servers: 3,
            scripts: &[],
            limits: LIMITS,
            early: 0,
            slow: 0,
            faults: Faults::NONE,
            recovery: None,
            cut: None,
            impatient: false,
        }
    }
}

/// All that are up follow one leader.
pub const ONE_LEADER: &str = "one server leads, and all others follow it";
/// All that are up know everything.
pub const CAUGHT_UP: &str = "all know the same to be chosen, and nothing is open";
pub const ALL_ANSWERED: &str = "all answered";

pub(super) fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Again) => 1..=1,
        member::Timer::Server(Timer::Silence) => 3..=6,
        member::Timer::Server(Timer::Snapshot) => 1..=2,
        member::Timer::Server(Timer::Lease(_)) => 2..=2,
        member::Timer::Server(Timer::Promise) => 3..=3,
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
    }
}

fn impatient_range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Silence) => 1..=2,
        _ => range(timer),
    }
}

/// Multi-Paxos within `bounds`, on the clock: what must happen whatever the faults were, and the
/// `facts` that must be reachable, lest it happen for want of them.
pub fn multi_paxos(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> MultiPaxosSpec {
    let forgets = obsolete::applies(&rules);
    let is_durable = keeps_all_durable(&rules);
    let suspended = suspended(&rules);
    let claims = [Claim::always(properties::ONE_VALUE, SEEN, properties::one_value)];
    let system = system(rules, bounds.servers, bounds.limits, bounds.scripts);
    let spec = founded(name, system, bounds.servers)
        .ghost(ghost::observe_servers)
        .claims(claims.into_iter().chain(facts.iter().cloned()))
        .suspending(suspended)
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            early: bounds.early,
            slow: bounds.slow,
            recovery: bounds.recovery,
            restless: Some(Restless {
                name: "silences",
                timers: |timer| matches!(timer, member::Timer::Server(Timer::Silence)),
                bound: 12,
            }),
            ..Timely::of(if bounds.impatient { impatient_range } else { range })
        })
        .eventually_always(ONE_LEADER, SEEN, properties::one_leader)
        .eventually_always(CAUGHT_UP, SEEN, properties::all_caught_up);
    let asks = bounds.scripts.iter().any(|script| !script.is_empty());
    let spec = if asks { spec.eventually(ALL_ANSWERED, SEEN, all_answered) } else { spec };
    let spec = if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec };
    let spec = if is_durable { spec.durable(same_durable) } else { spec };
    if forgets { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// The specs of liveness. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        calm().counts(1_728, 2_590).boxed(),
        failover().counts(6_368, 10_841).boxed(),
        rejoin().counts(51_716, 121_607).boxed(),
        lossy().counts(9_482, 22_030).boxed(),
        cut_off().counts(28_329, 56_408).boxed(),
        suspicion().counts(47_911, 122_857).boxed(),
        cut_link().counts(2_653, 3_851).boxed(),
        snapshot().counts(165_720, 350_477).boxed(),
        snapshot_doubled().counts(105_269, 217_329).boxed(),
        impatient().boxed(),
    ]
}

/// Two clients ask at once, and nothing goes wrong.
pub fn calm() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    multi_paxos("multi-paxos/calm-live", EVERY_RULE, Bounds { scripts, ..Bounds::default() }, &[])
        .summary("two clients ask at once before anybody leads, and nothing goes wrong")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server goes for good, and the two that are left go on.
pub fn failover() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, faults: CRASH, ..Bounds::default() };
    multi_paxos("multi-paxos/failover-live", EVERY_RULE, bounds, &[ADOPTED])
        .summary("the leader dies for good, or a follower, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server crashes and comes back with what it saved.
pub fn rejoin() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let recovery = Some(1..=7);
    let bounds = Bounds { scripts, faults: CRASH, recovery, ..Bounds::default() };
    multi_paxos("multi-paxos/rejoin-live", EVERY_RULE, bounds, &[ADOPTED, CAUGHT])
        .summary("a server comes back with what it saved, and catches up")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// Messages are lost, and arrive twice.
pub fn lossy() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, faults, ..Bounds::default() };
    multi_paxos("multi-paxos/lossy-live", EVERY_RULE, bounds, &[])
        .summary("a message is lost, another one arrives twice, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server is cut off from the others for a while.
pub fn cut_off() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let cut = Some(Cut::between([0], [1, 2]).healing(1..=8));
    let bounds = Bounds { scripts, cut, ..Bounds::default() };
    multi_paxos("multi-paxos/cut-off-live", EVERY_RULE, bounds, &[CAUGHT])
        .summary("a server is cut off, and catches up when it is heard again")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// A leader that lives is not heard in time, and messages are late: two stand.
pub fn suspicion() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { scripts, early: 1, slow: 1, ..Bounds::default() };
    multi_paxos("multi-paxos/suspicion-live", EVERY_RULE, bounds, &[ADOPTED, TWO_LEAD])
        .summary(
            "a leader that lives is taken for dead, messages are late, and one leads in the end",
        )
        .worst_case(ONE_LEADER, SEEN, properties::one_leader)
}

/// Two servers do not hear each other any more: what a leader does not reach may lead as well, and
/// the third one follows one of them.
pub fn cut_link() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { scripts, cut: Some(Cut::between([0], [2])), ..Bounds::default() };
    multi_paxos("multi-paxos/cut-link-live", EVERY_RULE, bounds, &[TWO_LEAD])
        .summary("two servers do not hear each other any more, and every command is answered")
        .only(ALL_ANSWERED)
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server is cut off until the others have compacted what it lacks.
pub fn snapshot() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let cut = Some(Cut::between([2], [0, 1]).healing(1..=8));
    let bounds = Bounds { scripts, limits: COMPACT, cut, ..Bounds::default() };
    let facts = [fact("a snapshot is installed", properties::an_installed_snapshot)];
    multi_paxos("multi-paxos/snapshot-live", EVERY_RULE, bounds, &facts)
        .summary("a server that lacks what is compacted is given a snapshot when it is heard again")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// The same with one write; the snapshot comes in pieces, and a message arrives twice.
pub fn snapshot_doubled() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let limits = Limits { piece: 8, ..NOTHING_KEPT };
    let cut = Some(Cut::between([2], [0, 1]).healing(6..=6));
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, limits, cut, faults, ..Bounds::default() };
    let facts = [fact("a snapshot is installed", properties::an_installed_snapshot)];
    multi_paxos("multi-paxos/snapshot-doubled-live", EVERY_RULE, bounds, &facts)
        .summary("a server is given a snapshot piece by piece, and one of them comes twice")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// Silence is noticed as soon as a leader may be heard again: they depose each other for ever.
pub fn impatient() -> MultiPaxosSpec {
    multi_paxos(
        "multi-paxos/impatient-live",
        EVERY_RULE,
        Bounds { impatient: true, ..Bounds::default() },
        &[],
    )
    .summary("servers that take a leader for dead too soon depose each other for ever")
    .only(ONE_LEADER)
    .expect_violation(ONE_LEADER)
}

const ADOPTED: Fact = fact("an adopted value", properties::an_adopted_value);
const TWO_LEAD: Fact = fact("two lead", properties::two_lead);
const CAUGHT: Fact = fact("a catch-up", properties::a_catch_up);
