//! Leases: as long as a leader holds one, nobody else leads, if clocks keep to what they promise.
//!
//! A tick is the drift that is allowed for: a lease lasts one, and a promise two.

use std::ops::RangeInclusive;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Punctual};

use super::cut::BOTH;
use super::live::{self, Bounds};
use super::stale::asking;
use super::transfer::ordered;
use super::{Book, EVERY_RULE, Fact, RaftSpec, SEEN, fact};
use crate::consistency::Freshness;
use crate::kv::{Command, get};
use crate::member;
use crate::raft::claims::reads;
use crate::raft::rules::Rule;
use crate::raft::{Options, Timer};
use crate::rules::RuleBook;
use crate::system::Boxed;

/// The options of a node that has leases.
const LEASES: Options = Options { lease_reads: true, ..BOTH };

/// The specs of leases. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        cut("raft/lease-cut", EVERY_RULE).counts(263_223, 478_022).boxed(),
        crash("raft/lease-crash", EVERY_RULE).counts(925_240, 2_126_847).boxed(),
        transfer("raft/lease-transfer", EVERY_RULE).counts(17_541, 36_117).boxed(),
        drift().boxed(),
    ]
}

type Member = member::Timer<Timer>;

/// The timers of promises and elections, which never fire before their time: a promise that ends
/// too soon is broken by assumption.
const GRANTORS: Punctual<Member> = Punctual {
    name: "promises",
    timers: |timer| {
        use Timer::{Contact, Election, PreVote, Promise};
        matches!(timer, Member::Server(Contact | Election | PreVote | Promise))
    },
};

/// A leader's clock that runs as slow as no lease allows for.
fn with_drift(timer: &Member) -> RangeInclusive<u8> {
    match timer {
        Member::Server(Timer::Lease) => 2..=2,
        timer => (live::Pace::Short.range())(timer),
    }
}

/// A client asks for reads that a lease is enough for. `slow` ticks pass though something is on
/// its way.
fn lease(
    name: &str,
    rules: Book,
    script: &[Command],
    slow: u8,
    faults: Faults,
    facts: &[Fact],
) -> RaftSpec {
    let scripts = &[script];
    let recovery = (faults.crashes > 0).then_some(1..=1);
    let has_margin = rules.keeps(Rule::LeaseShorterThanPromise);
    let bounds =
        Bounds { servers: 3, scripts, faults, recovery, options: LEASES, ..Bounds::default() };
    let alone = Claim::always(reads::LEASE_IS_ALONE, SEEN, reads::lease_is_alone);
    let spec = live::timed(name, rules, bounds, facts).claims([alone]);
    let mut spec = asking(spec, Freshness::Lease);
    if let Some(timely) = &mut spec.timely {
        timely.slow = slow;
        timely.punctual = Some(GRANTORS);
        if !has_margin {
            timely.range = with_drift;
        }
    }
    spec
}

/// A leader is cut off from the others, and an answer comes late.
pub fn cut(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[LEASE, live::LATER_LEADER];
    lease(name, rules, &[get("x")], 1, Faults::NONE, facts)
        .cut(Cut::between([0], [1, 2]))
        .summary("as long as a leader holds a lease, nobody else leads, though it is cut off")
}

/// A follower that has promised its vote crashes and is back at once.
pub fn crash(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    lease(name, rules, &[get("x")], 0, faults, &[LEASE])
        .cut(Cut::between([0], [2]))
        .summary("a server that comes back keeps what it may have promised")
}

/// A leader hands over.
pub fn transfer(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[LEASE, fact("two reads take one round", reads::two_in_a_round)];
    let spec = lease(name, rules, &[get("x"), get("x")], 0, Faults::NONE, facts);
    ordered(spec, &[0, 1, 2], true).summary("a leader that hands over has no lease any more")
}

/// A lease that lasts as long as the promises does not do.
fn drift() -> RaftSpec {
    let mut spec = cut("raft/lease-drift", EVERY_RULE);
    if let Some(timely) = &mut spec.timely {
        timely.range = with_drift;
    }
    spec.summary("a leader whose clock runs slower than is allowed for has a lease, and is deposed")
        .expect_violation(reads::LEASE_IS_ALONE)
}

const LEASE: Fact = fact("a leader holds a lease", reads::a_lease);
