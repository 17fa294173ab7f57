//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{Book, DynamoSpec, EVERY_RULE, Fact, Setting, checked, fact};
use crate::member;
use crate::quorum_store::dynamo::Timer;
use crate::quorum_store::dynamo::claims::properties;
use crate::quorum_store::dynamo::object::{Command, get, put};
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds<'a> {
    pub setting: Setting,
    pub servers: usize,
    /// One client for each.
    pub scripts: &'a [&'a [Command]],
    /// How often a client asks again.
    pub retries: u8,
    /// How often a coordinator waits no longer for those who have not answered.
    pub lates: u8,
    /// How often a server compares its store with others, and hands off hints.
    pub exchanges: u8,
    pub faults: Faults,
}

impl Default for Bounds<'_> {
    fn default() -> Self {
        Bounds {
            setting: Setting::of(3, 2, 2),
            servers: 3,
            scripts: &[],
            retries: 0,
            lates: 0,
            exchanges: 0,
            faults: Faults::NONE,
        }
    }
}

/// A store within `bounds`: what its setting promises, and the facts that must be reachable.
pub fn dynamo(name: &str, rules: Book, bounds: Bounds<'_>, facts: &[Fact]) -> DynamoSpec {
    claiming(name, rules, bounds, |claim| bounds.setting.promises(claim), facts)
}

/// A store within `bounds`, of which this is claimed.
pub fn claiming(
    name: &str,
    rules: Book,
    bounds: Bounds<'_>,
    claimed: impl Fn(&str) -> bool,
    facts: &[Fact],
) -> DynamoSpec {
    let Bounds { setting, servers, scripts, retries, lates, exchanges, faults } = bounds;
    checked(name, rules, setting, servers, scripts, claimed, facts)
        .faults(faults)
        .timeouts("client retries", |timer| timer.is_retry(), retries)
        .timeouts("late answers", |timer| is(timer, Timer::Late), lates)
        .timeouts("comparisons", |timer| is(timer, Timer::Exchange), exchanges)
        .timeouts("sweeps", |timer| is(timer, Timer::Sweep), 0)
}

fn is(timer: &member::Timer<Timer>, sought: Timer) -> bool {
    *timer == member::Timer::Server(sought)
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![]
}
