//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Spec};

use super::{
    Beginning, Book, EVERY_RULE, Fact, PrimaryBackupSpec, SEEN, fact, same_durable, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::primary_backup::Timer;
use crate::primary_backup::claims::properties;
use crate::primary_backup::claims::{ghost, obsolete};
use crate::primary_backup::rules::Rule;
use crate::rules::RuleBook;
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    /// Servers beside the view service.
    pub servers: usize,
    pub beginning: Beginning,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a server says that it is there, in total.
    pub pings: u8,
    /// How often the view service takes a server for dead, in total, dead or not.
    pub suspicions: u8,
    pub retries: u8,
    pub faults: Faults,
    /// True if the first server may be cut off from the view service.
    pub cut: bool,
}

/// Primary and backup within `bounds`: its safety, and the facts that must be reachable.
pub fn primary_backup(
    name: &str,
    rules: Book,
    bounds: Bounds<'_>,
    facts: &[Fact],
) -> PrimaryBackupSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let all_durable = rules.keeps(Rule::ViewSurvivesCrash) && rules.keeps(Rule::AckSurvivesCrash);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let system = system(rules, bounds.servers, bounds.beginning, bounds.scripts);
    let spec = Spec::new(name, system, bounds.servers + 1)
        .claims(claims.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("pings", |timer| *timer == Server(Timer::Ping), bounds.pings)
        .timeouts("suspicions", |timer| matches!(timer, Server(Timer::Dead(_))), bounds.suspicions)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    let spec = if all_durable { spec.durable(same_durable) } else { spec };
    let spec = if bounds.cut { spec.cut(Cut::between([0], [1])) } else { spec };
    if prunes { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// The specs of primary and backup. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        failover().counts(64_281, 168_653).boxed(),
        rejoin().counts(568_524, 1_532_733).boxed(),
        lossy().counts(400_074, 1_442_871).boxed(),
        suspicion().counts(89_488, 231_006).boxed(),
        three().counts(2_511_287, 7_694_383).boxed(),
        idle().counts(149_804, 385_256).boxed(),
    ]
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The primary dies, or the backup, or the view service.
pub fn failover() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds {
        servers: 2,
        scripts,
        suspicions: 1,
        retries: 2,
        faults: CRASH,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a promotion", properties::a_promotion),
        fact("answered after a promotion", properties::answered_after_promotion),
        fact("answered after a loss", properties::answered_after_a_loss),
    ];
    primary_backup("primary-backup/failover", EVERY_RULE, bounds, facts)
        .summary("the primary dies, or the backup, or the view service")
}

/// A server that crashed comes back with nothing, and is handed the database.
pub fn rejoin() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds {
        servers: 2,
        scripts,
        pings: 2,
        suspicions: 1,
        retries: 1,
        faults: CRASH,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a promotion", properties::a_promotion),
        fact("a transfer", properties::a_transfer),
        fact("answered after a promotion", properties::answered_after_promotion),
    ];
    primary_backup("primary-backup/rejoin", EVERY_RULE, bounds, facts)
        .summary("a server comes back with nothing, and is handed the database")
}

/// Messages are lost and arrive twice while a client writes, and another one reads. To swap twice
/// is not to swap once.
pub fn lossy() -> PrimaryBackupSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let swap = Command::Cas { key: "x".into(), old: "1".into(), new: "2".into() };
    let scripts: &[&[Command]] = &[&[put("x", "1"), swap], &[get("x")]];
    let bounds = Bounds { servers: 2, scripts, pings: 1, retries: 1, faults, ..Bounds::default() };
    let facts: &[Fact] = &[fact("all answered", all_answered)];
    primary_backup("primary-backup/lossy", EVERY_RULE, bounds, facts)
        .summary("a message is lost, another one arrives twice, while clients write and read")
}

/// A primary that lives is taken for dead: it is cut off from the view service, and goes on.
pub fn suspicion() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[put("x", "2")]];
    let bounds =
        Bounds { servers: 2, scripts, suspicions: 1, retries: 1, cut: true, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("two take themselves for primary", properties::two_take_themselves_for_primary),
        fact("answered after a promotion", properties::answered_after_promotion),
    ];
    primary_backup("primary-backup/suspicion", EVERY_RULE, bounds, facts)
        .summary("a primary that lives is taken for dead, and its word counts no more")
}

/// Three servers: one is idle until it is needed.
pub fn three() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds =
        Bounds { servers: 3, scripts, pings: 2, suspicions: 2, retries: 1, ..Bounds::default() };
    let facts: &[Fact] = &[
        fact("a promotion", properties::a_promotion),
        fact("a transfer", properties::a_transfer),
        fact("a deposed primary", properties::a_deposed_primary),
        fact("answered after a promotion", properties::answered_after_promotion),
    ];
    primary_backup("primary-backup/three", EVERY_RULE, bounds, facts)
        .summary("an idle server is handed the database, and the primary is replaced")
}

/// The cluster begins as in the lab: the first server that is heard is primary, with nothing.
pub fn idle() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds {
        servers: 2,
        beginning: Beginning::Idle,
        scripts,
        pings: 3,
        suspicions: 1,
        retries: 1,
        ..Bounds::default()
    };
    let facts: &[Fact] = &[
        fact("a transfer", properties::a_transfer),
        fact("a second view", properties::a_second_view),
        fact("all answered", all_answered),
    ];
    primary_backup("primary-backup/idle", EVERY_RULE, bounds, facts)
        .summary("the first server that is heard is primary, and the second one its backup")
}
