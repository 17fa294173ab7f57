//! What is checked of the liveness of ZAB, with which bounds. Leaders are elected by fast leader
//! election.
//!
//! Time moves in ticks of 50 ms: what is needed is said again after 50 ms, a better vote is waited
//! for as long, a leader counts whom it has heard every 200 ms, silence is noticed after 150 to
//! 300 ms, and a client asks again after 100 ms. Of the past these specs know what became of
//! servers, and not what clients saw.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Cut, Faults, Restless, Spec, State, Timely};
use stateright::actor::Id;

use super::{Book, CRASH, Checked, Disk, EVERY_RULE, Fact, SEEN, ZabSpec, fact, storages, system};
use crate::claims::all_answered;
use crate::consistency::Freshness;
use crate::kv::{Command, get, put};
use crate::member;
use crate::operator;
use crate::system::{Boxed, clients_mut, servers_mut, suspended};
use crate::zab::claims::ghost::Ghost;
use crate::zab::claims::{ghost, obsolete, properties, reads, votes};
use crate::zab::{Elections, Flow, Timer, Zab};

/// What a spec lets happen, and how often.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// The servers have never started, and elect a leader. If not, S1 leads.
    pub elects: bool,
    /// What is on their disks; nothing of those further on.
    pub disks: &'a [Disk<'a>],
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
    /// What clients ask of reads, which servers that are up to date answer. If `None`, a read is a
    /// command.
    pub reads: Option<Freshness>,
}

/// All that are up follow one leader, or are it.
pub const ONE_LEADER: &str = "all follow one established leader";
/// All that are up have everything.
pub const CAUGHT_UP: &str = "all have the same log, and all of it took effect";
pub const ALL_ANSWERED: &str = "all answered";

fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Written | Timer::Snapshot) => 0..=0,
        member::Timer::Server(Timer::Elect | Timer::Again) => 1..=1,
        member::Timer::Server(Timer::Census) => 4..=4,
        member::Timer::Server(Timer::Silence) => 3..=6,
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
    }
}

/// ZAB within `bounds`, on the clock: what must happen whatever the faults were, and the `facts`
/// that must be reachable, lest it happen for want of them.
pub fn zab(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ZabSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let mut claims = vec![Claim::always(properties::PREFIX, SEEN, properties::prefix)];
    // Who restarts has forgotten its round, and begins with the first one again.
    if bounds.elects {
        claims.push(Claim::always(votes::AGREEMENT, SEEN, votes::agreement));
    }
    let how = (Flow { early: 4, ..Flow::PLAIN }, None);
    let elects = bounds.elects || !bounds.disks.is_empty();
    let first = (!elects).then(|| Id::from(0));
    let elections = Elections::Fast { first };
    let system = system(rules, bounds.servers, elections, how, (&[], bounds.scripts));
    let mut spec = Spec::new(name, system, bounds.servers)
        .ghost(ghost::observe_servers)
        .claims(claims.into_iter().chain(facts.iter().cloned()))
        .suspending(suspended)
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            early: bounds.early,
            recovery: bounds.recovery,
            restless: Some(Restless {
                name: "silences",
                timers: |timer| {
                    matches!(timer, member::Timer::Server(Timer::Elect | Timer::Silence))
                },
                bound: 12,
            }),
            ..Timely::of(range)
        })
        .eventually_always(ONE_LEADER, SEEN, properties::one_leader)
        .eventually_always(CAUGHT_UP, SEEN, properties::all_caught_up);
    spec.storages = storages(bounds.servers, bounds.disks);
    servers_mut(&mut spec).for_each(|server| server.follower_reads = bounds.reads.is_some());
    clients_mut(&mut spec).for_each(|client| client.reads = bounds.reads);
    let asks = !bounds.scripts.is_empty();
    let spec = if asks { spec.eventually(ALL_ANSWERED, SEEN, all_answered) } else { spec };
    let spec = if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec };
    if prunes { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// The specs of liveness. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        election().counts(2_487, 9_085).boxed(),
        calm().counts(1_980, 3_375).boxed(),
        failover().counts(41_994, 61_447).boxed(),
        rejoin().counts(22_874, 51_019).boxed(),
        lossy().counts(1_891, 2_551).boxed(),
        cut_off().counts(228_984, 443_979).boxed(),
        follower_reads().counts(22_759, 30_215).boxed(),
    ]
}

/// Three servers elect a leader.
pub fn election() -> ZabSpec {
    let bounds = Bounds { servers: 3, elects: true, ..Bounds::default() };
    zab("zab/election-live", EVERY_RULE, bounds, &[])
        .summary("three servers that have never started elect a leader")
        .worst_case(ONE_LEADER, SEEN, properties::one_leader)
}

/// A client asks, and nothing goes wrong.
pub fn calm() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, ..Bounds::default() };
    zab("zab/calm-live", EVERY_RULE, bounds, &[])
        .summary("a client asks, and nothing goes wrong")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server goes for good, and the two that are left go on.
pub fn failover() -> ZabSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, faults: CRASH, ..Bounds::default() };
    zab("zab/failover-live", EVERY_RULE, bounds, &[])
        .summary("the leader dies for good, or a follower, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server crashes and comes back.
pub fn rejoin() -> ZabSpec {
    let bounds = Bounds { servers: 3, faults: CRASH, recovery: Some(2..=2), ..Bounds::default() };
    zab("zab/rejoin-live", EVERY_RULE, bounds, &[])
        .summary("a server crashes and comes back, and follows again")
        .directed(FAULTS_COME_LATE, faults_come_late)
        .worst_case(ONE_LEADER, SEEN, properties::one_leader)
}

/// A message is lost.
pub fn lossy() -> ZabSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 2, scripts: &[&[put("x", "1")]], faults, ..Bounds::default() };
    zab("zab/lossy-live", EVERY_RULE, bounds, &[])
        .summary("of two servers, while a message is lost, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server is cut off from the others for a while.
pub fn cut_off() -> ZabSpec {
    let bounds = Bounds {
        servers: 3,
        cut: Some(Cut::between([0], [1, 2]).healing(1..=8)),
        ..Bounds::default()
    };
    zab("zab/cut-off-live", EVERY_RULE, bounds, &[])
        .summary("the leader is cut off, and follows when it is heard again")
        .directed(FAULTS_COME_LATE, faults_come_late)
        .worst_case(ONE_LEADER, SEEN, properties::one_leader)
}

/// Reads that a follower answers are answered in the end, and soon, though a message is lost.
pub fn follower_reads() -> ZabSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let reads = Some(Freshness::Linearizable);
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")], &[get("x")]];
    let bounds = Bounds { servers: 2, scripts, faults, reads, ..Bounds::default() };
    let waits = fact("a read waits for the next round", reads::a_read_waits);
    zab("zab/follower-reads-live", EVERY_RULE, bounds, &[waits])
        .summary("a writer and two readers of two servers, while a message is lost")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// What [`faults_come_late`] restricts, in words.
const FAULTS_COME_LATE: &str = "nothing goes wrong before all follow the first leader";

/// False of a crash and a cut before all follow one leader.
fn faults_come_late(
    (): &(),
    now: &State<Zab<Checked>, Arc<Ghost>>,
    action: &ActionOf<Zab<Checked>>,
) -> bool {
    match action {
        Action::Crash(_) | Action::Cut(_) => properties::follow_one_leader(&now.system),
        _ => true,
    }
}
