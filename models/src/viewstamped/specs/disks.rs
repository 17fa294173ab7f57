//! The variant with disks: what a replica knows is on its disk, and a crash makes it forget nothing
//! of that.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{
    Book, Bounds, CRASH, EVERY_RULE, Fact, ViewstampedSpec, fact, live, short_of_room, viewstamped,
};
use crate::claims::all_answered;
use crate::kv::{Kv, put};
use crate::member;
use crate::rules::RuleBook;
use crate::system::Boxed;
use crate::viewstamped::MemberState;
use crate::viewstamped::claims::logs::agree_up_to;
use crate::viewstamped::claims::properties;
use crate::viewstamped::rules::Rule;
use crate::viewstamped::state::Replica;

/// The specs of the variant with disks. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        crash().counts(334_705, 1_096_986).boxed(),
        majority().counts(663_807, 2_463_339).boxed(),
        wiped().counts(22_204, 62_665).boxed(),
        stop().counts(290_962, 1_485_026).boxed(),
    ]
}

/// True if all that is on a disk survives a crash by `rules`.
pub fn keeps_all_on_disk(rules: &Book) -> bool {
    let all = [Rule::ViewSurvivesCrash, Rule::LogSurvivesCrash, Rule::SaveBeforeSend];
    all.into_iter().all(|rule| rules.keeps(rule))
}

/// True if a member in state `now` would start with the same. What is committed may be known before
/// that is saved, and who recovers has nothing that it would have to keep.
pub fn same_durable(now: &MemberState<Kv>, started: &MemberState<Kv>) -> bool {
    let (member::State::Server(now), member::State::Server(started)) = (now, started) else {
        return true;
    };
    let of = |known: &Replica<Kv>| (known.view, known.last_normal, known.log.last(), known.nonce);
    now.is_recovering()
        || of(now) == of(started)
            && now.group == started.group
            && now.crashes == started.crashes
            && agree_up_to(now.log.last(), &now.log, &started.log)
}

/// A replica crashes, whichever it is, while views change.
pub fn crash() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        silences: 1,
        faults: Faults { crashes: 2, ..CRASH },
        on_disk: true,
        ..Bounds::default()
    };
    let facts: &[Fact] =
        &[fact("a view change", properties::a_view_change), fact("all answered", all_answered)];
    viewstamped("viewstamped/disks", EVERY_RULE, bounds, facts)
        .summary("replicas that keep what they know on their disks crash, one after the other")
}

/// Two of three crash, perhaps at once, and logs have dropped what is committed.
pub fn majority() -> ViewstampedSpec {
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        silences: 1,
        faults: Faults { crashes: 2, down_at_once: 2, ..Faults::NONE },
        limits: short_of_room(12),
        on_disk: true,
        ..Bounds::default()
    };
    let facts: &[Fact] =
        &[fact("a view change", properties::a_view_change), fact("all answered", all_answered)];
    viewstamped("viewstamped/disks-stop", EVERY_RULE, bounds, facts)
        .summary("a majority is down, perhaps at once, and nothing is lost, though no log is whole")
}

/// A replica loses its disk, and recovers as one without disks.
pub fn wiped() -> ViewstampedSpec {
    let faults = Faults { rollbacks: 1, crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        faults,
        on_disk: true,
        ..Bounds::default()
    };
    viewstamped(
        "viewstamped/disks-wiped",
        EVERY_RULE,
        bounds,
        &[fact("a recovery", properties::a_recovery)],
    )
    .summary("a replica crashes, and one loses its disk and recovers by the others")
}

/// Two of three are down at once, as in `viewstamped/too-many-live`, and the cluster goes on.
pub fn stop() -> ViewstampedSpec {
    let bounds = live::Bounds {
        replicas: 3,
        scripts: &[&[put("x", "1")]],
        faults: Faults { crashes: 2, down_at_once: 2, ..Faults::NONE },
        recovery: Some(1..=2),
        on_disk: true,
        ..live::Bounds::default()
    };
    live::viewstamped("viewstamped/disks-live", EVERY_RULE, bounds, &[])
        .summary("a majority is down at once, and every command is answered")
}
