//! Snapshots: servers that take one after each entry, and followers that lack what is compacted.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults};

use super::cut::BOTH;
use super::live::{self, CAUGHT_UP};
use super::membership::{self, add, promote, remove};
use super::{
    Book, Bounds, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, fact_in_flight, safety,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::raft::Options;
use crate::raft::claims::{self, facts, properties, snapshot};
use crate::raft::compaction::{Compaction, ENTRY};
use crate::system::{Boxed, clients_stand_out, servers_mut};

/// A snapshot after each entry. With a key, a value of one letter and a session it has two pieces:
/// the one ends where the other begins.
pub const EACH: Compaction =
    Compaction { floor: 1, keep: 0, keeps_size: false, piece: 5, aside: false };

/// A snapshot after the second entry, and each second one after it.
const EACH_SECOND: Compaction = Compaction { floor: ENTRY + 1, ..EACH };

/// The same, but the last entry stays: a server that decides alone appends, commits and compacts it
/// in one step, and it would never be seen.
const ALL_BUT_ONE: Compaction = Compaction { keep: 2 * ENTRY - 1, ..EACH };

/// The same spec of servers that take snapshots. What these hold is encoded, the sessions of
/// clients among it, so clients do not change places.
pub fn compacting(mut spec: RaftSpec, compaction: Compaction) -> RaftSpec {
    for server in servers_mut(&mut spec) {
        server.compaction = Some(compaction);
    }
    clients_stand_out(spec)
}

/// Raft within `bounds`, with snapshots.
pub fn raft(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    compacting(safety::raft(name, rules, bounds, facts).claims(own_claims()), EACH)
}

/// Claims beside those of every spec.
pub(super) fn own_claims() -> [Fact; 2] {
    [
        Claim::always(snapshot::IS_ITS_PREFIX, SEEN, snapshot::is_its_prefix),
        Claim::always(snapshot::COVERS_THE_LOG, SEEN, snapshot::covers_the_log),
    ]
}

/// The specs of snapshots. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        late("raft/snapshot", EVERY_RULE).counts(61_744, 124_570).boxed(),
        conflict("raft/snapshot-conflict", EVERY_RULE).counts(138_487, 320_235).boxed(),
        suffix("raft/snapshot-suffix", EVERY_RULE).counts(370_608, 930_470).boxed(),
        pieces("raft/snapshot-pieces", EVERY_RULE).counts(10_435, 20_421).boxed(),
        crash("raft/snapshot-crash", EVERY_RULE).counts(61_607, 126_856).boxed(),
        retry("raft/snapshot-retry", EVERY_RULE).counts(515_213, 1_419_593).boxed(),
        read("raft/snapshot-read", EVERY_RULE).counts(50_560, 134_203).boxed(),
        members("raft/snapshot-members", EVERY_RULE).counts(305_165, 712_096).boxed(),
        leavers("raft/snapshot-leavers", EVERY_RULE).counts(136_801, 377_582).boxed(),
        told("raft/snapshot-told-live", EVERY_RULE).counts(93_782, 157_963).boxed(),
        rejoin("raft/snapshot-rejoin-live", EVERY_RULE).counts(291_908, 896_741).boxed(),
        lossy("raft/snapshot-lossy-live", EVERY_RULE).counts(119_877, 216_442).boxed(),
    ]
}

const INCOMING: Fact = fact("a server has a piece of a snapshot", snapshot::a_piece);
const PART_OF_TWO: Fact = fact("a server has a snapshot", snapshot::a_snapshot_at_the_tail);
const LEARNT: Fact = fact("who learns has a snapshot", snapshot::who_learns_has_one);
const RECOVERED: Fact = fact("a recovered server", properties::a_recovered_server);
const ASKED_AGAIN: Fact =
    fact_in_flight(snapshot::ASKED_OF_A_SNAPSHOT, snapshot::asked_of_a_snapshot);
const TAIL: Fact = fact("a snapshot at the tail of the log", snapshot::a_snapshot_at_the_tail);
const PART: Fact = fact_in_flight("a snapshot for who has a part", snapshot::has_a_part);
const CONFLICT: Fact = fact_in_flight("a snapshot over a conflict", snapshot::has_a_conflict);
const SUFFIX: Fact = fact_in_flight("a snapshot for who has more", snapshot::has_a_suffix);
const OLDER_PIECE: Fact = fact_in_flight("a piece that is too late", snapshot::an_older_piece);
const OLD: Fact = fact_in_flight("a snapshot that is too late", snapshot::an_old_snapshot);
const COMPACTED: Fact = fact_in_flight("entries that are compacted", snapshot::compacted_before);

/// A follower that has missed what the leader has compacted, in part or all of it.
pub fn late(name: &str, rules: Book) -> RaftSpec {
    // With this value the first piece twice would pass for a snapshot.
    let scripts: &[&[Command]] = &[&[put("x", "\0")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, heartbeats: 1, ..Bounds::default() };
    let facts: &[Fact] = &[TAIL, PART, OLDER_PIECE, OLD, COMPACTED];
    raft(name, rules, bounds, facts)
        .summary("a follower that lacks what is compacted is caught up by a snapshot")
}

/// Two leaders, and a follower whose entry is of the first where the second has compacted its own.
pub fn conflict(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { servers: 3, elections: 2, heartbeats: 1, ..Bounds::default() };
    raft(name, rules, bounds, &[TAIL, CONFLICT])
        .summary("a snapshot takes the place of entries that conflict with it")
}

/// Two appends on their way, and a follower that has taken both when it is offered a snapshot.
pub fn suffix(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, heartbeats: 2, ..Bounds::default() };
    let mut spec = raft(name, rules, bounds, &[SUFFIX]);
    for server in servers_mut(&mut spec) {
        server.window = 2;
    }
    spec.directed("S1 stands, and each message goes where it must", directions::suffix)
        .summary("a snapshot leaves what a follower has behind it")
}

/// Two snapshots of the same size, one after the other.
pub fn pieces(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, heartbeats: 2, ..Bounds::default() };
    raft(
        name,
        rules,
        bounds,
        &[fact_in_flight("a piece of a newer snapshot", snapshot::a_newer_piece)],
    )
    .directed("S1 stands, and S3 hears of nothing but snapshots", directions::third_is_late)
    .summary("a newer snapshot begins with its own first piece")
}

/// A server crashes and starts from its snapshot.
pub fn crash(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds =
        Bounds { servers: 2, scripts, elections: 2, heartbeats: 2, faults, ..Bounds::default() };
    raft(name, rules, bounds, &[TAIL, OLD, COMPACTED, RECOVERED])
        .summary("a server crashes and starts from its snapshot")
}

/// A client asks again for what only a snapshot tells of.
pub fn retry(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, retries: 1, ..Bounds::default() };
    raft(name, rules, bounds, &[TAIL, ASKED_AGAIN])
        .summary("a client asks again for what only a snapshot tells of")
}

/// Reads of the leader and of a follower, while what is read of is compacted.
pub fn read(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let options = Options { follower_reads: true, ..Options::default() };
    let bounds = Bounds { servers: 3, scripts, elections: 1, options, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a read is held", facts::a_read_is_held),
        fact("a round asks who lacks what is compacted", snapshot::a_round_before_the_base),
        fact("all answered", all_answered),
    ];
    raft(name, rules, bounds, facts)
        .summary("leader and followers answer reads while logs are compacted")
}

/// A server comes, is caught up by a snapshot, and gets a vote.
pub fn members(name: &str, rules: Book) -> RaftSpec {
    let changes = vec![(0, add(2)), (0, promote(2))];
    let safety = membership::elections(3, 3);
    let bounds = membership::Bounds { founders: 2, changes, safety };
    let facts: &[Fact] =
        &[LEARNT, membership::A_CHANGE, membership::TWO_CHANGES, membership::PROMOTED_LEADS];
    changing(name, rules, bounds, facts)
        .summary("a server comes, is caught up by a snapshot, and gets a vote")
}

/// Of three servers two leave, and those that are caught up by a snapshot go by what it says.
pub fn leavers(name: &str, rules: Book) -> RaftSpec {
    let changes = vec![(0, remove(1)), (0, remove(2))];
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let safety = Bounds { scripts, faults, ..membership::elections(3, 2) };
    let bounds = membership::Bounds { founders: 3, changes, safety };
    changing(name, rules, bounds, &[membership::TWO_CHANGES, TAIL, RECOVERED])
        .directed("S1 stands, and then S3, which gets no entry but the first", directions::leavers)
        .summary("servers leave and crash, and a snapshot tells who takes part")
}

fn changing(name: &str, rules: Book, bounds: membership::Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    compacting(membership::raft(name, rules, bounds, facts).claims(own_claims()), ALL_BUT_ONE)
}

/// A server is removed, and lacks what is compacted: it is told all the same, and though a message
/// is lost.
pub fn told(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds =
        live::Bounds { servers: 3, scripts, faults, options: BOTH, ..live::Bounds::default() };
    compacting(membership::live(name, rules, bounds, 3, vec![(0, remove(2))], &[]), EACH)
        .eventually_always(membership::NOBODY_ASKS, SEEN, claims::membership::nobody_asks)
        .summary("a server that is removed, and lacks what is compacted, is told so")
}

/// A server goes and comes back, and has missed what the others have compacted.
pub fn rejoin(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let recovery = Some(live::RECOVERY);
    let bounds = live::Bounds { servers: 3, scripts, faults, recovery, ..Default::default() };
    compacting(live::raft(name, rules, bounds, &[PART_OF_TWO]), EACH)
        .summary("a server that comes back is caught up by a snapshot")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// A message is lost, which may be an entry or a piece of a snapshot.
pub fn lossy(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let faults = Faults { drops: 2, ..Faults::NONE };
    let bounds = live::Bounds { servers: 3, scripts, faults, ..Default::default() };
    compacting(live::raft(name, rules, bounds, &[INCOMING]), EACH_SECOND)
        .summary("a piece of a snapshot is lost, and asked for again")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}
