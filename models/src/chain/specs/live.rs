//! What is checked of the liveness of a chain, with which bounds. Time moves in ticks of one ping
//! interval.

use std::ops::RangeInclusive;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Spec, Timely};

use super::{Book, ChainSpec, Checked, EVERY_RULE, SEEN, fact, same_durable, system};
use crate::chain::Timer;
use crate::chain::claims::ghost;
use crate::chain::claims::properties::{self, Named};
use crate::chain::rules::Rule;
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member;
use crate::operator;
use crate::rules::RuleBook;
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Debug, Default)]
pub struct Bounds<'a> {
    /// Servers beside the master.
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// Timeouts before their time.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
}

/// A client submits its next command when it has the answer to the last.
pub const ALL_ANSWERED: &str = "all answered";
/// A server that has crashed is in the chain no more, and every server of the chain knows it.
pub const ONLY_THE_LIVING: &str = "the living alone are the chain";

/// A server learns in the end that what it has taken is done.
pub const ALL_ACKED: &str = "all is acknowledged";

/// As short as they can be and still tell a live server from a dead one.
fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Server(Timer::Ping) => 1..=1,
        member::Timer::Server(Timer::Dead(_)) => 2..=3,
        member::Timer::Retry | member::Timer::Try(_) => 4..=4,
        member::Timer::Orders => operator::TICKS,
    }
}

/// A chain within `bounds`, on the clock: what must happen whatever the faults were.
pub fn chain(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Named<Checked>]) -> ChainSpec {
    let suspended = suspended(&rules);
    let is_durable = rules.keeps(Rule::ChainSurvivesCrash);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let spec = Spec::new(name, system(rules, bounds.servers, bounds.scripts), bounds.servers + 1)
        .claims(claims.chain(facts.iter().map(fact)))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timely(Timely { early: bounds.early, recovery: bounds.recovery, ..Timely::of(range) })
        .eventually(ALL_ANSWERED, SEEN, all_answered)
        .eventually_always(ONLY_THE_LIVING, SEEN, properties::only_the_living)
        .eventually_always(ALL_ACKED, SEEN, properties::all_acknowledged);
    if is_durable { spec.durable(same_durable) } else { spec }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The specs of the liveness of chain replication. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        failover().counts(2_138, 4_531).boxed(),
        restart().counts(136_231, 419_607).boxed(),
        lossy().counts(10_020, 18_817).boxed(),
        suspicion().counts(53_200, 183_784).boxed(),
        last().counts(2_382, 6_103).boxed(),
    ]
}

/// A server goes for good, and the others go on.
pub fn failover() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, faults: CRASH, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[
        ("a middle died with a command", properties::a_middle_died_with_a_command),
        ("answered though a middle died", properties::answered_though_a_middle_died),
        ("answered by a shorter chain", properties::answered_by_a_shorter_chain),
    ];
    chain("chain/failover-live", EVERY_RULE, bounds, facts)
        .summary("a server dies for good, leaves the chain, and each command is answered")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A server crashes, the master among others, and starts again. The master goes on with the chain
/// on its disk, and any other server is out of the chain for good.
pub fn restart() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let recovery = Some(1..=4);
    let bounds = Bounds { servers: 3, scripts, early: 1, faults: CRASH, recovery };
    let facts: &[Named<Checked>] =
        &[("answered by a shorter chain", properties::answered_by_a_shorter_chain)];
    chain("chain/restart-live", EVERY_RULE, bounds, facts)
        .summary("a server starts again and is out of the chain, or the master goes on")
}

/// A message is lost, and a server dies: with it the chain may lose one that lives and was not
/// heard.
pub fn lossy() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let faults = Faults { drops: 1, ..CRASH };
    let bounds = Bounds { servers: 3, scripts, faults, ..Bounds::default() };
    let facts: &[Named<Checked>] =
        &[("answered by a shorter chain", properties::answered_by_a_shorter_chain)];
    chain("chain/lossy-live", EVERY_RULE, bounds, facts)
        .summary("a message is lost, a server dies, and each command is answered all the same")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// Servers that live are taken for dead.
pub fn suspicion() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 3, scripts, early: 2, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[
        ("an old tail", properties::an_old_tail),
        ("answered by a shorter chain", properties::answered_by_a_shorter_chain),
    ];
    chain("chain/suspicion-live", EVERY_RULE, bounds, facts)
        .summary("servers that live are taken for dead, and each command is answered all the same")
}

/// Both of two servers are taken for dead: the last one stays in the chain.
pub fn last() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")]];
    let bounds = Bounds { servers: 2, scripts, early: 2, ..Bounds::default() };
    let facts: &[Named<Checked>] =
        &[("answered by a shorter chain", properties::answered_by_a_shorter_chain)];
    chain("chain/last-live", EVERY_RULE, bounds, facts)
        .summary("each of two servers is taken for dead, and the last one stays in the chain")
        .worst_case(ALL_ACKED, SEEN, properties::all_acknowledged)
}
