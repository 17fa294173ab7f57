//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Spec};

use super::{Book, EVERY_RULE, Fact, SEEN, ViewstampedSpec, fact, system};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::system::{Boxed, suspended};
use crate::viewstamped::Timer;
use crate::viewstamped::claims::{ghost, obsolete, properties};

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
}

/// Viewstamped Replication within `bounds`: its safety, and the facts that must be reachable.
pub fn viewstamped(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> ViewstampedSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let spec = Spec::new(name, system(rules, bounds.replicas, bounds.scripts), bounds.replicas)
        .claims(claims.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("silences", |timer| *timer == Server(Timer::Silence), bounds.silences)
        .timeouts("words said again", |timer| *timer == Server(Timer::Again), bounds.agains)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    match (prunes, bounds.faults.crashes) {
        (true, 0) => spec.obsolete(obsolete::is_obsolete),
        (true, _) => spec.obsolete(obsolete::is_obsolete_after_crashes),
        (false, _) => spec,
    }
}

/// The specs of safety. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        view_change().counts(832_530, 4_255_416).boxed(),
        conflict().counts(848_369, 3_944_773).boxed(),
        recovery().counts(468_831, 1_156_122).boxed(),
        transfer().counts(466_656, 1_828_812).boxed(),
        lossy().counts(647_937, 2_776_420).boxed(),
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
