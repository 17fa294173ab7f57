//! A whole state, for conditions that ask for one: kept up to date by what differs, not rebuilt.

use std::sync::Arc;

use stateright::actor::Network;

use super::parts::{Explorable, Extras, History, Local, Parts};
use super::system::System;
use crate::spec::{Sees, State};

/// A whole state, and what it was made from.
pub(super) struct Scratch<A: Explorable, G> {
    state: State<A, G>,
    leaves: Vec<u32>,
    locals: Vec<Local>,
    inboxes: Vec<u32>,
    /// What is kept up to date; all else stays as it was.
    sees: Sees,
}

impl<A: Explorable, G: History> Scratch<A, G> {
    /// Starts with `state`, which is that of `leaves`.
    pub fn new(parts: &Parts<A, G>, state: &State<A, G>, leaves: &[u32], sees: Sees) -> Self {
        let seats = leaves[..leaves.len() - 2].iter().enumerate();
        let (locals, inboxes) = seats.map(|(actor, seat)| parts.open_seat(actor, *seat)).unzip();
        Scratch { state: state.clone(), leaves: leaves.to_vec(), locals, inboxes, sees }
    }

    /// The state of `leaves`, as far as it is seen.
    pub fn at<C>(
        &mut self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        leaves: &[u32],
    ) -> &State<A, G> {
        for (seat, number) in leaves[..system.seats].iter().enumerate() {
            if self.leaves[seat] != *number {
                self.leaves[seat] = *number;
                let (local, inbox) = parts.open_seat(seat, *number);
                if seat < system.actors() {
                    self.update_local(system, parts, seat, local);
                }
                if self.sees.has(Sees::NETWORK) {
                    self.update_inbox(parts, seat, inbox);
                }
            }
        }
        let (ghost, extras) = (leaves[system.ghost_leaf()], leaves[system.extras_leaf()]);
        if self.sees.has(Sees::GHOST) && self.leaves[system.ghost_leaf()] != ghost {
            self.leaves[system.ghost_leaf()] = ghost;
            self.state.system.history = parts.ghosts.get(ghost).clone();
        }
        if self.leaves[system.extras_leaf()] != extras {
            self.leaves[system.extras_leaf()] = extras;
            let Extras { spent, calm, fault, last } = *parts.extras.get(extras);
            if self.sees.has(Sees::FAULT) {
                self.state.fault = parts.faults.get(fault).clone();
            }
            if self.sees == Sees::EVERYTHING {
                (self.state.spent, self.state.calm) = (spent, calm);
            }
            if self.sees.has(Sees::NETWORK)
                && let Network::UnorderedDuplicating(_, shown) = &mut self.state.system.network
            {
                *shown = last.map(|envelope| parts.envelopes.get(envelope).clone());
            }
        }
        &self.state
    }

    fn update_local<C>(
        &mut self,
        rules: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        actor: usize,
        local: Local,
    ) {
        let before = std::mem::replace(&mut self.locals[actor], local);
        let system = &mut self.state.system;
        if self.sees.has(Sees::ACTORS) {
            if before.state != local.state {
                system.actor_states[actor] = Arc::clone(parts.states.get(local.state));
            }
            if before.storage != local.storage {
                system.actor_storages[actor] = parts.storages.get(local.storage).clone();
            }
            system.crashed[actor] = local.crashed;
        }
        if self.sees.has(Sees::TIMERS) {
            if before.timers != local.timers {
                system.timers_set[actor] = parts.timers.get(local.timers).clone();
            }
            if before.randoms != local.randoms {
                system.random_choices[actor] = parts.randoms.get(local.randoms).clone();
            }
        }
        if self.sees != Sees::EVERYTHING {
            return;
        }
        if let Some(clock) = self.state.clocks.get_mut(actor)
            && before.clock != local.clock
        {
            *clock = parts.clocks.get(local.clock).clone();
        }
        if let Some(backup) = self.state.backups.get_mut(actor)
            && before.backup != local.backup
        {
            backup.clone_from(parts.storages.get(local.backup));
        }
        if before.cuts != local.cuts {
            let known = parts.cuts.get(local.cuts);
            for (index, cut) in rules.cuts().iter().enumerate() {
                if cut.has_sender(actor) {
                    self.state.cuts[index] = known[index];
                }
            }
        }
    }

    fn update_inbox(&mut self, parts: &Parts<A, G>, seat: usize, inbox: u32) {
        let before = std::mem::replace(&mut self.inboxes[seat], inbox);
        let (before, inbox) = (parts.inboxes.get(before), parts.inboxes.get(inbox));
        let get = |envelope: &u32| parts.envelopes.get(*envelope);
        match &mut self.state.system.network {
            Network::UnorderedDuplicating(network, _) => {
                let is_gone = |it: &&u32| inbox.binary_search(it).is_err();
                for gone in before.iter().filter(is_gone) {
                    network.remove(get(gone));
                }
                let is_sent = |it: &&u32| before.binary_search(it).is_err();
                for sent in inbox.iter().filter(is_sent) {
                    network.insert(get(sent).clone());
                }
            }
            Network::UnorderedNonDuplicating(network) => {
                before.iter().for_each(|gone| {
                    network.remove(get(gone));
                });
                for sent in inbox.iter() {
                    *network.entry(get(sent).clone()).or_insert(0) += 1;
                }
            }
            Network::Ordered(flows) => {
                before.iter().for_each(|gone| {
                    flows.remove(&parts.flow(*gone));
                });
                for sent in inbox.iter() {
                    let flow = flows.entry(parts.flow(*sent)).or_default();
                    flow.push_back(get(sent).msg.clone());
                }
            }
        }
    }
}
