//! What is checked of the liveness of primary and backup, with which bounds.
//!
//! Time moves in ticks of 50 ms, as a node of a cluster is configured if it is not told: a server
//! pings each 50 ms, is taken for dead after 250 ms, and a client asks again after 100 ms. Of the
//! past these specs know what became of servers, and not what clients saw.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Action, ActionOf, Claim, Cut, Faults, Restless, Spec, Timely};

use super::{
    Beginning, Book, Checked, EVERY_RULE, Fact, PrimaryBackupSpec, SEEN, fact, same_durable, system,
};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member;
use crate::operator;
use crate::primary_backup::claims::ghost::{self, Ghost};
use crate::primary_backup::claims::obsolete;
use crate::primary_backup::claims::properties;
use crate::primary_backup::rules::Rule;
use crate::primary_backup::view::Member;
use crate::primary_backup::{PrimaryBackup, Timer};
use crate::rules::RuleBook;
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    /// Servers beside the view service.
    pub servers: usize,
    pub beginning: Beginning,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
    /// True if there are servers enough for a primary and a backup whatever happens.
    pub spare: bool,
}

/// There is a primary, and it knows that it is.
pub const A_PRIMARY: &str = "a primary is up";
/// And a backup has the database as well.
pub const TWO_COPIES: &str = "two servers have the database";
pub const ALL_ANSWERED: &str = "all answered";
/// And the view service knows that it knows.
pub const ACKNOWLEDGED: &str = "the view is acknowledged";

fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Ping) => 1..=1,
        member::Timer::Server(Timer::Dead(_)) => 5..=5,
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
    }
}

/// Primary and backup within `bounds`, on the clock: what must happen whatever the faults were, and
/// the `facts` that must be reachable, lest it happen for want of them.
pub fn primary_backup(
    name: &str,
    rules: Book,
    bounds: Bounds<'_>,
    facts: &[Fact],
) -> PrimaryBackupSpec {
    let prunes = obsolete::applies(&rules);
    let suspended = suspended(&rules);
    let all_durable = rules.keeps(Rule::ViewSurvivesCrash) && rules.keeps(Rule::AckSurvivesCrash);
    let system = system(rules, bounds.servers, bounds.beginning, bounds.scripts);
    let claims = [
        Claim::always(properties::ONE_ANSWERS, SEEN, properties::one_answers),
        Claim::always(properties::PARTS, SEEN, properties::parts),
        Claim::always(properties::VIEWS_LAST, SEEN, properties::views_last),
    ];
    let spec = Spec::new(name, system, bounds.servers + 1)
        .ghost(ghost::observe_servers)
        .claims(claims.into_iter().chain(facts.iter().cloned()))
        .suspending(suspended)
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            early: bounds.early,
            recovery: bounds.recovery,
            restless: Some(Restless {
                name: "suspicions",
                timers: |timer| matches!(timer, member::Timer::Server(Timer::Dead(_))),
                bound: 6,
            }),
            ..Timely::of(range)
        })
        .eventually_always(A_PRIMARY, SEEN, properties::a_primary_is_up)
        .eventually_always(ACKNOWLEDGED, SEEN, properties::view_is_acknowledged);
    let spec = match bounds.spare {
        true => spec.eventually_always(TWO_COPIES, SEEN, properties::two_copies),
        false => spec,
    };
    let asks = !bounds.scripts.is_empty();
    let spec = if asks { spec.eventually(ALL_ANSWERED, SEEN, all_answered) } else { spec };
    let spec = if all_durable { spec.durable(same_durable) } else { spec };
    let spec = if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec };
    if prunes { spec.obsolete(obsolete::is_obsolete) } else { spec }
}

/// One crash.
pub const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// How soon a server is back that does come back: before it is missed, or after.
pub const RECOVERY: RangeInclusive<u8> = 1..=7;

/// A state of these specs.
pub type Now = quorate_checker::spec::State<PrimaryBackup<Checked>, Arc<Ghost>>;

/// What one client asks for.
pub fn script() -> [Command; 2] {
    [put("x", "1"), get("x")]
}

/// The specs of liveness. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        failover().counts(1_955, 2_899).boxed(),
        rejoin().counts(3_053, 4_761).boxed(),
        lossy().counts(4_490, 8_826).boxed(),
        cut_off().counts(342, 542).boxed(),
        alone().counts(2_888, 4_231).boxed(),
        calm().counts(99, 148).boxed(),
        suspicion().counts(227_103, 654_203).boxed(),
        idle().counts(223, 322).boxed(),
        first_primary().boxed(),
        both().boxed(),
        service().counts(14_010, 31_906).boxed(),
    ]
}

/// A server goes for good, and the two that are left go on. How long that takes is told as the
/// client sees it.
pub fn failover() -> PrimaryBackupSpec {
    let bounds = Bounds { servers: 3, scripts: &[&script()], faults: CRASH, ..Bounds::default() };
    primary_backup("primary-backup/failover-live", EVERY_RULE, bounds, &[PROMOTION])
        .summary("the primary dies for good, or the backup, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// One of two servers goes for good, and a message is lost: the other one serves alone.
pub fn alone() -> PrimaryBackupSpec {
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { servers: 2, scripts: &[&script()], faults, ..Bounds::default() };
    primary_backup("primary-backup/alone-live", EVERY_RULE, bounds, &[PROMOTION])
        .summary("one of two servers dies for good, a message is lost, and the other one serves")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// Two clients ask at once, and nothing goes wrong. Of two commands that overtake each other one
/// waits until it is sent again.
pub fn calm() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[put("x", "2")]];
    let bounds = Bounds { servers: 2, scripts, spare: true, ..Bounds::default() };
    primary_backup("primary-backup/calm-live", EVERY_RULE, bounds, &[])
        .summary("two clients ask at once, nothing goes wrong, and neither has to ask again")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server that lives is taken for dead while clients ask, and a message is lost.
pub fn suspicion() -> PrimaryBackupSpec {
    let scripts: &[&[Command]] = &[&script(), &[put("x", "2")]];
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 2, scripts, early: 1, faults, spare: true, ..Bounds::default() };
    primary_backup("primary-backup/suspicion-live", EVERY_RULE, bounds, &[PROMOTION, DEPOSED])
        .summary("a server that lives is taken for dead while clients ask, and a message is lost")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server crashes and comes back with nothing.
pub fn rejoin() -> PrimaryBackupSpec {
    let bounds = Bounds {
        servers: 2,
        scripts: &[&[put("x", "1")]],
        faults: CRASH,
        recovery: Some(RECOVERY),
        spare: true,
        ..Bounds::default()
    };
    primary_backup("primary-backup/rejoin-live", EVERY_RULE, bounds, &[PROMOTION, TRANSFER])
        .summary("a server comes back with nothing, and is handed the database")
        .worst_case(TWO_COPIES, SEEN, properties::two_copies)
}

/// Messages are lost, and arrive twice.
pub fn lossy() -> PrimaryBackupSpec {
    let faults = Faults { drops: 2, duplicates: 1, ..Faults::NONE };
    let scripts: &[&[Command]] = &[&script()];
    let bounds = Bounds { servers: 2, scripts, faults, spare: true, ..Bounds::default() };
    primary_backup("primary-backup/lossy-live", EVERY_RULE, bounds, &[])
        .summary("two messages are lost, one arrives twice, and every command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// The primary is cut off from the view service, and from nobody else.
pub fn cut_off() -> PrimaryBackupSpec {
    let bounds = Bounds {
        servers: 2,
        scripts: &[&script()],
        cut: Some(Cut::between([0], [1]).healing(1..=8)),
        spare: true,
        ..Bounds::default()
    };
    primary_backup("primary-backup/cut-off-live", EVERY_RULE, bounds, &[PROMOTION, DEPOSED])
        .summary("a primary that lives is taken for dead, and is backup when it is heard again")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// The cluster begins as in the lab, and nothing goes wrong.
pub fn idle() -> PrimaryBackupSpec {
    let bounds = Bounds {
        servers: 2,
        beginning: Beginning::Idle,
        scripts: &[&[put("x", "1")]],
        spare: true,
        ..Bounds::default()
    };
    primary_backup("primary-backup/idle-live", EVERY_RULE, bounds, &[TRANSFER])
        .summary("the first server that is heard is primary, and the second one its backup")
        .worst_case(TWO_COPIES, SEEN, properties::two_copies)
}

/// The hole that the protocol is known for: the first primary dies before it has acknowledged its
/// first view. It may have answered clients, as far as the view service knows, so nobody can take
/// its place.
pub fn first_primary() -> PrimaryBackupSpec {
    let beginning = Beginning::Idle;
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 2, beginning, scripts, faults: CRASH, ..Bounds::default() };
    primary_backup("primary-backup/first-primary-live", EVERY_RULE, bounds, &[])
        .summary("the first primary dies before it acknowledged its first view: all is stuck")
        .directed("only a primary that has not acknowledged its view crashes", unacknowledged)
        .expect_violation(A_PRIMARY)
        .expect_violation(ACKNOWLEDGED)
        .expect_violation(ALL_ANSWERED)
}

/// The view service crashes, and a server as well, before or after the view service is back.
pub fn service() -> PrimaryBackupSpec {
    primary_backup("primary-backup/service-live", EVERY_RULE, service_too(), &[PROMOTION])
        .summary("the view service crashes, and a server as well, and all goes on")
        .directed(TWO_HAVE_IT, two_have_it)
        .worst_case(TWO_COPIES, SEEN, properties::two_copies)
}

/// The bounds of [`service`].
pub fn service_too() -> Bounds<'static> {
    Bounds {
        servers: 2,
        beginning: Beginning::Idle,
        faults: Faults { crashes: 2, down_at_once: 2, ..Faults::NONE },
        recovery: Some(RECOVERY),
        spare: true,
        ..Bounds::default()
    }
}

/// What [`two_have_it`] restricts, in words.
pub const TWO_HAVE_IT: &str =
    "one server crashes, once two have the database; the view service at any time";

/// True unless a server crashes before a primary has acknowledged a view with a backup, or after
/// another server.
pub fn two_have_it((): &(), state: &Now, action: &ActionOf<PrimaryBackup<Checked>>) -> bool {
    let Action::Crash(id) = action else { return true };
    let members = state.system.actor_states.iter();
    let mut replicas = members.filter_map(|member| member.server()?.replica());
    let is_first = replicas.clone().all(|it| it.member.incarnation.0 == 1);
    let is_safe = replicas
        .any(|it| it.is_primary() && it.view.backup.is_some() && it.acknowledged == it.view.number);
    usize::from(*id) == 0 || (is_first && is_safe)
}

/// True unless a server crashes that is not primary of a view which it has yet to acknowledge.
fn unacknowledged((): &(), state: &Now, action: &ActionOf<PrimaryBackup<Checked>>) -> bool {
    let Action::Crash(id) = action else { return true };
    let members = state.system.actor_states.iter();
    let mut services = members.filter_map(|member| member.server()?.service());
    services.any(|it| !it.is_acknowledged && it.view.primary == Some(Member::new(*id)))
}

/// Both copies are lost, one after the other, before a third is made.
pub fn both() -> PrimaryBackupSpec {
    let faults = Faults { crashes: 2, ..CRASH };
    let recovery = Some(RECOVERY);
    let bounds = Bounds { servers: 2, faults, recovery, ..Bounds::default() };
    primary_backup("primary-backup/both-live", EVERY_RULE, bounds, &[])
        .summary("primary and backup lose their memory before the database is handed over again")
        .expect_violation(A_PRIMARY)
        .expect_violation(ACKNOWLEDGED)
}

const PROMOTION: Fact = fact("a promotion", properties::a_promotion);
const TRANSFER: Fact = fact("a transfer", properties::a_transfer);
const DEPOSED: Fact = fact("a deposed primary", properties::a_deposed_primary);
