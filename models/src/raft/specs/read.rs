//! Reads that no log entry is spent on: who may answer them, and that somebody does.

use quorate_checker::AnySpec;

use super::cut::BOTH;
use super::{Book, Bounds, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, live, raft};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::raft::Options;
use crate::raft::claims::{facts, properties};
use crate::system::Boxed;

/// The specs of reads. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        follower_reads("raft/follower-reads", EVERY_RULE).counts(122_857, 312_519).boxed(),
        old_leader_reads().counts(295_698, 1_040_156).boxed(),
        follower_reads_live().counts(7_834, 13_018).boxed(),
        readers_live().counts(4_882, 6_680).boxed(),
    ]
}

/// A writer, and a reader that asks a follower twice: its second read begins when the write may be
/// over.
pub fn follower_reads(name: &str, rules: Book) -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let options = Options { follower_reads: true, ..Options::default() };
    let bounds = Bounds { servers: 3, scripts, elections: 1, options, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a follower holds a read until it has applied more", facts::a_read_is_held),
        fact(facts::READ_AFTER_WRITE, facts::read_after_write),
        fact("all answered", all_answered),
    ];
    raft(name, rules, bounds, facts).summary("a writer, and a reader that asks followers")
}

/// A leader that has answered one read is asked for another one, and may be deposed by then.
fn old_leader_reads() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, elections: 2, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[fact("a second leader", properties::a_second_leader)];
    raft("raft/old-leader-reads", EVERY_RULE, bounds, facts)
        .summary("a leader is asked for two reads, and is deposed in between or not")
        .directed(
            "S1 stands, then S2, and S1 alone is asked for reads",
            directions::reads_at_the_first,
        )
}

/// Reads that a follower answers are answered in the end, and soon.
fn follower_reads_live() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let bounds = live::Bounds { servers: 3, scripts, options: BOTH, ..live::Bounds::default() };
    live::raft("raft/follower-reads-live", EVERY_RULE, bounds, &[])
        .worst_case(live::ALL_ANSWERED, SEEN, all_answered)
        .summary("a writer, and a reader that followers answer")
}

/// Reads that wait for the next round get it. A timer that fires early brings one while a round is
/// on its way. Nothing else than that round's end has a leader look: without a quorum to check it
/// does not note whom it hears.
fn readers_live() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[get("x")], &[get("x")]];
    let bounds = live::Bounds { servers: 2, scripts, early: 1, ..live::Bounds::default() };
    let facts: &[Fact] = &[fact("a read waits for the next round", facts::a_read_waits)];
    live::raft("raft/readers-live", EVERY_RULE, bounds, facts)
        .worst_case(live::ALL_ANSWERED, SEEN, all_answered)
        .summary("two readers, whom a leader answers")
}
