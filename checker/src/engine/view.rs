//! What a property sees that does not see everything, as a few numbers.

use super::layout::Layout;
use super::parts::{Explorable, History, Parts};
use super::system::System;
use super::table::Table;
use super::values::Values;
use crate::spec::Sees;

/// Slots of a table at the start: room enough for what is added before anyone looks.
const TABLE_BITS: u32 = 14;

/// Ids that a thread takes at a time: their keys fill some pages of memory.
const LOT: u32 = 256;

/// What some properties see, and what was seen so far.
#[derive(Debug)]
pub(super) struct View {
    pub sees: Sees,
    /// How many numbers make up a view.
    pub size: usize,
    pub seen: Table,
}

impl View {
    /// The views that are asked for, which so many threads fill.
    pub fn of<A: Explorable, C, G: History>(
        asked: &[Sees],
        system: &System<'_, A, C, G>,
        threads: usize,
    ) -> Vec<View> {
        let mut kinds: Vec<Sees> = asked.to_vec();
        kinds.retain(|sees| *sees != Sees::EVERYTHING);
        kinds.sort_unstable();
        kinds.dedup();
        let views = kinds.into_iter().map(|sees| {
            let parts = [
                (Sees::ACTORS, system.actors()),
                // Timers and choices.
                (Sees::TIMERS, 2 * system.actors()),
                // Inboxes, and the message delivered last.
                (Sees::NETWORK, system.seats + 1),
                (Sees::GHOST, 1),
                (Sees::FAULT, 1),
            ];
            let seen = parts.iter().filter(|(part, _)| sees.has(*part));
            let size = seen.map(|(_, size)| size).sum();
            View { sees, size, seen: table(size, threads) }
        });
        views.collect()
    }

    /// Appends the numbers of what is seen of the state of `leaves`. The `core` of a seat is what
    /// properties ask for most.
    pub fn append<A: Explorable, C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        leaves: &[u32],
        mut core: impl FnMut(usize, u32) -> u32,
        numbers: &mut Vec<u32>,
    ) {
        let ghost = leaves[system.ghost_leaf()];
        let extras = parts.extras.get(leaves[system.extras_leaf()]);
        let seats = leaves[..system.seats].iter().enumerate();
        let actors = seats.clone().take(system.actors());
        if self.sees.has(Sees::ACTORS) {
            numbers.extend(actors.clone().map(|(actor, seat)| core(actor, *seat)));
        }
        if self.sees.has(Sees::TIMERS) {
            let pending = actors.flat_map(|(actor, seat)| {
                let local = parts.open_seat(actor, *seat).0;
                [local.timers, local.randoms]
            });
            numbers.extend(pending);
        }
        if self.sees.has(Sees::NETWORK) {
            numbers.extend(seats.map(|(actor, seat)| parts.seats[actor].get(*seat).1));
            numbers.push(extras.last.map_or(0, |envelope| envelope + 1));
        }
        if self.sees.has(Sees::GHOST) {
            numbers.push(ghost);
        }
        if self.sees.has(Sees::FAULT) {
            numbers.push(extras.fault);
        }
    }

    /// By component, how many values it has by now.
    pub fn counts<A: Explorable, C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
    ) -> Vec<usize> {
        let Parts { cores, timers, randoms, inboxes, envelopes, ghosts, faults, .. } = parts;
        let mut counts = Vec::with_capacity(self.size);
        if self.sees.has(Sees::ACTORS) {
            counts.extend(cores[..system.actors()].iter().map(Values::len));
        }
        if self.sees.has(Sees::TIMERS) {
            counts.extend([timers.len(), randoms.len()].repeat(system.actors()));
        }
        if self.sees.has(Sees::NETWORK) {
            counts.extend(std::iter::repeat_n(inboxes.len(), system.seats));
            counts.push(envelopes.len() + 1);
        }
        counts.extend(self.sees.has(Sees::GHOST).then_some(ghosts.len()));
        counts.extend(self.sees.has(Sees::FAULT).then_some(faults.len()));
        counts
    }
}

/// A table for states, or views of them, that so many threads fill.
pub(super) fn table(components: usize, threads: usize) -> Table {
    Table::new(Layout::new(&vec![1; components]), TABLE_BITS, LOT, threads.max(1))
}
