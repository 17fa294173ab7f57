//! What a property sees that does not see everything, as a few numbers.

use super::parts::{Explorable, History, Parts};
use super::shared::table;
use super::system::System;
use super::table::Table;
use super::values::Values;
use crate::spec::Sees;

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
        let kinds = [Sees::Actors, Sees::History, Sees::Network, Sees::Fault];
        let views = kinds.into_iter().filter(|sees| asked.contains(sees)).map(|sees| {
            let size = match sees {
                Sees::Everything | Sees::History | Sees::Fault => 1,
                // Actors, ghost, and fault.
                Sees::Actors => system.actors() + 2,
                // Inboxes, and the message delivered last.
                Sees::Network => system.seats + 1,
            };
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
        match self.sees {
            Sees::Everything | Sees::History => numbers.push(ghost),
            Sees::Actors => {
                let actors = seats.take(system.actors());
                numbers.extend(actors.map(|(actor, seat)| core(actor, *seat)));
                numbers.extend([ghost, extras.fault]);
            }
            Sees::Fault => numbers.push(extras.fault),
            Sees::Network => {
                numbers.extend(seats.map(|(actor, seat)| parts.seats[actor].get(*seat).1));
                numbers.push(extras.last.map_or(0, |envelope| envelope + 1));
            }
        }
    }

    /// By component, how many values it has by now.
    pub fn counts<A: Explorable, C, G: History>(
        &self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
    ) -> Vec<usize> {
        let Parts { cores, ghosts, faults, inboxes, envelopes, .. } = parts;
        match self.sees {
            Sees::Everything | Sees::History => vec![ghosts.len()],
            Sees::Actors => {
                let cores = cores[..system.actors()].iter().map(Values::len);
                cores.chain([ghosts.len(), faults.len()]).collect()
            }
            Sees::Fault => vec![faults.len()],
            Sees::Network => {
                let inboxes = std::iter::repeat_n(inboxes.len(), system.seats);
                inboxes.chain([envelopes.len() + 1]).collect()
            }
        }
    }
}
