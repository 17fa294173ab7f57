//! What is checked of the liveness of Viewstamped Replication, with which bounds.
//!
//! Time moves in ticks of 50 ms: what is needed is said again after 50 ms, silence is noticed after
//! 150 to 300 ms, and a client asks again after 100 ms, as Raft's heartbeats, elections and clients
//! do. Of the past these specs know what became of replicas, and not what clients saw.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Restless, Spec, Timely};

use super::{
    Book, CRASH, EVERY_RULE, Fact, SEEN, ViewstampedSpec, disks, fact, short_of_room, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member;
use crate::operator;
use crate::system::{Boxed, suspended};
use crate::viewstamped::claims::{ghost, obsolete, properties};
use crate::viewstamped::{Limits, Timer};

/// What a spec lets happen, and how often.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    pub replicas: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    pub limits: Limits,
    /// Replicas keep what they know on their disks.
    pub on_disk: bool,
    /// After how many ticks a crashed replica is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
}

/// All that are up are in one view, and its primary is one of them.
pub const ONE_VIEW: &str = "all are normal in one view, whose primary is up";
/// All that are up have everything.
pub const CAUGHT_UP: &str = "all have the same log, and all of it is committed";
pub const ALL_ANSWERED: &str = "all answered";

fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Again) => 1..=1,
        member::Timer::Server(Timer::Silence) => 3..=6,
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
    }
}

/// Viewstamped Replication within `bounds`, on the clock: what must happen whatever the faults
/// were, and the `facts` that must be reachable, lest it happen for want of them.
pub fn viewstamped(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ViewstampedSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let claims = [Claim::always(properties::LOGS_AGREE, SEEN, properties::logs_agree)];
    let spec = Spec::new(
        name,
        system(rules, bounds.replicas, bounds.scripts, (bounds.limits, bounds.on_disk)),
        bounds.replicas,
    )
    .ghost(ghost::observe_replicas)
    .claims(claims.into_iter().chain(facts.iter().cloned()))
    .suspending(suspended)
    .faults(bounds.faults)
    .timely(Timely {
        tick: Some(Duration::from_millis(50)),
        early: bounds.early,
        recovery: bounds.recovery,
        restless: Some(Restless {
            name: "silences",
            timers: |timer| matches!(timer, member::Timer::Server(Timer::Silence)),
            bound: 12,
        }),
        ..Timely::of(range)
    })
    .eventually_always(ONE_VIEW, SEEN, properties::one_view)
    .eventually_always(CAUGHT_UP, SEEN, properties::all_caught_up);
    let asks = !bounds.scripts.is_empty();
    let spec = if asks { spec.eventually(ALL_ANSWERED, SEEN, all_answered) } else { spec };
    let mut spec = if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec };
    spec.storages = disks(bounds.replicas);
    match (prunes, bounds.faults.crashes + bounds.faults.rollbacks) {
        (true, 0) => spec.obsolete(obsolete::is_obsolete),
        (true, _) => spec.obsolete(obsolete::is_obsolete_after_crashes),
        (false, _) => spec,
    }
}

/// The specs of liveness. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        calm().counts(1_993, 5_538).boxed(),
        failover().counts(1_197, 2_625).boxed(),
        rejoin().counts(64_123, 297_175).boxed(),
        lossy().counts(516, 1_108).boxed(),
        cut_off().counts(5_947, 16_423).boxed(),
        suspicion().counts(16_583, 66_106).boxed(),
        checkpoint().counts(12_755, 40_376).boxed(),
        checkpoint_lossy().counts(724_293, 2_679_759).boxed(),
        window().counts(421, 1_002).boxed(),
        new_disk().counts(65_138, 301_064).boxed(),
        too_many().boxed(),
    ]
}

/// Two clients ask at once, and nothing goes wrong.
pub fn calm() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { replicas: 3, scripts, ..Bounds::default() };
    viewstamped("viewstamped/calm-live", EVERY_RULE, bounds, &[])
        .summary("two clients ask at once, nothing goes wrong, and neither has to ask again")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A replica goes for good, and the two that are left go on.
pub fn failover() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1"), get("x")]],
        faults: CRASH,
        ..Bounds::default()
    };
    viewstamped("viewstamped/failover-live", EVERY_RULE, bounds, &[VIEW_CHANGE])
        .summary("the primary dies for good, or a backup, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A replica crashes and comes back with nothing.
pub fn rejoin() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        faults: CRASH,
        recovery: Some(1..=7),
        ..Bounds::default()
    };
    viewstamped("viewstamped/rejoin-live", EVERY_RULE, bounds, &[VIEW_CHANGE, RECOVERY])
        .summary("a replica comes back with nothing, and recovers")
        .worst_case(ONE_VIEW, SEEN, properties::one_view)
}

/// Messages are lost, and arrive twice.
pub fn lossy() -> ViewstampedSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { replicas: 3, scripts: &[&[put("x", "1")]], faults, ..Bounds::default() };
    viewstamped("viewstamped/lossy-live", EVERY_RULE, bounds, &[])
        .summary("a message is lost, another one arrives twice, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// The primary is cut off from the others for a while.
pub fn cut_off() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        cut: Some(Cut::between([0], [1, 2]).healing(1..=8)),
        ..Bounds::default()
    };
    viewstamped("viewstamped/cut-off-live", EVERY_RULE, bounds, &[VIEW_CHANGE, MOVED_ON])
        .summary("the first primary is cut off, and is given what it missed when it is heard again")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// A backup is cut off, and no log keeps what it missed.
pub fn checkpoint() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1"), get("x")]],
        cut: Some(Cut::between([2], [0, 1]).healing(1..=4)),
        limits: short_of_room(12),
        ..Bounds::default()
    };
    viewstamped("viewstamped/checkpoint-live", EVERY_RULE, bounds, &[IN_PIECES])
        .summary("a backup is cut off, and is given a checkpoint when it is heard again")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// What a backup asks for is lost, and it gets further by itself meanwhile.
pub fn checkpoint_lossy() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2")], &[put("x", "3")]];
    let faults = Faults { drops: 2, ..Faults::NONE };
    let limits = short_of_room(12);
    let bounds = Bounds { replicas: 3, scripts, faults, limits, ..Bounds::default() };
    viewstamped("viewstamped/checkpoint-lossy-live", EVERY_RULE, bounds, &[IN_PIECES])
        .summary("two messages are lost while a backup is given a checkpoint, or something else")
        .worst_case(CAUGHT_UP, SEEN, properties::all_caught_up)
}

/// A primary that lives is not heard in time, and a message is lost.
pub fn suspicion() -> ViewstampedSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds =
        Bounds { replicas: 3, scripts: &[&[put("x", "1")]], early: 1, faults, ..Bounds::default() };
    viewstamped("viewstamped/suspicion-live", EVERY_RULE, bounds, &[VIEW_CHANGE])
        .summary("a primary that lives is taken for dead, and a message is lost")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// The window has room for one request, and two clients ask at once.
pub fn window() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")], &[put("x", "2")]],
        limits: Limits { window: 1, ..Limits::default() },
        ..Bounds::default()
    };
    let waits = fact("a request that waits", properties::a_request_that_waits);
    viewstamped("viewstamped/window-live", EVERY_RULE, bounds, &[waits])
        .summary("a request waits until another one is committed, and neither client asks again")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A replica's disk is lost, and it comes back with a new one.
pub fn new_disk() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        faults: Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE },
        recovery: Some(1..=4),
        ..Bounds::default()
    };
    viewstamped("viewstamped/new-disk-live", EVERY_RULE, bounds, &[VIEW_CHANGE, RECOVERY])
        .summary("a replica comes back with a new disk, and recovers")
        .worst_case(ONE_VIEW, SEEN, properties::one_view)
}

/// Two of three have forgotten everything: nobody may say what there was.
pub fn too_many() -> ViewstampedSpec {
    let faults = Faults { crashes: 2, down_at_once: 2, ..Faults::NONE };
    let bounds = Bounds { replicas: 3, faults, recovery: Some(1..=2), ..Bounds::default() };
    viewstamped("viewstamped/too-many-live", EVERY_RULE, bounds, &[])
        .summary("a majority has forgotten everything, and does not make up what there was")
        .only(ONE_VIEW)
        .expect_violation(ONE_VIEW)
}

const VIEW_CHANGE: Fact = fact("a view change", properties::a_view_change);
const IN_PIECES: Fact = fact("a checkpoint in pieces", properties::a_checkpoint_in_pieces);
const RECOVERY: Fact = fact("a recovery", properties::a_recovery);
const MOVED_ON: Fact = fact("a transfer to a later view", properties::a_transfer_to_a_later_view);
