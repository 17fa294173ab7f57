//! Safety: what is checked while timers fire at any moment, with which bounds.

use quorate_checker::AnySpec;
use quorate_checker::spec::Faults;

use super::{
    A_LEADER, Book, Design, EVERY_RULE, Fact, LED_AGAIN, MossSpec, ONE_WAITS, TWO_ASK, servers,
};
use crate::election::{self, ONE_LEADER};
use crate::moss::Timer;
use crate::moss::rules::Rule;
use crate::rules::AllBut;
use crate::system::Boxed;

/// What a spec lets happen, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub servers: usize,
    pub design: Design,
    /// How often a server misses a leader, or locks, in total.
    pub wants: u8,
    /// How often leaders are heard again, in total.
    pub beats: u8,
    pub faults: Faults,
}

impl Default for Bounds {
    fn default() -> Self {
        let (design, faults) = (Design::Epochs, Faults::NONE);
        Bounds { servers: 3, design, wants: 2, beats: 0, faults }
    }
}

/// Servers within `bounds`: their safety, and the facts that must be reachable. With locks alone
/// that is one leader at once, and with epochs one leader an epoch.
pub fn moss(name: &str, rules: Book, bounds: Bounds, facts: &[Fact]) -> MossSpec {
    let safety = match bounds.design {
        Design::Locks | Design::TimedLocks => election::one_leader(),
        Design::Epochs => election::one_leader_an_epoch(),
    };
    servers(name, bounds.design.within(rules), bounds.servers)
        .claim(safety)
        .claims(facts.iter().copied())
        .ghost(election::observe)
        .may_end()
        .faults(bounds.faults)
        .timeouts("leaders missed", |timer| *timer == Timer::Want, bounds.wants)
        .timeouts("heartbeats", |timer| *timer == Timer::Beat, bounds.beats)
}

/// Two servers, with locks alone.
const TWO: Bounds =
    Bounds { servers: 2, design: Design::Locks, wants: 2, beats: 0, faults: Faults::NONE };

/// The counts change only with a reason.
pub(super) fn listed() -> Vec<Box<dyn AnySpec>> {
    vec![
        as_written().boxed(),
        neighbours().boxed(),
        locks().counts(30_425, 103_876).boxed(),
        epochs().counts(86_507, 222_741).boxed(),
        lossy().counts(286_739, 1_013_483).boxed(),
    ]
}

/// A server needs the locks "of all neighbours", the article says, and so not its own.
pub fn as_written() -> MossSpec {
    moss("moss/as-written", AllBut(vec![Rule::OwnLockToo]), TWO, &[A_LEADER, TWO_ASK])
        .summary("each of two servers grants its lock to the other: who asks must hold its own")
        .expect_violation(ONE_LEADER)
}

/// Servers ask those that they know.
pub fn neighbours() -> MossSpec {
    let bounds = Bounds { servers: 4, ..TWO };
    let rules = AllBut(vec![Rule::NeighboursAreAll]);
    moss("moss/neighbours", rules, bounds, &[A_LEADER, TWO_ASK])
        .summary("two servers that share no neighbour have all the locks that they ask for")
        .expect_violation(ONE_LEADER)
}

/// What locks do promise: mutual exclusion.
pub fn locks() -> MossSpec {
    let bounds = Bounds { servers: 3, wants: 3, ..TWO };
    moss("moss/locks", EVERY_RULE, bounds, &[A_LEADER, TWO_ASK, ONE_WAITS])
        .summary("who has all locks is the only one, and leads for ever")
}

/// The repair: a server crashes and starts again.
pub fn epochs() -> MossSpec {
    let faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
    let bounds = Bounds { faults, ..Bounds::default() };
    moss("moss/epochs", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_ASK, ONE_WAITS])
        .summary("a majority of the locks, each once an epoch: one leader an epoch, crashes or not")
}

/// A message is lost, and another one arrives twice.
pub fn lossy() -> MossSpec {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let bounds = Bounds { faults, ..Bounds::default() };
    moss("moss/lossy", EVERY_RULE, bounds, &[A_LEADER, LED_AGAIN, TWO_ASK, ONE_WAITS])
        .summary("a lost message, a doubled one, and one leader an epoch")
}
