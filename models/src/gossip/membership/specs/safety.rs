//! What is checked of the safety of membership, with which bounds. Timers fire at any moment, and
//! messages arrive at any.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{Book, Contacts, EVERY_RULE, MembershipSpec, SETTINGS, checked};
use crate::gossip::membership::Timer;
use crate::gossip::membership::claims::properties::{self, Named};
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bounds {
    pub servers: usize,
    /// Periods that begin, in total.
    pub periods: u8,
    /// Pings that are not answered in time, in total.
    pub overdue: u8,
    /// Suspects that do not contradict in time, in total.
    pub deaths: u8,
    pub faults: Faults,
}

/// Members within `bounds`.
pub fn membership(
    name: &str,
    rules: Book,
    bounds: Bounds,
    facts: &[Named<Book>],
) -> MembershipSpec {
    checked(name, rules, bounds.servers, Contacts::All, SETTINGS, false, facts)
        .faults(bounds.faults)
        .timeouts("periods", |timer| matches!(timer, Timer::Period(_)), bounds.periods)
        .timeouts("overdue answers", |timer| matches!(timer, Timer::Direct(_)), bounds.overdue)
        .timeouts("deaths", |timer| matches!(timer, Timer::Suspicion(_)), bounds.deaths)
}

/// The counts change only with a reason.
pub(super) fn all() -> Vec<Box<dyn AnySpec>> {
    vec![
        hearsay().counts(46_866, 154_700).boxed(),
        crash().counts(109_413, 297_500).boxed(),
        three().counts(31_454, 83_217).boxed(),
    ]
}

/// Suspicion, death and contradiction, in any order.
pub fn hearsay() -> MembershipSpec {
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 2, periods: 4, overdue: 2, deaths: 1, faults };
    let facts: &[Named<Book>] = &[
        ("a living one is buried", properties::a_living_one_is_buried),
        ("one has refuted", properties::one_has_refuted),
    ];
    membership("gossip/membership-hearsay", EVERY_RULE, bounds, facts)
        .summary("a member that lives is taken for dead and contradicts, in whatever order")
}

/// A member crashes and starts again, whatever is still said of its earlier life.
pub fn crash() -> MembershipSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { servers: 2, periods: 4, overdue: 2, deaths: 1, faults };
    let facts: &[Named<Book>] = &[("all know all", properties::all_know_all)];
    membership("gossip/membership-crash", EVERY_RULE, bounds, facts)
        .summary("a member starts again, and what is said of its earlier life arrives late")
}

/// A third member hears of a suspicion.
pub fn three() -> MembershipSpec {
    let bounds = Bounds { servers: 3, periods: 3, overdue: 1, deaths: 0, faults: Faults::NONE };
    let facts: &[Named<Book>] =
        &[("a living one is suspected", properties::a_living_one_is_suspected)];
    membership("gossip/membership-three", EVERY_RULE, bounds, facts).summary(
        "one of three is suspected, and who says so and who denies it is heard in any order",
    )
}
