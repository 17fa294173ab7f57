//! A state that is being expanded, and what it allows as a whole.

use super::doors::Doors;
use super::kind::Kind;
use super::moves::{Move, Moves};
use super::parts::{Explorable, History};
use super::system::System;

/// A state that is being expanded.
pub(super) struct Parent<'s> {
    pub id: u32,
    pub key: Vec<u64>,
    pub leaves: Vec<u32>,
    pub offers: Vec<&'s Moves>,
}

/// So many states are read together before they are expanded.
pub(super) const GROUP: usize = 16;

/// What a state as a whole allows.
pub(super) struct Now {
    may_go_down: bool,
    /// Nothing can be delivered to anybody, and nobody has a choice to make.
    is_quiet: bool,
    pub time_may_pass: bool,
    /// Time may pass although something can be delivered.
    may_be_slow: bool,
}

impl Now {
    pub fn of<A: Explorable, C, G: History>(
        system: &System<'_, A, C, G>,
        offers: &[&Moves],
    ) -> Self {
        let down = offers.iter().filter(|offer| offer.crashed).count();
        let mut times = offers.iter().map(|offer| offer.time);
        let is_quiet = system.timely().is_some() && times.clone().all(|time| time.is_quiet);
        let has_slow = system.timely().is_some_and(|timely| timely.slow > 0);
        let may_pass = (is_quiet || has_slow)
            && times.clone().any(|time| time.is_running)
            && !times.any(|time| time.holds_up);
        Now {
            may_go_down: down < system.down_at_once(),
            is_quiet,
            time_may_pass: may_pass && is_quiet,
            may_be_slow: may_pass && !is_quiet,
        }
    }

    /// The tick that may pass, if one may.
    pub fn tick(&self) -> Option<Move> {
        match (self.time_may_pass, self.may_be_slow) {
            (true, _) => Some(Move::silent(Kind::Tick, 0, 0)),
            (_, true) => Some(Move::silent(Kind::SlowTick, 0, 0)),
            _ => None,
        }
    }

    pub fn allows(&self, kind: Kind) -> bool {
        match kind {
            Kind::Crash | Kind::Rollback => self.may_go_down,
            Kind::Due { .. } => self.is_quiet,
            Kind::Early { ripe } => !(ripe && self.is_quiet),
            _ => true,
        }
    }
}

impl Parent<'_> {
    /// As many as are read together.
    pub fn group(leaves: usize) -> Vec<Self> {
        let parent =
            || Parent { id: 0, key: Vec::new(), leaves: vec![0; leaves], offers: Vec::new() };
        (0..GROUP).map(|_| parent()).collect()
    }

    /// Reads the key as it is laid out now.
    pub fn read(&mut self, doors: &Doors<'_>) {
        let layout = doors.visited.layout();
        self.key.resize(layout.words(), 0);
        doors.visited.read(self.id, &mut self.key);
        layout.unpack(&self.key, &mut self.leaves);
    }
}
