//! Servers that lag far behind, and servers that have lost their disks.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Faults};

use super::{Bounds, CRASH, Checked, EVERY_RULE, Fact, MultiPaxosSpec, Now, ONE_OPEN, SLOT};
use super::{fact, multi_paxos};
use crate::kv::{Command, put};
use crate::member::Timer::Server;
use crate::multi_paxos::claims::properties::{self, LEADER_HAS_ALL};
use crate::multi_paxos::message::Message;
use crate::multi_paxos::rules::Rule;
use crate::multi_paxos::{Limits, MultiPaxos, Timer};
use crate::number::{Index, Round};
use crate::rules::AllBut;
use crate::service;
use crate::system::Boxed;

/// The specs of snapshots and of wiped servers. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        snapshot().counts(715_542, 2_668_676).boxed(),
        snapshot_crash().counts(415_429, 1_325_561).boxed(),
        snapshot_pieces().counts(147_766, 447_030).boxed(),
        snapshot_open().counts(395_929, 1_510_296).boxed(),
        wiped().counts(53_250, 126_943).boxed(),
        wiped_rejoins().boxed(),
        wiped_stays_out().counts(30_962, 90_090).boxed(),
    ]
}

/// A snapshot for each slot, beside which the log has the last slot only.
pub const COMPACT: Limits = Limits { floor: 1, keep: SLOT, piece: 16, ..ONE_OPEN };

/// A snapshot for each slot, in one piece, beside which the log has nothing.
pub const NOTHING_KEPT: Limits = Limits { keep: 0, piece: 1_000, ..COMPACT };

/// One server loses its disk.
pub const WIPE: Faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };

/// A server lacks what the others have compacted.
pub fn snapshot() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let limits = Limits { floor: SLOT + 1, ..COMPACT };
    let bounds = Bounds { scripts, limits, silences: 2, agains: 1, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a snapshot is installed", properties::an_installed_snapshot)];
    multi_paxos("multi-paxos/snapshot", EVERY_RULE, bounds, facts)
        .summary("a server that lacks what is compacted is given a snapshot")
}

/// A server crashes that may take a snapshot of its own when it is given one.
pub fn snapshot_crash() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let bounds =
        Bounds { scripts, limits: NOTHING_KEPT, agains: 2, faults: CRASH, ..Bounds::default() };
    let facts: &[Fact] =
        &[fact("a start with a snapshot that was given", properties::starts_with_a_snapshot)];
    multi_paxos("multi-paxos/snapshot-crash", EVERY_RULE, bounds, facts)
        .summary("a server is given a snapshot while it takes one, and crashes")
        .directed(LAGS_AND_CRASHES, lags_and_crashes)
}

/// What [`lags_and_crashes`] restricts, in words.
pub const LAGS_AND_CRASHES: &str = "S1 alone leads and writes with S2, to which it does not tell \
                                    what is chosen; S3 crashes; S3 hears of the first slot alone \
                                    before it is given a snapshot";

/// True of what [`LAGS_AND_CRASHES`] says.
pub fn lags_and_crashes((): &(), _: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    match action {
        Action::Crash(id) => usize::from(*id) == 2,
        Action::Timeout(id, Server(Timer::Silence)) => usize::from(*id) == 0,
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 1, Message::Chosen(_)) => false,
                (0, 2, Message::Accept(m)) => m.slot == Index(1),
                (2, 0, message) => matches!(message, Message::Learn(_)),
                _ => true,
            }
        }
        _ => true,
    }
}

/// A snapshot comes in pieces: one of them twice, and some of the next snapshot among them.
pub fn snapshot_pieces() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let limits = Limits { piece: 8, ..NOTHING_KEPT };
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, limits, agains: 1, faults, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a part of an older snapshot", properties::a_part_of_an_older_snapshot),
        fact("a snapshot is installed", properties::an_installed_snapshot),
    ];
    multi_paxos("multi-paxos/snapshot-pieces", EVERY_RULE, bounds, facts)
        .summary("a server is given a snapshot piece by piece, and a later one meanwhile")
        .directed(LAGS_AND_CRASHES, lags_and_crashes)
}

/// A server has accepted something behind the snapshot that it is given.
pub fn snapshot_open() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2"), put("x", "3")]];
    let bounds =
        Bounds { scripts, limits: NOTHING_KEPT, silences: 2, agains: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a snapshot is installed", properties::an_installed_snapshot),
        fact("a leader was told of an accepted value", properties::an_adopted_value),
    ];
    multi_paxos("multi-paxos/snapshot-open", EVERY_RULE, bounds, facts)
        .summary("a server is given a snapshot, and keeps what it has accepted behind that")
        .directed(LACKS_THE_FIRST_TWO, lacks_the_first_two)
}

/// What [`lacks_the_first_two`] restricts, in words.
pub const LACKS_THE_FIRST_TWO: &str = "S1 stands, and S2 when S3 has a snapshot of S1; S2 hears of \
                                       the first two slots, and S3 of the third";

/// True of what [`LACKS_THE_FIRST_TWO`] says.
fn lacks_the_first_two((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let server = |number: usize| now.system.actor_states[number].server();
    let (Some(first), Some(third)) = (server(0), server(2)) else { return false };
    match action {
        Action::Timeout(id, Server(Timer::Silence)) => match usize::from(*id) {
            0 => first.promised().round == Round::ZERO,
            id => id == 1 && third.storage.snapshot.is_some(),
        },
        Action::Timeout(id, Server(Timer::Again)) => usize::from(*id) == 0,
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 1, Message::Chosen(_)) | (2, 1, Message::Learn(_)) => false,
                (0, 1, Message::Accept(m)) => m.slot < Index(3),
                (0, 2, Message::Accept(m)) => m.slot == Index(3),
                (1, 0, Message::Prepare(_)) => false,
                _ => true,
            }
        }
        _ => true,
    }
}

/// A server loses its disk, while two stand.
pub fn wiped() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { scripts, silences: 2, faults: WIPE, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a wiped server", properties::a_wiped_server)];
    multi_paxos("multi-paxos/wiped", EVERY_RULE, bounds, facts)
        .summary("a server that has lost its disk is no acceptor any more")
}

/// A client that writes twice, two servers that stand, and a third one that loses its disk.
pub fn lost_disk<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds {
        servers: 5,
        scripts,
        limits: ONE_OPEN,
        silences: 2,
        agains: 1,
        faults: WIPE,
        ..Bounds::default()
    }
}

/// The rule of PML: who has lost its disk is an acceptor again when it has seen an instance
/// complete that began later. What it promised before to somebody who stands is forgotten.
pub fn wiped_rejoins() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let rules = AllBut(vec![Rule::WipedStaysOut]);
    multi_paxos("multi-paxos/wiped-rejoins", rules, lost_disk(scripts), &[])
        .summary("a server without its disk is an acceptor again too soon, as PML has it")
        .directed(PROMISES_AND_FORGETS, promises_and_forgets)
        .only(LEADER_HAS_ALL)
        .expect_violation(LEADER_HAS_ALL)
}

/// The same bounds, and who has lost its disk stays out.
pub fn wiped_stays_out() -> MultiPaxosSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")]];
    let facts: &[Fact] = &[fact("a wiped server learns", properties::a_wiped_server_learns)];
    multi_paxos("multi-paxos/wiped-stays-out", EVERY_RULE, lost_disk(scripts), facts)
        .summary(
            "the same bounds: a server without its disk is no acceptor, whatever it has learnt",
        )
        .directed(PROMISES_AND_FORGETS, promises_and_forgets)
}

/// What [`promises_and_forgets`] restricts, in words.
pub const PROMISES_AND_FORGETS: &str = "S1 leads S2 and S5, S3 stands before S4 and S5, and S5 \
                                        loses its disk before anything is proposed; of S1 S4 \
                                        hears the first slot and S5 the second";

/// True of what [`PROMISES_AND_FORGETS`] says, and of what follows from it.
pub fn promises_and_forgets((): &(), now: &Now, action: &ActionOf<MultiPaxos<Checked>>) -> bool {
    let mut servers = now.system.actor_states.iter().filter_map(|it| it.server());
    match action {
        Action::Rollback(id) => {
            usize::from(*id) == 4
                && servers.all(|it| it.storage.accepted.is_empty() && it.chosen() == Index::ZERO)
        }
        Action::Timeout(id, Server(Timer::Silence)) => [0, 2].contains(&usize::from(*id)),
        Action::Deliver { src, dst, msg: service::Message::Peer(message) } => {
            match (usize::from(*src), usize::from(*dst), message) {
                (0, 2, _) | (2, 0 | 1, _) => false,
                (0, 3, Message::Accept(m)) => m.slot == Index(1),
                (0, 4, Message::Accept(m)) => m.slot == Index(2),
                (0, to, Message::Prepare(_)) => [1, 4].contains(&to),
                (0, to, Message::Chosen(_)) => to == 4,
                _ => true,
            }
        }
        _ => true,
    }
}
