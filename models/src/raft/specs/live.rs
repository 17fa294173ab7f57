//! What is checked of Raft's liveness, with which bounds.
//!
//! Time moves in ticks of one heartbeat interval. These specs have hardly any history: it would
//! tell states apart by who led long ago, and only safety asks for that.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Restless, Spec, Timely};
use stateright::actor::Id;

use super::cut::BOTH;
use super::{
    Book, EVERY_RULE, Fact, RaftSpec, SEEN, directions, fact, keeps_all_durable, same_durable,
    system,
};
use crate::claims::{all_answered, is_answered, is_submitted};
use crate::kv::{Command, get, put};
use crate::member;
use crate::operator;
use crate::raft::claims::{conduct, facts, ghost, obsolete, properties};
use crate::raft::{Options, Timer};
use crate::system::{Boxed, servers_mut, suspended};

/// How long timers take, in ticks of one heartbeat interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As short as they can be and still tell a live leader from a dead one: fewer states, and the
    /// same kinds of runs. No durations are told.
    #[default]
    Short,
    /// As a node of the cluster is configured if it is not told: a heartbeat each 50 ms, elections
    /// after 150 to 300 ms, and a client that asks again after 100 ms.
    Real,
}

impl Pace {
    pub(super) fn range(self) -> fn(&member::Timer<Timer>) -> RangeInclusive<u8> {
        match self {
            Pace::Short => |timer| match timer {
                member::Timer::Server(Timer::Heartbeat) => 1..=1,
                member::Timer::Server(Timer::Contact | Timer::Promise) => 2..=2,
                member::Timer::Server(
                    Timer::Lease | Timer::Write | Timer::Written | Timer::Snapshot,
                ) => 1..=1,
                member::Timer::Server(Timer::Transfer) => 3..=3,
                member::Timer::Server(Timer::Election | Timer::PreVote) => 2..=3,
                member::Timer::Retry | member::Timer::Try(_) => 4..=4,
                member::Timer::Orders => operator::TICKS,
            },
            Pace::Real => |timer| match timer {
                member::Timer::Server(Timer::Heartbeat) => 1..=1,
                member::Timer::Server(Timer::Contact | Timer::Promise) => 3..=3,
                member::Timer::Server(Timer::Lease) => 2..=2,
                member::Timer::Server(Timer::Write | Timer::Written) => 1..=1,
                member::Timer::Server(Timer::Snapshot) => 1..=3,
                member::Timer::Server(Timer::Transfer) => 6..=6,
                member::Timer::Server(Timer::Election | Timer::PreVote) => 3..=6,
                member::Timer::Retry | member::Timer::Try(_) => 2..=2,
                member::Timer::Orders => operator::TICKS,
            },
        }
    }

    /// More elections than it takes any of so many servers to win one when all is calm: each may
    /// stand in turn before one that can win.
    fn calm_bound(self, servers: usize) -> u8 {
        let of_three = match self {
            Pace::Short => 8,
            Pace::Real => 10,
        };
        of_three * servers.div_ceil(3) as u8
    }

    fn tick(self) -> Option<Duration> {
        (self == Pace::Real).then_some(Duration::from_millis(50))
    }
}

/// What a spec lets happen, and how often.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    pub servers: usize,
    pub pace: Pace,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    pub options: Options,
}

/// There is a leader.
pub const A_LEADER: &str = "a leader is up";
/// And it stays, and who is up follows it. Nobody follows two: there is one in the end.
pub const ALL_FOLLOW: &str = "all follow a leader";
/// Who was down, cut off or late, too.
pub const CAUGHT_UP: &str = "all have caught up";
/// A client submits its next command when it has the answer to the last: what it submits is always
/// answered if and only if everything is in the end.
pub const ALL_ANSWERED: &str = "all answered";

/// Raft within `bounds`, on the clock: what must happen whatever the faults were, and the `facts`
/// that must be reachable, lest it happen for want of them.
pub fn raft(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    timed(name, rules, bounds, facts)
        .eventually(A_LEADER, SEEN, properties::a_leader_is_up)
        .eventually_always(ALL_FOLLOW, SEEN, properties::all_follow_a_leader)
        .eventually_always(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// Raft within `bounds`, on the clock, of which only that clients are answered is claimed yet.
pub(super) fn timed(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    let asks = !bounds.scripts.is_empty();
    let spec = clocked(name, rules, bounds, facts);
    if asks { spec.eventually(ALL_ANSWERED, SEEN, all_answered) } else { spec }
}

/// Raft within `bounds`, on the clock, of which it is not claimed yet that anything happens.
pub(super) fn clocked(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> RaftSpec {
    let down = bounds.faults.most_down();
    assert!(down == 0 || 2 * down < bounds.servers, "{name}: a majority of servers must stay up");
    let forgets = obsolete::filter(&rules, bounds.options, bounds.faults);
    let suspended = suspended(&rules);
    let all_durable = keeps_all_durable(&rules);
    let claims = match bounds.faults.rollbacks {
        0 => vec![(properties::NOBODY_TAKEN_OUT, properties::nobody_is_taken_out as _)],
        _ => conduct::claims(),
    };
    let claims = claims.into_iter().map(|(name, claim)| Claim::always(name, SEEN, claim));
    let system = system(rules, bounds.options, bounds.servers, bounds.scripts);
    let spec = Spec::new(name, system, bounds.servers);
    let spec = spec.claims(claims.chain(facts.iter().copied()));
    let spec = if bounds.faults.rollbacks == 0 { spec } else { spec.ghost(ghost::observe_conduct) };
    let spec = spec.suspending(suspended).faults(bounds.faults).timely(Timely {
        tick: bounds.pace.tick(),
        early: bounds.early,
        recovery: bounds.recovery,
        restless: Some(Restless {
            name: "elections",
            timers: |timer| *timer == member::Timer::Server(Timer::Election),
            bound: bounds.pace.calm_bound(bounds.servers),
        }),
        ..Timely::of(bounds.pace.range())
    });
    let spec = if all_durable { spec.durable(same_durable) } else { spec };
    match forgets {
        Some(filter) => spec.obsolete(filter),
        None => spec,
    }
}

/// One crash.
const CRASH: Faults =
    Faults { crashes: 1, down_at_once: 1, drops: 0, duplicates: 0, ..Faults::NONE };

/// One server's storage is lost, or a copy takes its place that was made before.
pub const ROLLBACK: Faults = Faults { rollbacks: 1, backups: 1, down_at_once: 1, ..Faults::NONE };

/// How soon a server is back that does come back: before it is missed, or after.
pub const RECOVERY: RangeInclusive<u8> = 1..=4;

/// The specs of Raft's liveness. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        calm().counts(241, 411).boxed(),
        election().counts(55_390, 157_041).boxed(),
        unlucky().counts(399_889, 1_135_500).boxed(),
        failover().counts(931_749, 2_297_380).boxed(),
        alone().counts(33, 40).boxed(),
        unlucky_nodes().counts(29_470, 63_072).boxed(),
        failover_of_nodes().counts(3_132_558, 10_378_798).boxed(),
        lossy().counts(84_178, 172_922).boxed(),
        rejoin().counts(150_349, 433_206).boxed(),
        restarts().counts(318_571, 793_308).boxed(),
        five().counts(682, 2_037).boxed(),
        rollback().counts(739_774, 2_718_036).boxed(),
    ]
}

/// No faults at all: whatever keeps a leader from staying shows itself in a small space.
pub fn calm() -> RaftSpec {
    let bounds = Bounds { servers: 3, ..Bounds::default() };
    raft("raft/calm-live", EVERY_RULE, bounds, &[])
        .summary("a leader is elected and stays, and nothing goes wrong")
}

/// Elections, and nothing but elections: a server goes for good, a timer fires too soon.
pub fn election() -> RaftSpec {
    let bounds = Bounds { servers: 3, early: 1, faults: CRASH, ..Bounds::default() };
    raft("raft/election-live", EVERY_RULE, bounds, &[SPLIT_VOTE, LATER_LEADER])
        .summary("a leader is elected and stays")
        .worst_case(A_LEADER, SEEN, properties::a_leader_is_up)
}

/// And a message is lost on top of it.
pub fn unlucky() -> RaftSpec {
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { servers: 3, early: 1, faults, ..Bounds::default() };
    raft("raft/unlucky-live", EVERY_RULE, bounds, &[SPLIT_VOTE, LATER_LEADER])
        .summary("a server dies, a message is lost, a timer fires too soon")
        .worst_case(A_LEADER, SEEN, properties::a_leader_is_up)
}

/// A server that nobody need welcome.
pub fn alone() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 1, scripts, options: BOTH, ..Bounds::default() };
    raft("raft/alone-live", EVERY_RULE, bounds, &[]).summary("one server, which asks nobody")
}

/// A server dies and a message is lost, of servers that ask before they stand.
pub fn unlucky_nodes() -> RaftSpec {
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { servers: 3, faults, options: BOTH, ..Bounds::default() };
    raft("raft/unlucky-node-live", EVERY_RULE, bounds, &[LATER_LEADER])
        .summary("a server dies and a message is lost, of servers that ask before they stand")
        .worst_case(A_LEADER, SEEN, properties::a_leader_is_up)
}

/// A server goes for good, the leader among others, and the other two go on. How long that takes is
/// told as the client sees it.
pub fn failover() -> RaftSpec {
    failing_over("raft/failover-live", Options::default())
        .summary("a leader dies for good, and the command is answered all the same")
}

/// The same with the options of a node: how long its clients wait.
pub fn failover_of_nodes() -> RaftSpec {
    failing_over("raft/failover-node-live", BOTH)
        .summary("a leader dies for good, of servers that ask before they stand")
}

fn failing_over(name: &str, options: Options) -> RaftSpec {
    let (pace, faults) = (Pace::Real, CRASH);
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds =
        Bounds { servers: 3, pace, scripts, early: 1, faults, options, ..Bounds::default() };
    let facts: &[Fact] = &[LATER_LEADER, GONE, LATER_ANSWER];
    raft(name, EVERY_RULE, bounds, facts).worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A message is lost, and a server dies, before the first command or between the two.
pub fn lossy() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { servers: 3, scripts, faults, ..Bounds::default() };
    raft("raft/lossy-live", EVERY_RULE, bounds, &[LATER_LEADER, GONE, LATER_ANSWER])
        .summary("a message is lost, a server dies, and each command is answered all the same")
        .leads_to(
            "a first command is answered",
            SEEN,
            is_submitted::<1, _, _>,
            is_answered::<1, _, _>,
        )
        .leads_to(
            "a second command is answered",
            SEEN,
            is_submitted::<2, _, _>,
            is_answered::<2, _, _>,
        )
}

/// A server crashes and comes back.
pub fn rejoin() -> RaftSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let recovery = Some(RECOVERY);
    let bounds = Bounds { servers: 3, scripts, faults: CRASH, recovery, ..Bounds::default() };
    raft("raft/rejoin-live", EVERY_RULE, bounds, &[RECOVERED, LATER_LEADER, LATER_ANSWER])
        .ghost(ghost::observe_recovery)
        .summary("a server that crashes comes back and catches up")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// Three crashes, one after the other.
pub fn restarts() -> RaftSpec {
    let faults = Faults { crashes: 3, ..CRASH };
    let bounds = Bounds { servers: 3, faults, recovery: Some(RECOVERY), ..Bounds::default() };
    raft("raft/restarts-live", EVERY_RULE, bounds, &[RECOVERED, LATER_LEADER])
        .ghost(ghost::observe_recovery)
        .summary("the servers crash and come back, one after the other, or one again and again")
}

/// A server is rolled back under a leader: to nothing, or to a copy of its storage. It is found out
/// where the leader knows what it has acknowledged, and starts anew where the leader does not. No
/// timer fires too soon, so that no vote is lost that counts.
pub fn rollback() -> RaftSpec {
    let recovery = Some(RECOVERY);
    let bounds = Bounds { servers: 3, faults: ROLLBACK, recovery, ..Bounds::default() };
    raft("raft/rollback-live", EVERY_RULE, bounds, &[TAKEN_OUT, LATER_LEADER])
        .summary("a server's storage is rolled back, and it is caught up or taken out")
}

/// Two of five servers are down: every vote of the others counts.
pub fn five() -> RaftSpec {
    // In the place of S4 and S5 are two members that never say anything.
    let silent: &[&[Command]] = &[&[], &[]];
    let bounds = Bounds { servers: 3, scripts: silent, ..Bounds::default() };
    let mut spec = raft("raft/five-live", EVERY_RULE, bounds, &[]);
    for server in servers_mut(&mut spec) {
        server.servers.extend([Id::from(3), Id::from(4)]);
    }
    spec.summary("three of five servers elect a leader, and two are down")
}

/// Three elections that the first server, which led in term 1, hears nothing of.
pub fn left_behind(name: &str, rules: Book) -> RaftSpec {
    let bounds = Bounds { servers: 3, early: 3, ..Bounds::default() };
    raft(name, rules, bounds, &[])
        .summary("a leader has two entries in place of the one that a follower has")
        .directed(
            "S1 stands on time, then S2, S3 and S2 too soon, before S1 hears of it",
            directions::left_behind,
        )
}

const SPLIT_VOTE: Fact = fact("a split vote", properties::a_split_vote);
pub(super) const LATER_LEADER: Fact = fact("a later leader", properties::a_later_leader);
const TAKEN_OUT: Fact = fact("a server is taken out", properties::a_server_taken_out);
const GONE: Fact = fact("a command gone with its leader", facts::a_command_gone_with_its_leader);
const LATER_ANSWER: Fact = fact("a later leader answers", facts::a_later_leader_answers);
const RECOVERED: Fact = fact("a recovered server", properties::a_recovered_server);
