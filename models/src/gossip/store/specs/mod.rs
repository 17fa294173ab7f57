//! Within which bounds the store is checked. Time moves in ticks of one telling of rumours.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Sees, Spec, Timely};
use stateright::actor::{ActorModel, Id};

use super::claims::ghost::{self, Ghost};
use super::claims::properties::{self, ALIKE, LATEST, Named, QUIET, System};
use super::entry::{Key, Value};
use super::rules::Rule;
use super::state::State;
use super::{Exchange, Server, Timer, Timing};
use crate::rules::{AllBut, RuleBook};
use crate::system::{Boxed, suspended};

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// A spec of the store.
pub type StoreSpec = Spec<Server<Book>, (), Ghost>;

impl Boxed for StoreSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A tick of the specs on the node: from one telling of rumours to the next.
pub const TICK: Duration = Duration::from_millis(200);

/// Stores are compared half as often as rumours are told. A write comes within three ticks.
fn range(timer: &Timer) -> RangeInclusive<u8> {
    match timer {
        Timer::Rumour => 1..=1,
        Timer::Exchange => 2..=2,
        Timer::Write => 0..=3,
    }
}

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// What each of the first servers writes. The others write nothing.
    pub scripts: &'a [&'a [(&'a str, &'a str)]],
    pub exchange: Exchange,
    pub in_vain: u8,
    pub faults: Faults,
    /// After how many ticks a crashed replica is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            servers: 3,
            scripts: &[&[("x", "1")]],
            exchange: Exchange::PushPull,
            in_vain: 1,
            faults: Faults::NONE,
            recovery: None,
            cut: None,
        }
    }
}

/// A store within `bounds`: what is always true of it, and what must happen.
pub fn store(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Named<Book>]) -> StoreSpec {
    let suspended = suspended(&rules);
    let is_durable = rules.keeps(Rule::StoreSurvivesCrash);
    let goes_on = rules.keeps(Rule::AntiEntropyRuns);
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let facts = facts.iter().map(|(name, fact)| Claim::reachable(name, SEEN, *fact));
    let recovery = bounds.recovery.clone();
    // Whoever tells a rumour to the dead alone is never told that it was in vain.
    let all_answer = bounds.faults.crashes == 0 || recovery.is_some();
    let spec = Spec::new(name, system(rules, &bounds), bounds.servers)
        .claims(claims.chain(facts))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timely(Timely { tick: Some(TICK), recovery, ..Timely::of(range) })
        .eventually_always(ALIKE, SEEN, properties::alike)
        .eventually_always(LATEST, SEEN, properties::all_have_the_latest);
    let spec =
        if all_answer { spec.eventually_always(QUIET, SEEN, properties::quiet) } else { spec };
    let spec = if is_durable { spec.durable(same_durable) } else { spec };
    let spec = if goes_on { spec } else { spec.may_end() };
    if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec }
}

fn system(rules: Book, bounds: &Bounds<'_>) -> System<Book> {
    let replicas: Vec<Id> = (0..bounds.servers).map(Id::from).collect();
    let timing = Timing { rumour: TICK, exchange: 2 * TICK, write: 3 * TICK };
    let servers = (0..bounds.servers).map(|number| {
        let script = bounds.scripts.get(number).copied().unwrap_or_default();
        Server {
            replicas: replicas.clone(),
            script: script.iter().map(owned).collect(),
            exchange: bounds.exchange,
            in_vain: bounds.in_vain,
            timing,
            rules: rules.clone(),
        }
    });
    ActorModel::new((), Ghost::default()).actors(servers)
}

fn owned((key, value): &(&str, &str)) -> (Key, Value) {
    ((*key).to_owned(), (*value).to_owned())
}

/// True if two states of a replica say the same about what survives a crash.
pub fn same_durable(one: &State, other: &State) -> bool {
    one.durable() == other.durable()
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The specs of the store. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        two_writers().counts(104_840, 137_728).boxed(),
        left_out().counts(10_727, 14_186).boxed(),
        push().counts(11_420, 15_136).boxed(),
        pull().counts(10_641, 14_213).boxed(),
        restart().counts(78_293, 214_094).boxed(),
        lossy().counts(90_276, 165_347).boxed(),
        cut_off().counts(25_362, 54_066).boxed(),
        rumour_alone().boxed(),
        dies().boxed(),
    ]
}

/// Two replicas write one key.
pub fn two_writers() -> StoreSpec {
    let scripts: &[&[(&str, &str)]] = &[&[("x", "1")], &[("x", "2")]];
    let facts: &[Named<Book>] = &[
        ("a tie was broken", properties::a_tie_was_broken),
        ("all is well", properties::all_is_well),
    ];
    store(
        "gossip/store-two-writers-live",
        EVERY_RULE,
        Bounds { scripts, ..Bounds::default() },
        facts,
    )
    .summary("two replicas write one key at any moment, and all come to hold the same")
}

/// A rumour dies before everybody has heard it.
pub fn left_out() -> StoreSpec {
    let facts: &[Named<Book>] = &[("a rumour left one out", properties::a_rumour_left_one_out)];
    store("gossip/store-left-out-live", EVERY_RULE, Bounds::default(), facts)
        .summary("a rumour dies before all have heard it, and anti-entropy finds who is left out")
        .worst_case(LATEST, SEEN, properties::all_have_the_latest)
}

/// Stores are compared, and whoever asks gives.
pub fn push() -> StoreSpec {
    let bounds = Bounds { exchange: Exchange::Push, ..Bounds::default() };
    store("gossip/store-push-live", EVERY_RULE, bounds, &[])
        .summary("whoever compares its store gives what it has, and takes nothing")
        .worst_case(LATEST, SEEN, properties::all_have_the_latest)
}

/// Stores are compared, and whoever asks takes.
pub fn pull() -> StoreSpec {
    let bounds = Bounds { exchange: Exchange::Pull, ..Bounds::default() };
    store("gossip/store-pull-live", EVERY_RULE, bounds, &[])
        .summary("whoever compares its store takes what it lacks, and gives nothing")
        .worst_case(LATEST, SEEN, properties::all_have_the_latest)
}

/// A replica crashes and starts again, with a write that it may have told nobody.
pub fn restart() -> StoreSpec {
    let bounds = Bounds {
        servers: 2,
        scripts: &[&[("x", "1"), ("x", "2")], &[("x", "3")]],
        faults: CRASH,
        recovery: Some(1..=3),
        ..Bounds::default()
    };
    store("gossip/store-restart-live", EVERY_RULE, bounds, &[])
        .summary("a replica starts again, and what it wrote and told nobody is not lost")
}

/// A message is lost, and another arrives twice.
pub fn lossy() -> StoreSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    store("gossip/store-lossy-live", EVERY_RULE, Bounds { faults, ..Bounds::default() }, &[])
        .summary("a message is lost, another one arrives twice, and stores come to be alike")
}

/// A replica is cut off, and both sides write.
pub fn cut_off() -> StoreSpec {
    let bounds = Bounds {
        servers: 2,
        scripts: &[&[("x", "1"), ("y", "1")], &[("x", "2")]],
        cut: Some(Cut::between([0], [1]).healing(1..=6)),
        ..Bounds::default()
    };
    store("gossip/store-cut-off-live", EVERY_RULE, bounds, &[])
        .summary("both sides of a cut write, and are alike when it has healed")
}

/// Rumours, and nothing beside them.
pub fn rumour_alone() -> StoreSpec {
    let rules = AllBut(vec![Rule::AntiEntropyRuns]);
    store("gossip/store-rumour-alone-live", rules, Bounds::default(), &[])
        .summary("a rumour dies before all have heard it, and whoever missed it never will")
        .expect_violation(ALIKE)
        .expect_violation(LATEST)
}

/// A replica dies for good.
pub fn dies() -> StoreSpec {
    store("gossip/store-dies-live", EVERY_RULE, Bounds { faults: CRASH, ..Bounds::default() }, &[])
        .summary("a replica dies for good, and with it what it has written and told nobody")
        .expect_violation(LATEST)
}
