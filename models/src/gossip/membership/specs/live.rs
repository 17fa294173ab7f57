//! What is checked of the liveness of membership, with which bounds. Time moves in ticks of half a
//! period.

use std::ops::RangeInclusive;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Cut, Faults, Pauses, Punctual, Timely};

use super::{Book, Contacts, EVERY_RULE, MembershipSpec, SEEN, SETTINGS, TICK, checked};
use crate::gossip::membership::claims::properties::{
    self, COMPLETENESS, FORGOTTEN, KNOWN, NOT_BURIED, Named, RESTART_KNOWN, UNSUSPECTED,
};
use crate::gossip::membership::rules::Rule;
use crate::gossip::membership::{Settings, Timer};
use crate::rules::AllBut;
use crate::system::Boxed;

/// What is claimed of the lists before they are accurate in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meanwhile {
    /// Nothing.
    #[default]
    Anything,
    /// Nobody is suspected who is up.
    Unsuspected,
    /// Nobody is taken for dead who is up.
    NotBuried,
}

/// How long a suspect has to contradict, and how long a dead member stays listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Seven ticks to contradict: within three periods everybody is in touch with everybody, and
    /// this is one tick more. The dead stay listed.
    #[default]
    Patient,
    /// Six ticks to contradict: those three periods, and nothing more.
    Short,
    /// One tick to contradict.
    Hasty,
    /// One tick to contradict, and eight until a dead member is forgotten.
    Forgetful,
}

impl Pace {
    fn range(self) -> fn(&Timer) -> RangeInclusive<u8> {
        match self {
            Pace::Patient => range::<7, 0>,
            Pace::Short => range::<6, 0>,
            Pace::Hasty => range::<1, 0>,
            Pace::Forgetful => range::<1, 8>,
        }
    }
}

/// After how many ticks a timer fires. A healthy member's period is two, and it waits one for an
/// answer.
fn range<const SUSPICION: u8, const GRACE: u8>(timer: &Timer) -> RangeInclusive<u8> {
    let ticks = match timer {
        Timer::Period(health) => 2 * (health + 1),
        Timer::Direct(health) => health + 1,
        Timer::Suspicion(_) => SUSPICION,
        Timer::Forget(_) => GRACE,
    };
    ticks..=ticks
}

/// What a spec lets happen, and how often.
#[derive(Clone, Debug)]
pub struct Bounds {
    pub servers: usize,
    pub contacts: Contacts,
    pub settings: Settings,
    pub pace: Pace,
    /// Timeouts before their time, but for suspicions.
    pub early: u8,
    pub faults: Faults,
    /// After how many ticks a crashed member is back, or `None`: never.
    pub recovery: Option<RangeInclusive<u8>>,
    pub pauses: Option<Pauses>,
    /// The links that may be cut.
    pub cut: Option<Cut>,
    pub meanwhile: Meanwhile,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            servers: 3,
            contacts: Contacts::All,
            settings: SETTINGS,
            pace: Pace::Patient,
            early: 0,
            faults: Faults::NONE,
            recovery: None,
            pauses: None,
            cut: None,
            meanwhile: Meanwhile::Anything,
        }
    }
}

/// Members within `bounds`, on the clock: what must happen whatever the faults were.
pub fn membership(
    name: &str,
    rules: Book,
    bounds: Bounds,
    facts: &[Named<Book>],
) -> MembershipSpec {
    let Bounds { servers, contacts, settings, pace, .. } = bounds;
    let forgets = pace == Pace::Forgetful;
    let punctual = Punctual {
        name: "suspicions",
        timers: |timer| matches!(timer, Timer::Suspicion(_) | Timer::Forget(_)),
    };
    let mut spec = checked(name, rules, servers, contacts, settings, forgets, facts)
        .faults(bounds.faults)
        .timely(Timely {
            tick: Some(TICK),
            early: bounds.early,
            punctual: Some(punctual),
            recovery: bounds.recovery,
            pauses: bounds.pauses,
            ..Timely::of(pace.range())
        })
        .eventually_always(COMPLETENESS, SEEN, properties::completeness)
        .eventually_always(KNOWN, SEEN, properties::known_as_it_is)
        .eventually_always(RESTART_KNOWN, SEEN, properties::restart_is_known);
    if forgets {
        spec = spec.eventually_always(FORGOTTEN, SEEN, properties::forgotten);
    }
    spec = match bounds.meanwhile {
        Meanwhile::Anything => spec,
        Meanwhile::Unsuspected => {
            spec.claim(Claim::always(UNSUSPECTED, SEEN, properties::unsuspected))
        }
        Meanwhile::NotBuried => spec.claim(Claim::always(NOT_BURIED, SEEN, properties::not_buried)),
    };
    if let Some(cut) = bounds.cut { spec.cut(cut) } else { spec }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// The counts change only with a reason.
pub(super) fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        crash().counts(5_250, 7_571).boxed(),
        restart().counts(203_793, 783_095).boxed(),
        back().counts(2_040, 5_020).boxed(),
        forgotten().counts(6_468, 9_188).boxed(),
        suspicion().counts(96_414, 217_217).boxed(),
        lossy().counts(1_380, 1_889).boxed(),
        join().counts(4_003, 4_839).boxed(),
        cut_off().counts(195_627, 272_957).boxed(),
        health().counts(19_866, 47_603).boxed(),
        short().boxed(),
        wiped().boxed(),
        any_next().boxed(),
    ]
}

/// A member dies, and the others know it in the end.
pub fn crash() -> MembershipSpec {
    let meanwhile = Meanwhile::Unsuspected;
    let bounds = Bounds { faults: CRASH, meanwhile, ..Bounds::default() };
    let facts: &[Named<Book>] = &[("one is dead for all", properties::one_is_dead_for_all)];
    membership("gossip/membership-crash-live", EVERY_RULE, bounds, facts)
        .summary("a member dies for good, all know it in the end, and nobody else is suspected")
        .worst_case(COMPLETENESS, SEEN, properties::completeness)
}

/// A member crashes and starts again, before the others know it.
pub fn restart() -> MembershipSpec {
    let bounds =
        Bounds { faults: CRASH, pace: Pace::Hasty, recovery: Some(1..=2), ..Bounds::default() };
    membership("gossip/membership-restart-live", EVERY_RULE, bounds, &[])
        .summary("a member starts again at once, and all know that it did")
        .worst_case(KNOWN, SEEN, properties::known_as_it_is)
}

/// A member crashes and starts again, suspected, dead, or forgotten by then.
pub fn back() -> MembershipSpec {
    let bounds = Bounds {
        servers: 2,
        pace: Pace::Forgetful,
        faults: CRASH,
        recovery: Some(1..=16),
        ..Bounds::default()
    };
    let facts: &[Named<Book>] = &[("one is back", properties::one_is_back)];
    membership("gossip/membership-back-live", EVERY_RULE, bounds, facts)
        .summary("a member starts again when it is suspected, dead or forgotten, and is listed")
        .worst_case(KNOWN, SEEN, properties::known_as_it_is)
}

/// A member dies for good, and is forgotten.
pub fn forgotten() -> MembershipSpec {
    let bounds = Bounds { pace: Pace::Forgetful, faults: CRASH, ..Bounds::default() };
    membership("gossip/membership-forgotten-live", EVERY_RULE, bounds, &[])
        .summary("a member dies for good, and in the end nobody lists it")
        .worst_case(FORGOTTEN, SEEN, properties::forgotten)
}

/// Members that live are suspected, and contradict in time.
pub fn suspicion() -> MembershipSpec {
    let bounds = Bounds { early: 2, meanwhile: Meanwhile::NotBuried, ..Bounds::default() };
    let facts: &[Named<Book>] = &[
        ("a living one is suspected", properties::a_living_one_is_suspected),
        ("one has refuted", properties::one_has_refuted),
    ];
    membership("gossip/membership-suspicion-live", EVERY_RULE, bounds, facts)
        .summary("a member that lives is suspected, and contradicts before it is taken for dead")
        .worst_case(KNOWN, SEEN, properties::known_as_it_is)
}

/// A message is lost: a relay makes it good.
pub fn lossy() -> MembershipSpec {
    let faults = Faults { drops: 1, ..Faults::NONE };
    let bounds = Bounds { faults, meanwhile: Meanwhile::Unsuspected, ..Bounds::default() };
    membership("gossip/membership-lossy-live", EVERY_RULE, bounds, &[])
        .summary("a message is lost, a relay makes it good, and nobody is suspected")
}

/// Members that know one other, or nobody.
pub fn join() -> MembershipSpec {
    let bounds = Bounds { contacts: Contacts::First, ..Bounds::default() };
    let facts: &[Named<Book>] = &[("all know all", properties::all_know_all)];
    membership("gossip/membership-join-live", EVERY_RULE, bounds, facts)
        .summary("members that know one other, or nobody, come to know all")
        .worst_case(KNOWN, SEEN, properties::known_as_it_is)
}

/// A member is cut off for so long that each side takes the other for dead.
pub fn cut_off() -> MembershipSpec {
    let cut = Some(Cut::between([0], [1, 2]).healing(8..=8));
    let bounds = Bounds { pace: Pace::Hasty, cut, ..Bounds::default() };
    let facts: &[Named<Book>] = &[("a living one is buried", properties::a_living_one_is_buried)];
    membership("gossip/membership-cut-off-live", EVERY_RULE, bounds, facts)
        .summary("each side of a cut takes the other for dead, and knows better once it heals")
}

/// Two members die at once, and who finds one dead waits longer for the other one.
pub fn health() -> MembershipSpec {
    let settings = Settings { patience: 2, ..SETTINGS };
    let faults = Faults { crashes: 2, down_at_once: 2, ..Faults::NONE };
    let bounds =
        Bounds { settings, faults, meanwhile: Meanwhile::Unsuspected, ..Bounds::default() };
    membership("gossip/membership-health-live", EVERY_RULE, bounds, &[])
        .summary("two of three die, and who misses an answer waits longer for the next")
        .worst_case(COMPLETENESS, SEEN, properties::completeness)
}

/// A suspect has 2m - 1 periods to contradict, in a list of m: one tick too few.
pub fn short() -> MembershipSpec {
    let bounds = Bounds {
        early: 2,
        pace: Pace::Short,
        meanwhile: Meanwhile::NotBuried,
        ..Bounds::default()
    };
    membership("gossip/membership-short-live", EVERY_RULE, bounds, &[])
        .summary("a suspect with a tick too few to contradict is taken for dead while it lives")
        .expect_violation(NOT_BURIED)
}

/// A member loses its disk, and with it its incarnation.
pub fn wiped() -> MembershipSpec {
    let faults = Faults { rollbacks: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds {
        servers: 2,
        pace: Pace::Hasty,
        faults,
        recovery: Some(1..=3),
        ..Bounds::default()
    };
    membership("gossip/membership-wiped-live", EVERY_RULE, bounds, &[])
        .summary(
            "who has lost its incarnation with its disk is listed, and passes for its old self",
        )
        .expect_violation(RESTART_KNOWN)
}

/// Whoever is probed next is drawn anew each time.
pub fn any_next() -> MembershipSpec {
    let bounds = Bounds { faults: CRASH, ..Bounds::default() };
    membership("gossip/membership-any-next-live", AllBut(vec![Rule::RoundRobinProbe]), bounds, &[])
        .summary(
            "probes go to anybody at random, and it may take any time until a dead one is found",
        )
        .expect_violation(COMPLETENESS)
}
