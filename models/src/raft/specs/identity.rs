//! Servers that lose their stores and come back under their old names.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults};
use stateright::actor::Id;

use super::membership::{self, PROMOTED_LEADS, TWO_CHANGES, add, elections, promote, remove};
use super::{
    Book, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, fact_in_flight, live, safety,
    snapshot,
};
use crate::kv::{Command, get, put};
use crate::member;
use crate::number::Term;
use crate::raft::Timer;
use crate::raft::claims::{self, identity, properties};
use crate::raft::config::Config;
use crate::raft::identity::StoreId;
use crate::raft::log::{Entry, Payload};
use crate::raft::state::Storage;
use crate::system::{Boxed, servers_mut};

/// A leader knows in the end which store each member has.
pub const RECORDED: &str = "each member's store is on record in the end";

/// A server is wiped at any moment.
pub(super) const WIPE: Faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };

/// The specs of stores that are lost. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        wiped("raft/wiped", EVERY_RULE).counts(589_870, 1_263_090).boxed(),
        wiped_founder().boxed(),
        wiped_at_once("raft/wiped-at-once", EVERY_RULE).counts(394_861, 870_783).boxed(),
        taken_back("raft/taken-back", EVERY_RULE).counts(28_508, 71_406).boxed(),
        founder_taken_back("raft/founder-taken-back", EVERY_RULE).counts(14_703, 35_394).boxed(),
        recorded("raft/recorded", EVERY_RULE).counts(6_878, 13_620).boxed(),
        recorded_live("raft/recorded-live", EVERY_RULE).counts(5_298, 10_334).boxed(),
        wiped_reads("raft/wiped-reads", EVERY_RULE).counts(29_897, 76_926).boxed(),
        no_majority("raft/wiped-change-live", EVERY_RULE).counts(5_705, 12_773).boxed(),
    ]
}

/// `spec`, in which servers know each other by their stores.
fn knowing_stores(mut spec: RaftSpec) -> RaftSpec {
    servers_mut(&mut spec).for_each(|server| server.knows_stores = true);
    let claims = identity::claims();
    spec.claims(claims.into_iter().map(|(name, claim)| Claim::always(name, SEEN, claim)))
}

/// `spec`, with servers whose logs say of each which store it has. A wiped one begins with another.
fn known_from_the_start(mut spec: RaftSpec) -> RaftSpec {
    let (store, servers) = (StoreId(1), 0..spec.servers);
    let ids = || servers.clone().map(Into::into);
    let config = Config { stores: ids().map(|id| (id, store)).collect(), ..Config::of(ids()) };
    let entry = Entry { term: Term(1), payload: Payload::Config(config) };
    let log = std::iter::once(entry).collect();
    let storage = Storage { term: Term(1), log, ..Storage::of(store) };
    spec.storages = vec![Some(storage); spec.servers];
    spec
}

/// `spec`, with servers that all know each other by their stores from the start.
pub(super) fn knowing_all(spec: RaftSpec) -> RaftSpec {
    known_from_the_start(knowing_stores(spec))
}

/// `spec`, with servers that know of each which store it has before there is any entry, as a node's
/// config may say. A wiped one begins with another.
fn known_before_the_start(mut spec: RaftSpec) -> RaftSpec {
    let store = StoreId(1);
    let stores: BTreeMap<Id, StoreId> = (0..spec.servers).map(|id| (id.into(), store)).collect();
    servers_mut(&mut spec).for_each(|server| server.first_stores.clone_from(&stores));
    spec.storages = vec![Some(Storage::of(store)); spec.servers];
    spec
}

/// A server is wiped while leaders change. It votes for nobody, and nobody counts on it.
pub fn wiped(name: &str, rules: Book) -> RaftSpec {
    known_from_the_start(wiping(name, rules))
        .summary("of servers whose stores are on record one is wiped, and has no vote")
}

/// The same of founders whose stores are known before there is any entry.
pub fn wiped_at_once(name: &str, rules: Book) -> RaftSpec {
    known_before_the_start(wiping(name, rules))
        .summary("a founder is wiped whose store was known before there was any entry")
}

fn wiping(name: &str, rules: Book) -> RaftSpec {
    let bounds = safety::Bounds { faults: WIPE, ..elections(3, 2) };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact_in_flight("a wiped server is asked for its vote", identity::is_asked_as_another),
        fact("a leader hears a wiped server", identity::a_leader_hears_another),
    ];
    knowing_stores(safety::raft(name, rules, bounds, facts))
}

/// What stays open: nobody knows yet which store a founder has, and it is wiped.
fn wiped_founder() -> RaftSpec {
    let bounds = safety::Bounds { faults: WIPE, ..elections(3, 2) };
    let facts: &[Fact] = &[fact("a second leader", properties::a_second_leader)];
    knowing_stores(safety::raft("raft/wiped-founder", EVERY_RULE, bounds, facts))
        .summary("a founder is wiped before the others know its store")
        .directed("S1 stands, and S2, and S3 is wiped", directions::wiped_founder)
        .expect_violation(properties::ELECTION_SAFETY)
        .expect_violation(properties::LEADER_COMPLETENESS)
}

/// A wiped server is removed, added and promoted, and has a vote again.
pub fn taken_back(name: &str, rules: Book) -> RaftSpec {
    known_from_the_start(taking_back(name, rules))
        .summary("a server whose store is on record is wiped, and taken back")
}

/// The same of founders whose stores were known before the start: what was known then speaks of a
/// store that is gone, and the log of another one.
pub fn founder_taken_back(name: &str, rules: Book) -> RaftSpec {
    let mut spec = known_before_the_start(taking_back(name, rules));
    // As where their logs say it, they have seen a term.
    spec.storages.iter_mut().flatten().for_each(|storage| storage.term = Term(1));
    spec.summary("a founder whose store was known before the start is wiped, and taken back")
}

fn taking_back(name: &str, rules: Book) -> RaftSpec {
    let safety = safety::Bounds { faults: WIPE, ..elections(3, 2) };
    let changes = vec![(0, remove(2)), (0, add(2)), (0, promote(2))];
    let bounds = membership::Bounds { founders: 3, changes, safety };
    let facts: &[Fact] =
        &[TWO_CHANGES, fact("a wiped server votes", identity::a_wiped_server_votes)];
    knowing_stores(membership::raft(name, rules, bounds, facts)).directed(
        "S1 stands, S3 is wiped before it hears of it, and S2 stands with its vote",
        directions::taken_back,
    )
}

/// A wiped server asks a leader for pieces of its snapshot, in a term that it does not know to be
/// over. It was among those who elected the next leader, and took its write.
pub fn wiped_reads(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let bounds = safety::Bounds {
        servers: 3,
        scripts,
        elections: 2,
        retries: 1,
        faults: WIPE,
        ..safety::Bounds::default()
    };
    let facts: &[Fact] =
        &[fact_in_flight("a wiped server asks for a piece", identity::a_wiped_server_asks)];
    let spec = knowing_all(safety::raft(name, rules, bounds, facts));
    snapshot::compacting(spec, snapshot::EACH)
        .summary("a wiped server is sent a snapshot, and tells a leader nothing by asking for it")
        .directed(
            "S1 stands and is read from, then S2, which takes a write with S3, and S3 is wiped",
            directions::wiped_reads,
        )
}

/// A server is wiped, and another one is to leave when the leader knows that. Those who stay could
/// commit nothing any more, neither that change nor the next.
pub fn no_majority(name: &str, rules: Book) -> RaftSpec {
    let (scripts, faults): (&[&[Command]], _) = (&[&[put("x", "1")]], WIPE);
    let recovery = Some(1..=1);
    let bounds = live::Bounds { servers: 3, scripts, faults, recovery, ..live::Bounds::default() };
    let facts: &[Fact] =
        &[fact_in_flight("an order when a store is lost", identity::is_asked_when_one_is_lost)];
    let mut spec = membership::live(name, rules, bounds, 3, vec![(0, remove(1))], facts);
    if let Some(timely) = &mut spec.timely {
        timely.range = with_late_orders;
    }
    known_from_the_start(knowing_stores(spec))
        .eventually_always(membership::CHANGE_ENDS, SEEN, claims::membership::nothing_pending)
        .summary("a server is wiped, and another one is to be removed")
        .directed(
            "S1 stands first, and S3 is wiped before anything is asked",
            directions::wiped_early,
        )
}

/// The operator waits until a wiped server is back and its leader has heard it.
fn with_late_orders(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Orders => 10..=10,
        timer => (live::Pace::Short.range())(timer),
    }
}

/// Nobody knows a store at first. A third server comes and gets a vote.
pub fn recorded(name: &str, rules: Book) -> RaftSpec {
    let changes = vec![(0, add(2)), (0, promote(2))];
    let bounds = membership::Bounds { founders: 2, changes, safety: elections(3, 2) };
    let facts: &[Fact] = &[TWO_CHANGES, PROMOTED_LEADS];
    knowing_stores(membership::raft(name, rules, bounds, facts))
        .summary("a server comes, and gets a vote once its store is known")
}

/// The same on the clock, with a message lost.
pub fn recorded_live(name: &str, rules: Book) -> RaftSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = live::Bounds { servers: 3, faults, ..live::Bounds::default() };
    let changes = vec![(0, add(2)), (0, promote(2))];
    knowing_stores(membership::live(name, rules, bounds, 2, changes, &[]))
        .eventually_always(RECORDED, SEEN, identity::all_are_recorded)
        .summary("a server comes, and in the end each store is known")
}
