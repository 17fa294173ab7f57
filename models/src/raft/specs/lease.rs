//! Leases: as long as a leader holds one, nobody else leads, if clocks keep to what they promise.
//!
//! A tick is the drift that is allowed for: a lease lasts one, and a promise two.

use std::ops::RangeInclusive;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Punctual};

use super::cut::BOTH;
use super::live::{self, Bounds};
use super::membership::remove;
use super::stale::asking;
use super::transfer::ordered;
use super::{Book, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact};
use super::{identity, membership, snapshot};
use crate::claims::all_answered;
use crate::consistency::Freshness;
use crate::kv::{Command, get, put};
use crate::member;
use crate::raft::claims::{ghost, properties, reads};
use crate::raft::compaction::Compaction;
use crate::raft::rules::Rule;
use crate::raft::{Options, Timer};
use crate::rules::RuleBook;
use crate::system::{Boxed, clients_mut};

/// A snapshot after each entry, of which a no-op takes two pieces.
const TINY: Compaction = Compaction { piece: 1, ..snapshot::EACH };

/// The options of a node that has leases.
const LEASES: Options = Options { lease_reads: true, ..BOTH };

/// The specs of leases. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        cut("raft/lease-cut", EVERY_RULE).counts(263_223, 478_022).boxed(),
        crash("raft/lease-crash", EVERY_RULE).counts(1_022_057, 2_724_408).boxed(),
        transfer("raft/lease-transfer", EVERY_RULE).counts(17_541, 36_117).boxed(),
        promise("raft/lease-promise", EVERY_RULE).counts(121_273, 296_399).boxed(),
        members("raft/lease-members", EVERY_RULE).counts(1_275_514, 2_829_191).boxed(),
        snapshot("raft/lease-snapshot", EVERY_RULE).counts(737_764, 1_305_769).boxed(),
        wiped("raft/lease-wiped", EVERY_RULE).counts(34_870, 66_142).boxed(),
        drift().boxed(),
        late_read("raft/lease-drift-late", Some(Freshness::Lease))
            .expect_violation(properties::LINEARIZABILITY)
            .boxed(),
        late_read("raft/lease-drift-asked", Some(Freshness::Linearizable))
            .counts(306_356, 768_691)
            .boxed(),
        late_read("raft/lease-drift-plain", None).counts(306_356, 768_691).boxed(),
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
    let recovery = (faults.crashes + faults.rollbacks > 0).then_some(1..=1);
    let has_margin = rules.keeps(Rule::LeaseShorterThanPromise);
    let bounds =
        Bounds { servers: 3, scripts, faults, recovery, options: LEASES, ..Bounds::default() };
    let alone = Claim::always(reads::LEASE_IS_ALONE, SEEN, reads::lease_is_alone);
    let spec = live::clocked(name, rules, bounds, facts).claims([alone]);
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
        .eventually(live::ALL_ANSWERED, SEEN, all_answered)
        .summary("as long as a leader holds a lease, nobody else leads, though it is cut off")
}

/// A leader is cut off for a while. A follower that has asked to stand meanwhile promises it its
/// vote, and then hears of a newer term.
pub fn promise(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[LEASE, fact("a promise of an older term", reads::an_older_promise)];
    let mut spec = lease(name, rules, &[get("x")], 0, Faults::NONE, facts);
    if let Some(timely) = &mut spec.timely {
        timely.early = 3;
    }
    spec.directed(
        "S1 stands and is cut off; then S3 stands though S2 asks, and S1 is back",
        directions::asks_and_hears_again,
    )
    .cut(Cut::between([0], [1, 2]).healing(1..=2))
    .summary("a server keeps its promise to a leader though it hears of a newer term")
}

/// A follower that has promised its vote crashes and is back at once.
pub fn crash(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    lease(name, rules, &[get("x")], 0, faults, &[LEASE])
        .cut(Cut::between([0], [2]))
        .eventually(live::ALL_ANSWERED, SEEN, all_answered)
        .summary("a server that comes back keeps what it may have promised")
}

/// A leader hands over.
pub fn transfer(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[LEASE, fact("two reads take one round", reads::two_in_a_round)];
    let spec = lease(name, rules, &[get("x"), get("x")], 0, Faults::NONE, facts);
    ordered(spec, &[0, 1, 2], true)
        .eventually(live::ALL_ANSWERED, SEEN, all_answered)
        .summary("a leader that hands over has no lease any more")
}

/// A leader is left alone by two changes, one after the other, while the others cannot be reached.
pub fn members(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[
        LEASE,
        live::LATER_LEADER,
        fact("a leader that is left alone holds a lease", reads::a_lease_of_one),
    ];
    let spec = lease(name, rules, &[get("x")], 0, Faults::NONE, facts);
    let spec = membership::changing(spec, 3, vec![(0, remove(1))], true);
    membership::changing(spec, 3, vec![(0, remove(2))], true)
        .cut(Cut::between([0], [1, 2]))
        .summary("as long as a leader holds a lease, nobody else leads, though servers leave")
}

/// A follower is caught up by a snapshot, and promises its vote by that as by entries.
pub fn snapshot(name: &str, rules: Book) -> RaftSpec {
    let facts: &[Fact] = &[
        LEASE,
        live::LATER_LEADER,
        fact("a lease while a snapshot is on its way", reads::a_lease_and_a_piece),
    ];
    let faults = Faults { drops: 1, ..Faults::NONE };
    let spec = lease(name, rules, &[get("x")], 0, faults, facts);
    snapshot::compacting(spec, TINY)
        .cut(Cut::between([0], [1, 2]))
        .summary("as long as a leader holds a lease, nobody else leads, though logs are compacted")
}

/// A follower that has promised its vote loses its store, and the promise with it.
pub fn wiped(name: &str, rules: Book) -> RaftSpec {
    let spec = lease(name, rules, &[get("x")], 0, identity::WIPE, &[LEASE, live::LATER_LEADER]);
    identity::knowing_all(spec)
        .cut(Cut::between([0], [2]))
        .directed("S1 stands, then S3; S2 is wiped while S1 has a lease", directions::wiped_grantor)
        .summary("a server loses its store and what it promised, and has no vote to give")
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

/// A leader that is cut off has a lease that lasts too long, and is read from when another one has
/// taken a write. What the read returns depends on what is asked of it.
fn late_read(name: &str, reads: Option<Freshness>) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[get("x")], &[put("x", "1")], &[get("x"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, early: 1, options: LEASES, ..Bounds::default() };
    let facts: &[Fact] = &[LEASE, fact("a lease in spite of a later leader", reads::a_late_lease)];
    let mut spec = live::clocked(name, EVERY_RULE, bounds, facts)
        .claims([Claim::always(properties::LINEARIZABILITY, SEEN, properties::linearizability)])
        .ghost(ghost::observe_answers);
    clients_mut(&mut spec).for_each(|client| client.reads = reads);
    // It asks the first server second.
    clients_mut(&mut spec).skip(2).for_each(|client| client.servers.rotate_left(2));
    if let Some(timely) = &mut spec.timely {
        timely.range = with_drift;
        timely.punctual = Some(GRANTORS);
    }
    spec.cut(Cut::between([0], [1, 2]))
        .directed(
            "S1 leads, and is cut off once it has a lease; then S2 leads",
            directions::late_read,
        )
        .summary("what is read where a lease lasts too long, while another leader takes a write")
}

const LEASE: Fact = fact("a leader holds a lease", reads::a_lease);
