//! Designs of ZooKeeper's that broke, each under the number of its issue. The rule that repairs one
//! is in force in all other specs; `tests/zab/rules.rs` checks each within the same bounds with it.
//!
//! Most were found, or explained, by the TLA+ specifications of ZooKeeper
//! (`zookeeper-specifications` by Binyu Huang, Lingzhi Ouyang and others; Remix, EuroSys 2025).

use quorate_checker::AnySpec;

use super::{Bounds, CRASH, LAGGING, OPEN, ZabSpec, zab};
use crate::kv::{Command, put};
use crate::rules::AllBut;
use crate::system::Boxed;
use crate::zab::claims::properties::{
    COMMITS_ARE_KNOWN, MAJORITY_HOLDS, PREFIX, PRIMARY_INTEGRITY, PRIMARY_ORDER,
};
use crate::zab::rules::Rule;

/// The specs of designs that broke.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        zk_2845().boxed(),
        zk_3911().boxed(),
        zk_4394().boxed(),
        zk_4643().boxed(),
        zk_4712().boxed(),
        zk_4925().boxed(),
        hearsay_commit().boxed(),
        too_few_told().boxed(),
    ]
}

/// `name` without `rule`, which is to break `property`.
fn broken(name: &str, rule: Rule, property: &'static str, bounds: Bounds<'_>) -> ZabSpec {
    zab(name, AllBut(vec![rule]), bounds, &[]).only(property).expect_violation(property)
}

/// Two leaders, and a transaction that one server has. Clients ask S3.
pub fn two_epochs<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { servers: 3, disks: OPEN, scripts, asked: &[2], elections: 2, ..Bounds::default() }
}

/// Two leaders and a crash, and one server lacks what is committed.
pub fn two_epochs_and_a_crash<'a>() -> Bounds<'a> {
    Bounds { servers: 3, disks: LAGGING, elections: 2, faults: CRASH, ..Bounds::default() }
}

/// One leader, whom clients ask, and a transaction that only it has.
pub fn one_epoch<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { servers: 3, disks: OPEN, scripts, asked: &[0], elections: 1, ..Bounds::default() }
}

/// One leader of four servers, whom clients ask.
pub fn four_servers<'a>(scripts: &'a [&'a [Command]]) -> Bounds<'a> {
    Bounds { servers: 4, scripts, asked: &[0], elections: 1, ..Bounds::default() }
}

/// ZOOKEEPER-2845: a server keeps in memory what its disk has not, when it leaves its leader.
pub fn zk_2845() -> ZabSpec {
    broken("zab/zk-2845", Rule::ReportsDurableZxid, COMMITS_ARE_KNOWN, two_epochs(&[]))
        .summary("ZOOKEEPER-2845: a server tells of its memory, which its disk has not")
}

/// ZOOKEEPER-3911, and 4646: a follower acknowledges a history that is not on its disk.
pub fn zk_3911() -> ZabSpec {
    broken("zab/zk-3911", Rule::AckLdAfterHistory, MAJORITY_HOLDS, one_epoch(&[&[put("x", "1")]]))
        .summary("ZOOKEEPER-3911: a history is acknowledged before it is on the disk")
}

/// ZOOKEEPER-4394: a follower that joins applies all that it is given.
pub fn zk_4394() -> ZabSpec {
    broken(
        "zab/zk-4394",
        Rule::AppliesOnlyCommittedInSync,
        MAJORITY_HOLDS,
        four_servers(&[&[put("x", "1")]]),
    )
    .summary("ZOOKEEPER-4394: what is proposed takes effect at who joins meanwhile")
}

/// ZOOKEEPER-4643: the currentEpoch is written before the history that it stands for.
pub fn zk_4643() -> ZabSpec {
    let bounds = two_epochs_and_a_crash();
    broken("zab/zk-4643", Rule::HistoryBeforeEpoch, PRIMARY_INTEGRITY, bounds)
        .summary("ZOOKEEPER-4643: who crashes between epoch and history passes for up to date")
}

/// ZOOKEEPER-4712: what was to be written is written after the leader was left.
pub fn zk_4712() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = two_epochs(scripts);
    broken("zab/zk-4712", Rule::StreamEndsWithEpoch, PRIMARY_ORDER, bounds)
        .summary("ZOOKEEPER-4712: a log goes on with what the last leader had sent")
}

/// ZOOKEEPER-4925: what came with the history is on the disk, and not in the memory.
pub fn zk_4925() -> ZabSpec {
    broken("zab/zk-4925", Rule::SyncedIsServed, PREFIX, one_epoch(&[&[put("x", "1")]]))
        .summary("ZOOKEEPER-4925: a history in memory has a hole, which spreads")
}

/// Issue 3 of `zookeeper-specifications`: a follower is told to commit all that it has.
pub fn hearsay_commit() -> ZabSpec {
    broken(
        "zab/hearsay-commit",
        Rule::CommitLdIsLeaders,
        MAJORITY_HOLDS,
        four_servers(&[&[put("x", "1")]]),
    )
    .summary("who joins is told to commit all that it has, and not what its leader has")
}

/// Issue 1 of `zookeeper-specifications`: proposals go to those that have acknowledged the history.
pub fn too_few_told() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { disks: &[], ..one_epoch(scripts) };
    broken("zab/too-few-told", Rule::ProposeToEpochAckers, COMMITS_ARE_KNOWN, bounds)
        .summary("who joins misses what is proposed meanwhile")
}
