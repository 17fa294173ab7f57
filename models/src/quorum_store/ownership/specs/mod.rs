//! Within which bounds owners on a ring are checked. In time a tick is 50 ms: a client asks again
//! after 100 ms, and who copies after 50.

use std::ops::RangeInclusive;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Sees, Spec, Timely};
use stateright::actor::Id;

use super::claims::{self, ALL_MOVED, Condition, Ghost, System};
use super::rules::Rule;
use super::{Ownership, Server, Timer, Timing};
use crate::claims::all_answered;
use crate::client::Habits;
use crate::kv::{Command, Output, get, put};
use crate::member;
use crate::operator;
use crate::protocol::milliseconds;
use crate::quorum_store::ring::Ring;
use crate::rules::{AllBut, RuleBook};
use crate::system::{Boxed, clients_mut, suspended};

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// A spec of owners on a ring.
pub type OwnershipSpec = Spec<Ownership<Book>, (), Ghost>;

impl Boxed for OwnershipSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<Ownership<Book>, (), Ghost>;

const fn fact(name: &'static str, condition: Condition<Book>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds<'a> {
    pub servers: usize,
    /// By epoch, the order in which the servers are to own all keys: the first one does.
    pub rings: &'a [&'a [usize]],
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a client asks again, where there is no time.
    pub retries: u8,
    pub faults: Faults,
    /// After how many ticks a crashed server is back.
    pub recovery: RangeInclusive<u8>,
}

/// Two servers, to which a third one comes that is to own all keys.
pub const TWO_TO_THREE: &[&[usize]] = &[&[0, 1], &[2, 0, 1]];

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            servers: 3,
            rings: TWO_TO_THREE,
            scripts: &[],
            retries: 1,
            faults: Faults::NONE,
            recovery: 1..=1,
        }
    }
}

pub const ALL_ANSWERED: &str = "all answered";

fn system(rules: Book, bounds: &Bounds<'_>) -> System<Book> {
    let servers: Vec<Id> = (0..bounds.servers).map(Id::from).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        ..Habits::ALL
    };
    let ring = |order: &&[usize]| Ring::in_order(order.iter().copied().map(Id::from));
    let rings = bounds.rings.iter().map(ring).collect();
    let timing = Timing { ring: milliseconds(0, 100), again: milliseconds(50, 50) };
    let server = Server { rings, timing, rules };
    crate::system::system(
        Ghost::default(),
        bounds.servers,
        server,
        &servers,
        bounds.scripts,
        habits,
    )
}

/// Owners within `bounds`, with all that is claimed of them. Each client asks another server first.
fn checked(name: &str, rules: Book, bounds: &Bounds<'_>, facts: &[Fact]) -> OwnershipSpec {
    let is_durable = rules.keeps(Rule::StoreSurvivesCrash) && rules.keeps(Rule::SaveBeforeSend);
    let suspended = suspended(&rules);
    let safety = claims::safety().into_iter();
    let safety = safety.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let mut spec = Spec::new(name, system(rules, bounds), bounds.servers)
        .claims(safety.chain(facts.iter().cloned()))
        .suspending(suspended)
        .ghost(claims::observe)
        .faults(bounds.faults)
        .may_end();
    for (number, client) in clients_mut(&mut spec).enumerate() {
        client.servers.rotate_left(number % bounds.servers);
    }
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// Owners within `bounds`: their safety, and the facts that must be reachable.
pub fn ownership(name: &str, rules: Book, bounds: &Bounds<'_>, facts: &[Fact]) -> OwnershipSpec {
    checked(name, rules, bounds, facts)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries)
        .timeouts("copies asked again", |timer| *timer == member::Timer::Server(Timer::Again), 0)
}

/// The same on the clock: each command is answered, and every key comes to its owner.
pub fn timely(name: &str, rules: Book, bounds: &Bounds<'_>) -> OwnershipSpec {
    checked(name, rules, bounds, &[])
        .timely(Timely {
            tick: Some(Duration::from_millis(50)),
            recovery: Some(bounds.recovery.clone()),
            ..Timely::of(range)
        })
        .eventually(ALL_ANSWERED, SEEN, all_answered)
        .eventually_always(ALL_MOVED, SEEN, claims::all_moved)
}

fn range(timer: &member::Timer<Timer>) -> RangeInclusive<u8> {
    match timer {
        member::Timer::Retry | member::Timer::Try(_) => 2..=2,
        member::Timer::Orders => operator::TICKS,
        member::Timer::Server(timer) => match timer {
            Timer::NextRing => 0..=2,
            Timer::Again => 1..=1,
        },
    }
}

/// True if two states of a member say the same about what survives a crash.
pub fn same_durable(
    one: &member::State<super::State, Output>,
    other: &member::State<super::State, Output>,
) -> bool {
    match (one, other) {
        (member::State::Server(one), member::State::Server(other)) => one.storage == other.storage,
        _ => true,
    }
}

/// The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        moves().counts(302_939, 1_225_314).boxed(),
        crash().counts(83_589, 338_293).boxed(),
        twice().counts(135_141, 478_382).boxed(),
        back().counts(1_408, 3_495).boxed(),
        crash_live().counts(10_676, 35_454).boxed(),
        lossy_live().counts(1_214, 2_808).boxed(),
    ]
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const MOVED: Fact = fact("a key comes to another owner", claims::a_key_moved);
const DONE: Fact = fact("every server is whole by the last ring in the end", claims::all_moved);

/// A third server comes, and takes a key that is written meanwhile.
pub fn moves() -> OwnershipSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")], &[get("x")]];
    let bounds = Bounds { scripts, ..Bounds::default() };
    ownership("quorum-store/ring-moves", EVERY_RULE, &bounds, &[MOVED, DONE])
        .summary("a server comes and takes a key that is written meanwhile: no write is lost")
}

/// The same, and a server crashes.
pub fn crash() -> OwnershipSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, faults: CRASH, ..Bounds::default() };
    ownership("quorum-store/ring-crash", EVERY_RULE, &bounds, &[MOVED, DONE])
        .summary("a server comes while another one crashes: no write is lost")
}

/// A key moves twice, and whoever is late hears of both at once.
pub fn twice() -> OwnershipSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let rings: &[&[usize]] = &[&[0], &[1, 0], &[2, 1, 0]];
    let bounds = Bounds { rings, scripts, ..Bounds::default() };
    ownership("quorum-store/ring-moves-twice", EVERY_RULE, &bounds, &[MOVED, DONE])
        .summary("a key moves twice, and its last owner waits for the one before to have it")
}

/// A key moves, and comes back to whom it was with.
pub fn back() -> OwnershipSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2"), get("x")]];
    let rings: &[&[usize]] = &[&[0, 1], &[1, 0], &[0, 1]];
    let bounds = Bounds { servers: 2, rings, scripts, retries: 0, ..Bounds::default() };
    ownership("quorum-store/ring-moves-back", EVERY_RULE, &bounds, &[MOVED, DONE])
        .summary("a key comes back to an owner that holds an older value of it")
}

/// A server crashes while a key moves, and all goes on when it is back.
pub fn crash_live() -> OwnershipSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let bounds = Bounds { scripts, faults: CRASH, recovery: 1..=2, ..Bounds::default() };
    timely("quorum-store/ring-crash-live", EVERY_RULE, &bounds)
        .summary("a server crashes while a key moves, and each command is answered in the end")
        .worst_case(ALL_ANSWERED, SEEN, all_answered)
}

/// A message is lost while a key moves.
pub fn lossy_live() -> OwnershipSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { drops: 1, ..Faults::NONE };
    timely(
        "quorum-store/ring-lossy-live",
        EVERY_RULE,
        &Bounds { scripts, faults, ..Bounds::default() },
    )
    .summary("a message is lost while a key moves, and all comes to its owner")
    .worst_case(ALL_MOVED, SEEN, claims::all_moved)
}
