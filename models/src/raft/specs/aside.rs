//! Servers that go on while their snapshots are encoded and written.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::live::{self, CAUGHT_UP};
use super::parallel::PARALLEL;
use super::snapshot::{self, EACH};
use super::{Book, Bounds, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, fact_in_flight};
use crate::kv::{Command, put};
use crate::raft::claims::{facts, properties, snapshot as claims};
use crate::raft::compaction::Compaction;
use crate::system::Boxed;

/// As [`EACH`], but that a server goes on meanwhile.
const ASIDE: Compaction = Compaction { aside: true, ..EACH };

/// The specs of snapshots that are taken aside. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        overtaken("raft/aside", EVERY_RULE).counts(1_575_377, 4_719_975).boxed(),
        crash("raft/aside-crash", EVERY_RULE).counts(65_105, 153_639).boxed(),
        parallel("raft/aside-parallel", EVERY_RULE).counts(520_278, 1_662_204).boxed(),
        rejoin("raft/aside-live", EVERY_RULE).counts(1_236_113, 3_651_083).boxed(),
    ]
}

const OUTRUN: Fact = fact("entries are applied while a snapshot is taken", claims::is_outrun);
const OVERTAKEN: Fact =
    fact_in_flight("a snapshot for who takes an older one", claims::has_an_older_one);

/// A server is sent a snapshot while it takes an older one of its own.
pub fn overtaken(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, elections: 1, heartbeats: 2, ..Bounds::default() };
    let spec = snapshot::raft(name, rules, bounds, &[OUTRUN, OVERTAKEN]);
    snapshot::compacting(spec, ASIDE)
        .directed("S1 stands, and S3 gets no entry but the first", directions::third_gets_one)
        .summary("a server that takes a snapshot is sent a newer one")
}

/// A server crashes while it takes a snapshot.
pub fn crash(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds =
        Bounds { servers: 2, scripts, elections: 2, heartbeats: 1, faults, ..Bounds::default() };
    let recovered = fact("a recovered server", properties::a_recovered_server);
    snapshot::compacting(snapshot::raft(name, rules, bounds, &[OUTRUN, recovered]), ASIDE)
        .summary("a server crashes while it takes a snapshot")
}

/// A leader crashes while it writes a snapshot, and entries that it has sent on.
pub fn parallel(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds {
        servers: 2,
        scripts,
        elections: 2,
        heartbeats: 1,
        faults,
        options: PARALLEL,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        OUTRUN,
        fact("a recovered server", properties::a_recovered_server),
        fact("entries are sent on while a snapshot is written", facts::compacts_and_appends),
    ];
    snapshot::compacting(snapshot::raft(name, rules, bounds, facts), ASIDE)
        .summary("a leader crashes while it writes a snapshot and what it has sent on")
}

/// A server goes and comes back, and has missed what the others have compacted.
pub fn rejoin(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let recovery = Some(live::RECOVERY);
    let bounds = live::Bounds { servers: 3, scripts, faults, recovery, ..Default::default() };
    snapshot::compacting(live::raft(name, rules, bounds, &[OUTRUN]), ASIDE)
        .summary("a server that comes back is caught up by a snapshot that took a while")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}
