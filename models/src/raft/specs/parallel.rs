//! Leaders that send entries on before their own disks have them, and crash in between.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::cut::BOTH;
use super::live;
use super::membership::{self, remove};
use super::snapshot::{self, EACH};
use super::{Book, Bounds, EVERY_RULE, FAILED_OVER, Fact, RaftSpec, fact, safety};
use crate::claims::all_answered;
use crate::kv::{Command, put};
use crate::raft::Options;
use crate::raft::claims::{facts, properties};
use crate::system::Boxed;

/// Basic Raft, but that a leader's disk writes while its followers' do.
pub const PARALLEL: Options = Options { parallel_writes: true, ..super::BASIC };

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The specs of leaders that write later. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        failover("raft/parallel", EVERY_RULE).counts(3_143_727, 11_355_708).boxed(),
        one("raft/parallel-one", EVERY_RULE).counts(129, 192).boxed(),
        deposed("raft/parallel-sticky", EVERY_RULE).counts(2_666_939, 14_409_558).boxed(),
        compacted("raft/parallel-snapshot", EVERY_RULE).counts(2_954_786, 9_547_318).boxed(),
        members("raft/parallel-members", EVERY_RULE).counts(1_119_183, 3_616_884).boxed(),
        answered("raft/parallel-live", EVERY_RULE).counts(54_433, 88_629).boxed(),
        alone("raft/parallel-one-live", EVERY_RULE).counts(97, 142).boxed(),
    ]
}

const AHEAD_OF_ITS_DISK: Fact =
    fact("a leader commits what its own disk has not", facts::committed_and_not_written);

/// A server crashes, the leader among others, and comes back.
pub fn failover(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let options = PARALLEL;
    let bounds =
        Bounds { servers: 3, scripts, elections: 2, faults: CRASH, options, ..Bounds::default() };
    let facts = [FAILED_OVER, &[AHEAD_OF_ITS_DISK]].concat();
    safety::raft(name, rules, bounds, &facts)
        .summary("a leader dies while its own disk lacks what it has sent on")
}

/// A server that nobody stores anything for.
pub fn one(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds {
        servers: 1,
        scripts,
        elections: 2,
        retries: 1,
        faults: CRASH,
        options: PARALLEL,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a recovered server", properties::a_recovered_server),
        fact("all answered", all_answered),
    ];
    safety::raft(name, rules, bounds, facts)
        .summary("one server, which commits what its own disk has")
}

/// A leader steps down unheard, within its term, and crashes.
pub fn deposed(name: &str, rules: Book) -> RaftSpec {
    let options = Options { check_quorum: true, ..PARALLEL };
    let bounds = Bounds { servers: 3, elections: 2, faults: CRASH, options, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a second leader", properties::a_second_leader),
        fact("an overwritten entry", properties::an_overwritten_entry),
        AHEAD_OF_ITS_DISK,
    ];
    safety::raft(name, rules, bounds, facts)
        .summary("a leader that is not heard steps down while its disk lacks what it has sent on")
}

/// A leader compacts what its own disk did not have.
pub fn compacted(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let options = PARALLEL;
    let bounds = Bounds {
        servers: 3,
        scripts,
        elections: 1,
        heartbeats: 1,
        faults: CRASH,
        options,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a recovered server", properties::a_recovered_server),
        fact("all answered", all_answered),
    ];
    let spec = safety::raft(name, rules, bounds, facts).claims(snapshot::own_claims());
    snapshot::compacting(spec, EACH)
        .summary("a leader takes a snapshot of what its own disk did not have")
}

/// A leader crashes with a configuration that it has sent on and not written.
pub fn members(name: &str, rules: Book) -> RaftSpec {
    let changes = vec![(0, remove(1)), (0, remove(2))];
    let options = PARALLEL;
    let safety = Bounds { faults: CRASH, options, ..membership::elections(3, 2) };
    let bounds = membership::Bounds { founders: 3, changes, safety };
    membership::raft(name, rules, bounds, &[membership::TWO_CHANGES, AHEAD_OF_ITS_DISK])
        .summary("a leader dies with a change of servers that its own disk lacks")
}

/// A server dies for good, and the command is answered all the same.
pub fn answered(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let options = Options { parallel_writes: true, ..BOTH };
    let bounds =
        live::Bounds { servers: 3, scripts, faults: CRASH, options, ..live::Bounds::default() };
    live::raft(name, rules, bounds, &[live::LATER_LEADER])
        .summary("a leader dies while its own disk lacks what it has sent on, and all go on")
}

/// A server whose own disk is the last that an entry waits for.
pub fn alone(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let options = Options { parallel_writes: true, ..BOTH };
    let bounds = live::Bounds { servers: 1, scripts, options, ..live::Bounds::default() };
    live::raft(name, rules, bounds, &[]).summary("one server, which waits for its own disk")
}
