//! Within which bounds a fenced store is checked. Grants come at any moment.

use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Faults, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::{self, Ghost};
use super::claims::properties::{self, LINEARIZABILITY, NEWEST_STAYS, Named, System};
use super::rules::Rule;
use super::{FencedMember, MemberState, Server};
use crate::client::Habits;
use crate::kv::{Command, Kv, get, put};
use crate::member;
use crate::rules::{AllBut, RuleBook};
use crate::system::{Boxed, suspended};

/// The rule book of the specs, which can suspend rules.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// A spec of a fenced store that keeps the key-value store.
pub type FencedSpec = Spec<FencedMember<Checked>, (), Ghost>;

impl Boxed for FencedSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// The grantor and the store.
const BESIDE_WRITERS: usize = 2;

/// There are two writers: the one before, and the one that takes its place.
const WRITERS: usize = 2;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds<'a> {
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a writer is granted the store, in total.
    pub grants: u8,
    pub retries: u8,
    pub faults: Faults,
}

/// A fenced store within `bounds`: its safety, and the facts that must be reachable.
pub fn fenced(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Named<Checked>]) -> FencedSpec {
    let suspended = suspended(&rules);
    let survives = [Rule::FenceSurvivesCrash, Rule::EpochSurvivesCrash, Rule::GrantSurvivesCrash];
    let is_durable = survives.into_iter().all(|rule| rules.keeps(rule));
    let claims = properties::safety().into_iter();
    let claims = claims.map(|(name, claim)| Claim::always(name, SEEN, claim));
    let facts = facts.iter().map(|(name, fact)| Claim::reachable(name, SEEN, *fact));
    let spec = Spec::new(name, system(rules, bounds.scripts), BESIDE_WRITERS + WRITERS)
        .claims(claims.chain(facts))
        .suspending(suspended)
        .ghost(ghost::observe)
        .faults(bounds.faults)
        .timeouts("grants", |timer| matches!(timer, member::Timer::Server(_)), bounds.grants)
        .timeouts("client retries", |timer| timer.is_retry(), bounds.retries);
    if is_durable { spec.durable(same_durable) } else { spec }
}

/// The grantor, the store, the writers, and clients with these scripts, who know the writers.
fn system(rules: Book, scripts: &[&[Command]]) -> System<Checked> {
    let members: Vec<Id> = (0..BESIDE_WRITERS + WRITERS).map(Id::from).collect();
    let asked = members[BESIDE_WRITERS..].to_vec();
    let habits = Habits { knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn), ..Habits::ALL };
    let due = Duration::from_millis(100)..Duration::from_millis(150);
    let (count, server) = (members.len(), Server { members, due, rules });
    crate::system::system(Ghost::default(), count, server, &asked, scripts, habits)
}

/// True if two states of a member say the same about what survives a crash.
pub fn same_durable(one: &MemberState<Kv>, other: &MemberState<Kv>) -> bool {
    match (one, other) {
        (member::State::Server(one), member::State::Server(other)) => {
            one.durable() == other.durable()
        }
        _ => true,
    }
}

/// The specs of a fenced store. The counts change only with a reason.
pub fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        handover("fenced/handover", EVERY_RULE).counts(1_009_415, 2_456_111).boxed(),
        readers().counts(512_230, 1_376_311).boxed(),
        crash().counts(1_159_343, 3_689_670).boxed(),
        lossy().counts(594_967, 1_998_483).boxed(),
        checks_first().boxed(),
    ]
}

/// The store is granted to one writer and to another, while what the first has written is still
/// under way.
pub fn handover(name: &str, rules: Book) -> FencedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), put("x", "2"), get("x")]];
    let bounds = Bounds { scripts, grants: 3, retries: 2, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[
        ("two take commands", properties::two_take_commands),
        ("answered though some was refused", properties::answered_though_some_was_refused),
    ];
    fenced(name, rules, bounds, facts)
        .summary("three grants in turn, and what was written in an older epoch arrives late")
}

/// One client writes and another one reads, of a writer that was replaced or not.
pub fn readers() -> FencedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1")], &[get("x"), get("x")]];
    let bounds = Bounds { scripts, grants: 2, retries: 2, ..Bounds::default() };
    let facts: &[Named<Checked>] = &[
        ("two take commands", properties::two_take_commands),
        ("answered in a later epoch", properties::answered_in_a_later_epoch),
    ];
    fenced("fenced/readers", EVERY_RULE, bounds, facts)
        .summary("one client writes and another one reads, of either writer")
}

/// Any server crashes and starts again: the grantor, the store, a writer.
pub fn crash() -> FencedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { crashes: 1, down_at_once: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, grants: 2, retries: 2, faults };
    let facts: &[Named<Checked>] =
        &[("answered in a later epoch", properties::answered_in_a_later_epoch)];
    fenced("fenced/crash", EVERY_RULE, bounds, facts).summary(
        "the grantor, the store or a writer crashes and starts again, and a message doubles",
    )
}

/// A message is lost, and another one arrives twice.
pub fn lossy() -> FencedSpec {
    let scripts: &[&[Command]] = &[&[put("x", "1"), get("x")]];
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { scripts, grants: 2, retries: 2, faults };
    let facts: &[Named<Checked>] = &[
        ("answered in the first epoch", properties::answered_in_the_first_epoch),
        ("answered in a later epoch", properties::answered_in_a_later_epoch),
        ("a retry was answered", properties::a_retry_was_answered),
    ];
    fenced("fenced/lossy", EVERY_RULE, bounds, facts)
        .summary("a lost message, a doubled one, and the store is granted to another")
}

/// The design without a fence: a writer that is replaced stops as soon as it hears of that, and the
/// store takes whatever arrives.
pub fn checks_first() -> FencedSpec {
    handover("fenced/checks-first", AllBut(vec![Rule::FenceAtResource]))
        .summary("only the writer looks whether it may write: what it has sent by then is taken")
        .expect_violation(NEWEST_STAYS)
        .expect_violation(LINEARIZABILITY)
}
