//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Spec};

use super::{
    Book, EVERY_RULE, Fact, SEEN, ViewstampedSpec, disks, fact, keeps_all_on_disk, same_durable,
    system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::system::{Boxed, suspended};
use crate::viewstamped::claims::{ghost, obsolete, properties};
use crate::viewstamped::{Limits, Timer};

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    pub replicas: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a replica wants the next view by itself, in total.
    pub silences: u8,
    /// How often something is said again, in total.
    pub agains: u8,
    pub retries: u8,
    pub faults: Faults,
    pub limits: Limits,
    /// Replicas keep what they know on their disks.
    pub on_disk: bool,
}

/// Viewstamped Replication within `bounds`: its safety, and the facts that must be reachable.
pub fn viewstamped(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ViewstampedSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let is_durable = bounds.on_disk && keeps_all_on_disk(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let mut spec = Spec::new(
        name,
        system(rules, bounds.replicas, bounds.scripts, (bounds.limits, bounds.on_disk)),
        bounds.replicas,
    )
    .claims(claims.chain(facts.iter().cloned()))
    .suspending(suspended)
    .ghost(ghost::observe)
    .faults(bounds.faults)
    .timeouts("silences", |timer| *timer == Server(Timer::Silence), bounds.silences)
    .timeouts("words said again", |timer| *timer == Server(Timer::Again), bounds.agains)
    .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    spec.storages = disks(bounds.replicas);
    let spec = if is_durable { spec.durable(same_durable) } else { spec };
    match (prunes, bounds.faults.crashes + bounds.faults.rollbacks) {
        (true, 0) => spec.obsolete(obsolete::is_obsolete),
        (true, _) => spec.obsolete(obsolete::is_obsolete_after_crashes),
        (false, _) => spec,
    }
}

/// The specs of safety. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        view_change().counts(1_047_887, 5_222_985).boxed(),
        conflict().counts(1_018_068, 4_739_981).boxed(),
        recovery().counts(472_863, 1_167_354).boxed(),
        transfer().counts(134_809, 526_983).boxed(),
        lossy().counts(703_473, 2_921_288).boxed(),
        checkpoint().counts(91_697, 258_179).boxed(),
        checkpoint_views().counts(697_665, 1_868_756).boxed(),
        window().counts(315_197, 1_488_049).boxed(),
        four().counts(190_329, 1_251_287).boxed(),
    ]
}

/// One crash of one replica.
pub const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The primary is not heard, twice, while a client writes and reads.
pub fn view_change() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { replicas: 3, scripts, silences: 2, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a view change", properties::a_view_change),
        fact("a view skipped", properties::a_view_skipped),
        fact("answered after a view change", properties::answered_after_a_view_change),
    ];
    viewstamped("viewstamped/view-change", EVERY_RULE, bounds, facts)
        .summary("two views are wanted, while a client writes and reads")
}

/// Two clients write and read, and a view change decides what there is.
pub fn conflict() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { replicas: 3, scripts, silences: 1, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("two requests under one number", properties::two_at_one_place),
        fact("answered after a view change", properties::answered_after_a_view_change),
    ];
    viewstamped("viewstamped/conflict", EVERY_RULE, bounds, facts)
        .summary("two clients write, and two replicas have different requests under one number")
}

/// A replica forgets all, and a view is wanted.
pub fn recovery() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { replicas: 3, scripts, silences: 1, faults: CRASH, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a recovery", properties::a_recovery),
        fact("recovering during a view change", properties::recovering_during_a_view_change),
        fact("answered after a recovery", properties::answered_after_a_recovery),
    ];
    viewstamped("viewstamped/recovery", EVERY_RULE, bounds, facts)
        .summary("a replica forgets everything, and recovers it from the others")
}

/// A primary says what it has, and who lacks some of it is given that.
pub fn transfer() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { replicas: 3, scripts, silences: 1, agains: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a transfer", properties::a_transfer),
        fact("a transfer to a later view", properties::a_transfer_to_a_later_view),
    ];
    viewstamped("viewstamped/transfer", EVERY_RULE, bounds, facts)
        .summary("a replica is given what it lacks of its own view, and of a later one")
}

/// Messages are lost and arrive twice.
pub fn lossy() -> ViewstampedSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x")]];
    let bounds = Bounds { replicas: 3, scripts, retries: 1, faults, ..Bounds::default() };
    let facts: &[Fact] = &[fact("all answered", all_answered)];
    viewstamped("viewstamped/lossy", EVERY_RULE, bounds, facts)
        .summary("a message is lost, another one arrives twice, while clients write and read")
}

/// Limits with which a replica keeps nothing that it has committed, and a message has one request,
/// or a piece of so many bytes.
pub const fn short_of_room(piece: usize) -> Limits {
    Limits { window: 1 << 20, page: 0, piece, keep: 0 }
}

/// Who lacks what is in no log any more is given a checkpoint, and what follows it.
pub fn checkpoint() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let limits = short_of_room(12);
    let bounds = Bounds { replicas: 3, scripts, agains: 2, limits, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a checkpoint taken", properties::a_checkpoint_taken),
        fact("a checkpoint in pieces", properties::a_checkpoint_in_pieces),
    ];
    viewstamped("viewstamped/checkpoint", EVERY_RULE, bounds, facts)
        .summary("no log keeps what is committed, and who lacks that is given a checkpoint")
}

/// The same while a replica forgets all, and a view is wanted.
pub fn checkpoint_views() -> ViewstampedSpec {
    let limits = short_of_room(1 << 20);
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds =
        Bounds { replicas: 3, scripts, silences: 1, faults: CRASH, limits, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a checkpoint taken", properties::a_checkpoint_taken),
        fact("answered after a recovery", properties::answered_after_a_recovery),
        fact("answered after a view change", properties::answered_after_a_view_change),
    ];
    viewstamped("viewstamped/checkpoint-views", EVERY_RULE, bounds, facts)
        .summary("a view starts, and a replica recovers, where no log keeps what is committed")
}

/// A primary has one request in its hands at a time.
pub fn window() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let limits = Limits { window: 1, ..Limits::default() };
    let bounds =
        Bounds { replicas: 3, scripts, silences: 1, retries: 1, limits, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a request that waits", properties::a_request_that_waits),
        fact("answered after a view change", properties::answered_after_a_view_change),
    ];
    viewstamped("viewstamped/window", EVERY_RULE, bounds, facts)
        .summary("two clients write, and a request waits until the other one is committed")
}

/// Four replicas: two are no majority.
pub fn four() -> ViewstampedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { replicas: 4, scripts, silences: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a view change", properties::a_view_change),
        fact("answered after a view change", properties::answered_after_a_view_change),
    ];
    viewstamped("viewstamped/four", EVERY_RULE, bounds, facts)
        .summary("four replicas, of which three are a majority")
}
