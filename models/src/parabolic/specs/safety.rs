//! Safety of the repaired election: what is checked while timers fire at any moment.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{A_LEADER, Book, EVERY_RULE, Fact, LED_AGAIN, ParabolicSpec, TWO_STAND, servers};
use crate::election;
use crate::parabolic::Timer;
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub servers: usize,
    /// How often servers speak, in total.
    pub words: u8,
    /// How often somebody is taken for silent, in total.
    pub silences: u8,
    /// How often a server stands again, in total.
    pub stands: u8,
    pub faults: Faults,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { servers: 3, words: 1, silences: 1, stands: 0, faults: Faults::NONE }
    }
}

/// Servers within `bounds`, of which the first is the best and the last the worst.
pub fn parabolic(name: &str, rules: Book, bounds: Bounds, facts: &[Fact]) -> ParabolicSpec {
    let weights: Vec<u8> = (1..=bounds.servers as u8).rev().collect();
    servers(name, rules, &weights)
        .claim(election::one_leader_an_epoch())
        .claims(facts.iter().copied())
        .ghost(election::observe)
        .may_end()
        .faults(bounds.faults)
        .timeouts("words", |timer| *timer == Timer::Speak, bounds.words)
        .timeouts("silences", |timer| matches!(timer, Timer::Silence(_)), bounds.silences)
        .timeouts("new stands", |timer| *timer == Timer::Stand, bounds.stands)
}

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        confirmed().counts(249_085, 620_162).boxed(),
        again().counts(411_493, 897_735).boxed(),
        doubled().counts(11_380, 26_925).boxed(),
    ]
}

/// Rank decides who stands first, and votes decide who leads.
pub fn confirmed() -> ParabolicSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { faults, ..Bounds::default() };
    parabolic("parabolic/confirmed", EVERY_RULE, bounds, &[A_LEADER, TWO_STAND])
        .summary("rank decides who stands first, votes decide who leads: one leader an epoch")
}

/// A server that is not confirmed stands again.
pub fn again() -> ParabolicSpec {
    let bounds = Bounds { stands: 1, ..Bounds::default() };
    parabolic("parabolic/again", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_STAND])
        .summary("a server that is not confirmed stands in a newer epoch, and one leads an epoch")
}

/// A message arrives twice, and nobody speaks but who leads.
pub fn doubled() -> ParabolicSpec {
    let faults = Faults { duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { words: 0, silences: 2, faults, ..Bounds::default() };
    parabolic("parabolic/doubled", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_STAND])
        .summary("a message arrives twice, and one leads an epoch")
}
