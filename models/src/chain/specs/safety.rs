//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::{
    Action, ActionOf, Claim, Cut, CutState, Faults, Spec, State as SpecState,
};

use super::{Book, ChainSpec, Checked, EVERY_RULE, SEEN, fact, same_durable, system};
use crate::chain::claims::ghost::{self, Ghost};
use crate::chain::claims::properties::{self, LINEARIZABILITY, Named};
use crate::chain::rules::Rule;
use crate::chain::state::{Chain, State};
use crate::chain::{ChainMember, Timer};
use crate::claims::all_answered;
use crate::kv::{Command, get, put};
use crate::member::Timer::Server;
use crate::rules::{AllBut, RuleBook};
use crate::service::Message;
use crate::system::{Boxed, suspended};

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    /// Servers beside the master.
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a server says that it is there, in total.
    pub pings: u8,
    /// How often the master takes a server for dead, in total, dead or not.
    pub suspicions: u8,
    pub retries: u8,
    pub faults: Faults,
}

/// A chain within `bounds`: its safety, and the facts that must be reachable.
pub fn chain(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Named<Checked>]) -> ChainSpec {
    let suspended = suspended(&rules);
    let is_durable = rules.keeps(Rule::ChainSurvivesCrash);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let system = system(rules, bounds.servers, bounds.scripts);
    let spec = Spec::new(name, system, bounds.servers + 1)
        .claims(claims.chain(facts.iter().map(fact)))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("pings", |timer| *timer == Server(Timer::Ping), bounds.pings)
        .timeouts("suspicions", |timer| matches!(timer, Server(Timer::Dead(_))), bounds.suspicions)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// The specs of chain replication. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        three().counts(504_518, 1_629_218).boxed(),
        failover().counts(398_430, 1_239_504).boxed(),
        lossy().counts(112_072, 427_590).boxed(),
        suspicion().counts(688_488, 2_153_746).boxed(),
        fail_stop("chain/paper", EVERY_RULE).counts(19_568, 52_911).boxed(),
        false_suspicion().boxed(),
        tail_reads().boxed(),
        two_in_turn("chain/two-in-turn", EVERY_RULE).counts(210_399, 690_871).boxed(),
        cut_off("chain/cut-off", EVERY_RULE).counts(20_054, 52_137).boxed(),
    ]
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// Any server is taken for dead, whether it lives or not: the head, the middle, the tail.
pub fn three() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { servers: 3, scripts, suspicions: 2, retries: 1, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[
        ("an old tail", properties::an_old_tail),
        ("answered by a shorter chain", properties::answered_by_a_shorter_chain),
    ];
    chain("chain/three", EVERY_RULE, bounds, facts)
        .summary("three servers, of which two are taken for dead")
}

/// A server dies and is taken out of the chain.
pub fn failover() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds {
        servers: 3,
        scripts,
        suspicions: 1,
        retries: 1,
        faults: CRASH,
        ..Bounds::default()
    };
    let facts: &[Named<Checked>] = &[
        ("a middle died with a command", properties::a_middle_died_with_a_command),
        ("answered though a middle died", properties::answered_though_a_middle_died),
        ("answered by a shorter chain", properties::answered_by_a_shorter_chain),
        ("answered after a crash", properties::answered_after_a_crash),
    ];
    chain("chain/failover", EVERY_RULE, bounds, facts)
        .summary("a server dies and is taken out of the chain, or the master crashes and recovers")
}

/// A message is lost, another one arrives twice, and everything is sent again.
pub fn lossy() -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), Command::Delete { key: "x".into() }]];
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 3, scripts, pings: 1, retries: 1, faults, ..Bounds::default() };
    chain("chain/lossy", EVERY_RULE, bounds, &[("all answered", all_answered)])
        .summary("a lost message, a doubled one, a retry")
}

/// Two clients, one of which asks servers that are taken for dead, and a request arrives twice.
pub fn suspicion() -> ChainSpec {
    suspected("chain/suspicion", EVERY_RULE)
        .summary("a server that lives is taken for dead, and a message arrives twice")
}

/// Of two servers one is taken for dead, whether it lives or not.
fn suspected(name: &str, rules: Book) -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x")]];
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds =
        Bounds { servers: 2, scripts, suspicions: 1, retries: 1, faults, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[
        ("an old tail", properties::an_old_tail),
        ("answered by a shorter chain", properties::answered_by_a_shorter_chain),
    ];
    chain(name, rules, bounds, facts)
}

/// The rules that the paper does not have: it assumes instead that only the dead are suspected.
pub const NOT_IN_PAPER: [Rule; 3] =
    [Rule::HopsNameTheirChain, Rule::ForwardTellsChain, Rule::ReadsPassTheChain];

/// The paper's protocol under the paper's assumption: the master suspects only the dead. What
/// `rules` suspends is suspended, too.
pub fn fail_stop(name: &str, rules: Book) -> ChainSpec {
    let AllBut(mut suspended) = rules;
    suspended.extend(NOT_IN_PAPER);
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let bounds = Bounds {
        servers: 2,
        scripts,
        suspicions: 1,
        retries: 1,
        faults: CRASH,
        ..Bounds::default()
    };
    let facts: &[Named<Checked>] =
        &[("answered by a shorter chain", properties::answered_by_a_shorter_chain)];
    chain(name, AllBut(suspended), bounds, facts)
        .summary("the paper's protocol under its assumption: the tail answers reads alone")
        .directed("the master suspects no server that lives", only_the_dead)
}

/// Reads pass the chain, but a server takes what is forwarded in any chain. The bounds are those of
/// [`suspicion`], where the whole protocol holds.
pub fn false_suspicion() -> ChainSpec {
    suspected("chain/false-suspicion", AllBut(vec![Rule::HopsNameTheirChain]))
        .summary("a server that lives is taken for dead, and takes what is forwarded in any chain")
        .expect_violation(LINEARIZABILITY)
}

/// Every hop names its chain, but the tail answers reads alone, as in the paper. The bounds are
/// those of [`cut_off`], where the whole protocol holds.
pub fn tail_reads() -> ChainSpec {
    cut_off("chain/tail-reads", AllBut(vec![Rule::ReadsPassTheChain]))
        .summary("an old tail is taken for dead and lives, and answers reads alone with old values")
        .expect_violation(LINEARIZABILITY)
}

/// The last of two servers is cut off from the master, and is suspected for no other reason.
pub fn cut_off(name: &str, rules: Book) -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x")]];
    let bounds = Bounds { servers: 2, scripts, suspicions: 1, retries: 1, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[("an old tail", properties::an_old_tail)];
    chain(name, rules, bounds, facts)
        .cut(Cut::between([0], [2]))
        .summary("the tail is cut off from the master, and not from the clients")
        .directed("the master suspects only servers that are cut off", only_the_unheard)
}

/// The head is taken for dead, and then its successor, which hears of the two chains in any order.
pub fn two_in_turn(name: &str, rules: Book) -> ChainSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x")]];
    let bounds = Bounds { servers: 3, scripts, suspicions: 2, retries: 3, ..Bounds::default() };
    let facts: &[Named<Checked>] =
        &[("answered by a shorter chain", properties::answered_by_a_shorter_chain)];
    chain(name, rules, bounds, facts)
        .summary("two servers are taken for dead, and the news of the two chains cross")
        .directed("S2 is suspected, then S3, and S2 hears no client", one_after_the_other)
}

/// False if a server but the head is suspected, or if the first server hears a client.
fn one_after_the_other(
    (): &(),
    state: &SpecState<ChainMember<Checked>, Ghost>,
    action: &ActionOf<ChainMember<Checked>>,
) -> bool {
    match action {
        Action::Timeout(_, Server(Timer::Dead(server))) => {
            let master = state.system.actor_states[0].server().and_then(State::master);
            master.and_then(Chain::head) == Some(*server)
        }
        Action::Deliver { dst, msg: Message::Request(_), .. } => usize::from(*dst) != 1,
        _ => true,
    }
}

/// False if the master takes a server for dead that lives.
fn only_the_dead(
    (): &(),
    state: &SpecState<ChainMember<Checked>, Ghost>,
    action: &ActionOf<ChainMember<Checked>>,
) -> bool {
    let Action::Timeout(_, Server(Timer::Dead(server))) = action else {
        return true;
    };
    let index = usize::from(*server);
    let own = state.system.actor_states[index].server();
    state.system.crashed[index] || matches!(own, Some(State::Retired))
}

/// False if the master takes a server for dead that it can hear.
fn only_the_unheard(
    (): &(),
    state: &SpecState<ChainMember<Checked>, Ghost>,
    action: &ActionOf<ChainMember<Checked>>,
) -> bool {
    let Action::Timeout(_, Server(Timer::Dead(server))) = action else {
        return true;
    };
    usize::from(*server) == 2 && matches!(state.cuts[..], [CutState::Down(_)])
}
