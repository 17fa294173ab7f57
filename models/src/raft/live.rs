//! What is checked of Raft's liveness, with which bounds.
//!
//! Time moves in ticks of one heartbeat interval. These specs have no history: it would tell states
//! apart by who led long ago, and only safety asks for that.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::engine::Sees;
use quorate_checker::spec::{Faults, Spec, Timely};

use super::rules::RaftRules;
use super::specs::{RaftSpec, put, system};
use super::{Timer, obsolete, properties};
use crate::kv::Command;
use crate::rules::AllRules;

/// The interval of heartbeats, by which a node of the cluster is configured if it is not told.
const HEARTBEAT: Duration = Duration::from_millis(50);

/// More elections than it takes any server to win one when all is calm.
const CALM_BOUND: u8 = 8;

/// What a spec lets happen, and how often.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
}

/// Raft within `bounds`, on the clock, without properties.
pub fn raft<R: RaftRules>(name: &str, rules: R, bounds: Bounds<'_>) -> RaftSpec<R> {
    let prunes = obsolete::applies(&rules);
    let system = system(rules, bounds.servers, bounds.scripts);
    let spec = Spec::new(name, system, bounds.servers).sees(|_| Sees::Actors);
    let spec = spec.faults(bounds.faults).timely(Timely {
        tick: HEARTBEAT,
        range: |timer| match timer {
            Timer::Heartbeat => 1..=1,
            Timer::Election => 2..=3,
            Timer::Retry => 4..=4,
        },
        early: bounds.early,
        recovery: bounds.recovery,
        is_election: |timer| *timer == Timer::Election,
        calm_bound: CALM_BOUND,
    });
    if prunes { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// One crash.
const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, drops: 0, duplicates: 0 };

/// How soon a server is back that does come back: before it is missed, or after.
const RECOVERY: RangeInclusive<u8> = 1..=4;

/// The specs of Raft's liveness.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        Box::new(election("raft/election-live", AllRules)),
        Box::new(failover("raft/failover-live", AllRules)),
        Box::new(rejoin("raft/rejoin-live", AllRules)),
        Box::new(lossy("raft/lossy-live", AllRules)),
        Box::new(partition("raft/partition-live", AllRules)),
    ]
}

/// Elections, and nothing but elections: a server goes for good, a timer fires too soon.
pub fn election<R: RaftRules>(name: &str, rules: R) -> RaftSpec<R> {
    raft(name, rules, Bounds { servers: 3, early: 1, faults: CRASH, ..Bounds::default() })
        .summary("a leader is elected and stays")
        .eventually("a leader is elected", properties::a_leader_is_up)
        .eventually_always(ALL_FOLLOW, properties::all_follow_a_leader)
        .worst_case(A_LEADER, properties::a_leader_is_up)
}

/// A server goes for good, the leader among others, and the other two go on.
pub fn failover<R: RaftRules>(name: &str, rules: R) -> RaftSpec<R> {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, early: 1, faults: CRASH, recovery: None };
    raft(name, rules, bounds)
        .summary("a leader dies for good, and the command is answered all the same")
        .eventually(ALL_ANSWERED, properties::all_answered)
        .eventually_always(ALL_FOLLOW, properties::all_follow_a_leader)
        .worst_case(A_LEADER, properties::a_leader_is_up)
}

/// A server crashes and comes back.
pub fn rejoin<R: RaftRules>(name: &str, rules: R) -> RaftSpec<R> {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let recovery = Some(RECOVERY);
    let bounds = Bounds { servers: 3, scripts, early: 0, faults: CRASH, recovery };
    raft(name, rules, bounds)
        .summary("a server that crashes comes back and catches up")
        .eventually(ALL_ANSWERED, properties::all_answered)
        .eventually_always(ALL_FOLLOW, properties::all_follow_a_leader)
        .eventually_always("all have caught up", properties::all_caught_up)
}

/// A message is lost, and a server dies.
pub fn lossy<R: RaftRules>(name: &str, rules: R) -> RaftSpec<R> {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { drops: 1, ..CRASH };
    raft(name, rules, Bounds { servers: 3, scripts, faults, ..Bounds::default() })
        .summary("a message is lost, a server dies, and the command is answered all the same")
        .eventually(ALL_ANSWERED, properties::all_answered)
        .eventually_always(ALL_FOLLOW, properties::all_follow_a_leader)
}

/// One link of three is down: whoever does not hear the leader deposes it, for ever. What mends it,
/// pre-vote and that a leader checks its quorum, is not here yet.
pub fn partition<R: RaftRules>(name: &str, rules: R) -> RaftSpec<R> {
    raft(name, rules, Bounds { servers: 3, ..Bounds::default() })
        .without_link_between(0, 1)
        .summary("one link of three is down, and two servers depose each other for ever")
        .eventually("a leader is elected", properties::a_leader_is_up)
        .eventually_always(ALL_FOLLOW, properties::all_follow_a_leader)
        .expect_violation(ALL_FOLLOW)
}

const ALL_FOLLOW: &str = "all follow a leader";
const ALL_ANSWERED: &str = "all answered";
const A_LEADER: &str = "a leader is up";
