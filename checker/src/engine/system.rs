//! An actor system, and by which rules it moves: a spec's, or Stateright's own.

use stateright::actor::{ActorModel, ActorModelState, Network};

use super::inbox::Order;
use super::parts::{Explorable, Extras, History, Local, NO_FAULT, Parts};
use crate::spec::{Spec, State};

/// By which rules a system moves.
pub(super) enum Rules<'a, A: Explorable, C, G: History> {
    /// Those of `spec/transition.rs`.
    Spec(&'a Spec<A, C, G>),
    /// Those of Stateright's `ActorModel`.
    Stateright,
}

/// An actor system and its rules.
pub(super) struct System<'a, A: Explorable, C, G: History> {
    pub model: &'a ActorModel<A, C, G>,
    pub rules: Rules<'a, A, C, G>,
    pub order: Order,
    /// How many seats there are: one by actor, and one for messages to nobody.
    pub seats: usize,
}

impl<'a, A: Explorable, C, G: History> System<'a, A, C, G> {
    pub fn of_spec(spec: &'a Spec<A, C, G>) -> Self {
        System {
            model: &spec.system,
            rules: Rules::Spec(spec),
            order: Order::Set,
            // A spec's messages to nobody are lost when sent.
            seats: spec.system.actors.len(),
        }
    }

    pub fn actors(&self) -> usize {
        self.model.actors.len()
    }

    /// The leaves of a state: the seats, then these.
    pub fn ghost_leaf(&self) -> usize {
        self.seats
    }

    pub fn extras_leaf(&self) -> usize {
        self.seats + 1
    }

    pub fn leaf_count(&self) -> usize {
        self.seats + 2
    }

    /// True if a spec's search may forget this message, given the state of its receiver.
    pub fn is_obsolete(&self, parts: &Parts<A, G>, state: u32, envelope: u32) -> bool {
        let Rules::Spec(spec) = self.rules else {
            return false;
        };
        let envelope = parts.envelopes.get(envelope);
        (spec.obsolete)(parts.states.get(state), envelope.src, &envelope.msg)
    }

    /// The leaves of a state that is at hand as a whole.
    pub fn leaves(&self, parts: &Parts<A, G>, state: &State<A, G>) -> Vec<u32> {
        let system = &state.system;
        let mut leaves = Vec::with_capacity(self.leaf_count());
        let mut inboxes = self.inboxes(parts, system);
        for (index, actor_state) in system.actor_states.iter().enumerate() {
            let local = Local {
                state: parts.states.intern(actor_state.clone()),
                timers: parts.timers.intern(system.timers_set[index].clone()),
                storage: parts.storages.intern(system.actor_storages[index].clone()),
                randoms: parts.randoms.intern(system.random_choices[index].clone()),
                crashed: system.crashed[index],
            };
            let inbox = parts.inboxes.intern(std::mem::take(&mut inboxes[index]));
            leaves.push(parts.seat(parts.locals.intern(local), inbox));
        }
        leaves.push(parts.ghosts.intern(system.history.clone()));
        let fault = state.fault.clone();
        let extras = Extras {
            spent: state.spent,
            fault: fault.map_or(NO_FAULT, |fault| parts.faults.intern(Some(fault))),
            last: None,
        };
        leaves.push(parts.extras.intern(extras));
        leaves
    }

    /// The messages in flight by seat, each inbox in its order.
    fn inboxes(&self, parts: &Parts<A, G>, system: &ActorModelState<A, G>) -> Vec<Vec<u32>> {
        let mut inboxes = vec![Vec::new(); self.seats];
        match &system.network {
            Network::UnorderedDuplicating(envelopes, _) => {
                for envelope in envelopes {
                    let seat = usize::from(envelope.dst).min(self.seats - 1);
                    inboxes[seat].push(parts.envelopes.intern(envelope.clone()));
                }
            }
            _ => unreachable!("the network of a spec is a set"),
        }
        inboxes.iter_mut().for_each(|inbox| inbox.sort_unstable());
        inboxes
    }
}
