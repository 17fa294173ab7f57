//! Leases: as long as a leader holds one, nobody else leads, if clocks keep to what they promise.
//!
//! A tick is the drift that is allowed for: a lease lasts two, and a promise three.

use std::ops::RangeInclusive;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Cut, Faults, Punctual};

use super::live::{self, Bounds};
use super::{Book, CRASH, Checked, EVERY_RULE, Fact, MultiPaxosSpec, Now, SEEN, fact};
use crate::consistency::Freshness;
use crate::kv::{Command, get, put};
use crate::member::{self, Member};
use crate::multi_paxos::claims::{ghost, properties};
use crate::multi_paxos::lease::is_held;
use crate::multi_paxos::message::Message;
use crate::multi_paxos::rules::Rule;
use crate::multi_paxos::{MultiPaxos, Timer};
use crate::number::Round;
use crate::rules::RuleBook;
use crate::service;
use crate::system::{Boxed, clients_mut};

/// The specs of leases. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        cut("multi-paxos/lease-cut", EVERY_RULE).counts(976_328, 2_320_051).boxed(),
        crash("multi-paxos/lease-crash", EVERY_RULE).counts(639_428, 1_656_986).boxed(),
        rounds("multi-paxos/lease-rounds", EVERY_RULE).counts(1_894_986, 4_538_654).boxed(),
        reads("multi-paxos/lease-reads", EVERY_RULE).counts(109_603, 308_264).boxed(),
        deposed("multi-paxos/lease-deposed", EVERY_RULE).counts(102_413, 149_828).boxed(),
        drift().boxed(),
    ]
}

/// The timers of promises, which never fire before their time: a promise that ends too soon is
/// broken by assumption.
const GRANTORS: Punctual<member::Timer<Timer>> = Punctual {
    name: "promises",
    timers: |timer| matches!(timer, member::Timer::Server(Timer::Silence | Timer::Promise)),
};

/// A leader's clock that runs as slow as no lease allows for.
fn with_drift(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Lease(_)) => 3..=3,
        timer => live::range(timer),
    }
}

/// Clients ask for reads that a lease is enough for.
fn lease(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> MultiPaxosSpec {
    let has_margin = rules.keeps(Rule::LeaseShorterThanPromise);
    let alone = Claim::always(properties::LEASE_IS_ALONE, SEEN, properties::lease_is_alone);
    let mut spec = live::multi_paxos(name, rules, bounds, facts).claims([alone]);
    clients_mut(&mut spec).for_each(|client| client.reads = Some(Freshness::Lease));
    for actor in &mut spec.system.actors {
        if let Member::Server(server) = actor {
            server.lease_reads = true;
        }
    }
    // A read that was answered by a lease may have been proposed before to no avail.
    spec.temporal.retain(|it| it.name != live::CAUGHT_UP);
    if let Some(timely) = &mut spec.timely {
        timely.punctual = Some(GRANTORS);
        if !has_margin {
            timely.range = with_drift;
        }
    }
    spec
}

/// A leader is cut off from the others for a while, and an answer comes late.
pub fn cut(name: &str, rules: Book) -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[get("x")]];
    let cut = Some(Cut::between([0], [1, 2]).healing(1..=8));
    let bounds = Bounds { scripts, slow: 1, cut, ..Bounds::default() };
    lease(name, rules, bounds, &[LEASE, TWO_LEAD])
        .summary("as long as a leader holds a lease, nobody else leads, though it is cut off")
}

/// A follower that has promised a leader crashes and is back at once, and another one stands.
pub fn crash(name: &str, rules: Book) -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[get("x")]];
    let cut = Some(Cut::between([0], [2]).healing(1..=8));
    let bounds = Bounds { scripts, faults: CRASH, recovery: Some(1..=1), cut, ..Bounds::default() };
    lease(name, rules, bounds, &[LEASE])
        .summary("a server that comes back keeps what it may have promised a leader")
}

/// A leader asks for a lease twice, and an answer to the first time arrives once more.
pub fn rounds(name: &str, rules: Book) -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[get("x"), get("x")]];
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let cut = Some(Cut::between([0], [1, 2]));
    let bounds = Bounds { scripts, early: 1, slow: 1, faults, cut, ..Bounds::default() };
    lease(name, rules, bounds, &[LEASE, TWO_LEAD])
        .directed(FIRST_IS_HEARD_TWICE, first_is_heard_twice)
        .only(properties::LEASE_IS_ALONE)
        .summary("a leader counts for a lease only what was promised for it")
}

/// What [`first_is_heard_twice`] restricts, in words.
pub const FIRST_IS_HEARD_TWICE: &str = "S1 stands, and S3 once it leads; S1 hears twice that S2 \
                                        promises it something, and no time is lost before that";

/// True of what [`FIRST_IS_HEARD_TWICE`] says.
fn first_is_heard_twice((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let Some(first) = now.system.actor_states[0].server() else { return false };
    let stood = first.promised().round > Round::ZERO;
    match action {
        Action::Timeout(id, member::Timer::Server(Timer::Silence)) => match usize::from(*id) {
            0 => !stood,
            2 => first.is_leader(),
            _ => false,
        },
        Action::EarlyTimeout(id, timer) => {
            let is_again = *timer == member::Timer::Server(Timer::Again);
            usize::from(*id) == 0 && is_again && is_held(first)
        }
        Action::SlowTick => is_held(first),
        Action::Duplicate { src, msg: service::Message::Peer(message), .. } => {
            usize::from(*src) == 1 && matches!(message, Message::Heard(_))
        }
        Action::Duplicate { .. } => false,
        _ => true,
    }
}

/// A leader dies when it has answered a write, and the next one is read from before it knows that
/// what it was told of is chosen.
pub fn reads(name: &str, rules: Book) -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x")]];
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { scripts, faults, ..Bounds::default() };
    let explained = properties::linearizability;
    lease(name, rules, bounds, &[LEASE, BY_LEASE])
        .ghost(ghost::observe)
        .claims([Claim::always(properties::LINEARIZABILITY, SEEN, explained)])
        .directed(THE_FIRST_DIES, the_first_dies)
        .only(properties::LINEARIZABILITY)
        .summary("a leader reads by a lease only when it knows what others may have answered")
}

/// What [`the_first_dies`] restricts, in words.
pub const THE_FIRST_DIES: &str = "S1 leads and dies, then S2 leads, and nothing is lost but what \
                                  it proposes to S3";

/// True of what [`THE_FIRST_DIES`] says.
fn the_first_dies((): &(), _: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    match action {
        Action::Crash(id) => usize::from(*id) == 0,
        Action::Timeout(id, member::Timer::Server(Timer::Silence)) => usize::from(*id) < 2,
        Action::Drop { src, dst, msg: service::Message::Peer(Message::Accept(_)) } => {
            (usize::from(*src), usize::from(*dst)) == (1, 2)
        }
        Action::Drop { .. } => false,
        _ => true,
    }
}

/// A leader is cut off from the others. They have another one, who answers a write, and then its
/// client asks the first one for a read.
pub fn deposed(name: &str, rules: Book) -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let cut = Some(Cut::between([0], [1, 2]));
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, cut, faults, ..Bounds::default() };
    let explained = properties::linearizability;
    lease(name, rules, bounds, &[LEASE, TWO_LEAD])
        .ghost(ghost::observe)
        .claims([Claim::always(properties::LINEARIZABILITY, SEEN, explained)])
        .directed(ONE_AFTER_THE_OTHER, one_after_the_other)
        .only(properties::LINEARIZABILITY)
        .summary("a leader that was deposed and does not know it answers no read")
}

/// What [`one_after_the_other`] restricts, in words.
pub const ONE_AFTER_THE_OTHER: &str = "S1 stands, and S3 once it leads; nothing is lost but that a \
                                       client asks S3 for a read";

/// True of what [`ONE_AFTER_THE_OTHER`] says.
fn one_after_the_other((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let Some(first) = now.system.actor_states[0].server() else { return false };
    match action {
        Action::Timeout(id, member::Timer::Server(Timer::Silence)) => match usize::from(*id) {
            0 => first.promised().round == Round::ZERO,
            2 => first.is_leader(),
            _ => false,
        },
        Action::Drop { dst, msg: service::Message::Read(_), .. } => usize::from(*dst) == 2,
        Action::Drop { .. } => false,
        _ => true,
    }
}

/// A lease that lasts as long as the promises does not do.
fn drift() -> MultiPaxosSpec {
    let mut spec = cut("multi-paxos/lease-drift", EVERY_RULE);
    if let Some(timely) = &mut spec.timely {
        timely.range = with_drift;
    }
    spec.summary("a leader whose clock runs slower than is allowed for has a lease, and is deposed")
        .only(properties::LEASE_IS_ALONE)
        .expect_violation(properties::LEASE_IS_ALONE)
}

const LEASE: Fact = fact("a leader holds a lease", properties::a_lease);
const BY_LEASE: Fact = fact("a read is answered without a slot", properties::a_read_without_a_slot);
const TWO_LEAD: Fact = fact("two lead", properties::two_lead);
