//! An actor system, and by which rules it moves: a spec's, or Stateright's own.

use std::collections::BTreeMap;

use stateright::actor::{ActorModel, ActorModelState, Envelope, Id, LossyNetwork, Network};

use super::inbox::Order;
use super::kind::Kind;
use super::parts::{Explorable, Extras, History, Local, NO_CUTS, NO_FAULT, Parts};
use super::tally::{ROLL_BACK, Tally};
use crate::spec::{Cut, CutState, Sees, Spec, State, Timely, is_cut};

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

    pub fn of_model(model: &'a ActorModel<A, C, G>) -> Self {
        System {
            model,
            rules: Rules::Stateright,
            order: match model.init_network {
                Network::UnorderedDuplicating(..) => Order::Set,
                Network::UnorderedNonDuplicating(_) => Order::Bag,
                Network::Ordered(_) => Order::Queues,
            },
            seats: model.actors.len() + 1,
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

    /// How time moves, if there is time.
    pub fn timely(&self) -> Option<&'a Timely<A::Timer>> {
        match self.rules {
            Rules::Spec(spec) => spec.timely.as_ref(),
            Rules::Stateright => None,
        }
    }

    /// What the conditions of properties of runs see, and the goal of the worst case.
    pub fn seen_by_runs(&self) -> Vec<Sees> {
        match self.rules {
            Rules::Spec(spec) => {
                let goal = spec.worst_case.iter().map(|goal| goal.sees);
                spec.temporal_properties().map(|property| property.sees).chain(goal).collect()
            }
            Rules::Stateright => Vec::new(),
        }
    }

    /// True if nothing can happen any more in a state with these extras.
    pub fn is_end(&self, extras: &Extras) -> bool {
        extras.fault != NO_FAULT || self.is_unbounded(extras)
    }

    /// True if what must come to an end does not.
    pub fn is_unbounded(&self, extras: &Extras) -> bool {
        self.timely().is_some_and(|timely| timely.is_unbounded(extras.calm))
    }

    /// True if what `src` sends to `dst` is lost on the way, always.
    pub fn is_link_down(&self, src: usize, dst: Id) -> bool {
        match self.rules {
            Rules::Spec(spec) => spec.links_down.contains(&(src.into(), dst)),
            Rules::Stateright => false,
        }
    }

    /// How many actors may be down at once.
    pub fn down_at_once(&self) -> usize {
        match self.rules {
            Rules::Spec(spec) => spec.faults.down_at_once.into(),
            Rules::Stateright => self.model.max_crashes,
        }
    }

    /// The kinds of steps that can happen at all.
    pub fn possible(&self) -> Vec<Kind> {
        let mut kinds = vec![Kind::Deliver, Kind::Random];
        match self.timely() {
            Some(timely) => {
                kinds.extend([Kind::Due { restless: true }, Kind::Tick]);
                kinds.extend((timely.early > 0).then_some(Kind::Early { ripe: true }));
                kinds.extend((timely.slow > 0).then_some(Kind::SlowTick));
                if timely.may_pause(0) {
                    kinds.extend([Kind::Pause, Kind::Resume]);
                }
            }
            None => kinds.push(Kind::Timeout(None)),
        }
        kinds.extend((!self.cuts().is_empty()).then_some(Kind::Cut));
        kinds.extend(self.cuts().iter().any(|cut| cut.heals.is_some()).then_some(Kind::Heal));
        if let Rules::Spec(Spec { faults, .. }) = self.rules {
            kinds.extend((faults.rollbacks > 0).then_some(Kind::Rollback));
            kinds.extend((faults.rollbacks > 0 && faults.backups > 0).then_some(Kind::Backup));
        }
        let (duplicates, drops, crashes) = match self.rules {
            Rules::Spec(Spec { faults, .. }) => {
                (faults.duplicates > 0, faults.drops > 0, faults.crashes > 0)
            }
            Rules::Stateright => {
                let is_lossy = self.model.lossy_network == LossyNetwork::Yes;
                (false, is_lossy, self.model.max_crashes > 0)
            }
        };
        kinds.extend(duplicates.then_some(Kind::Duplicate));
        kinds.extend(drops.then_some(Kind::Drop));
        kinds.extend(crashes.then_some(Kind::Crash));
        let may_recover = self.timely().is_none_or(|timely| timely.recovery.is_some());
        let goes_down = crashes || kinds.contains(&Kind::Rollback);
        kinds.extend((goes_down && may_recover).then_some(Kind::Recover));
        kinds
    }

    /// The cuts that there may be.
    pub fn cuts(&self) -> &'a [Cut] {
        match self.rules {
            Rules::Spec(spec) => &spec.cuts,
            Rules::Stateright => &[],
        }
    }

    /// What this actor knows of what has become of the cuts: of those that it does not send over,
    /// nothing, so that it does not differ by them.
    pub fn cuts_known_to(&self, actor: usize, cuts: &[CutState]) -> Vec<CutState> {
        let known = self.cuts().iter().zip(cuts);
        known
            .map(|(cut, state)| if cut.has_sender(actor) { *state } else { CutState::Ahead })
            .collect()
    }

    /// True if what `src` sends to `dst` is lost on the way, by what `src` knows of the cuts.
    pub fn is_cut(&self, parts: &Parts<A, G>, cuts: u32, src: usize, dst: Id) -> bool {
        cuts != NO_CUTS && is_cut(self.cuts(), parts.cuts.get(cuts), src.into(), dst)
    }

    /// How often each action was taken, by name.
    pub fn actions(&self, tally: &Tally, parts: &Parts<A, G>) -> BTreeMap<String, u64> {
        let Rules::Spec(spec) = self.rules else {
            return tally.actions(parts, &self.possible(), &[], |_, _| true);
        };
        let cuts: Vec<String> = (0..spec.cuts.len()).map(|cut| spec.cut_words(cut)).collect();
        let mut actions =
            tally.actions(parts, &self.possible(), &cuts, |kind, number| match kind {
                // Its budget may be 0.
                Kind::Timeout(_) => spec
                    .timeout_kind(parts.timer.get(number))
                    .is_none_or(|kind| spec.timeouts[kind].count > 0),
                Kind::Heal => spec.cuts[number as usize].heals.is_some(),
                _ => true,
            });
        if spec.faults.are_wipes()
            && let Some(count) = actions.remove(ROLL_BACK)
        {
            actions.insert("wipe".to_owned(), count);
        }
        actions
    }

    /// True if a spec calls this message obsolete, given the state of its receiver.
    pub fn is_obsolete(&self, parts: &Parts<A, G>, state: u32, envelope: u32) -> bool {
        let Rules::Spec(Spec { obsolete: Some(is_obsolete), .. }) = self.rules else {
            return false;
        };
        let envelope = parts.envelopes.get(envelope);
        is_obsolete(parts.states.get(state), envelope.src, &envelope.msg)
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
                backup: parts.storages.intern(state.backups.get(index).cloned().flatten()),
                randoms: parts.randoms.intern(system.random_choices[index].clone()),
                clock: parts.clocks.intern(state.clocks.get(index).cloned().unwrap_or_default()),
                cuts: parts.cuts.intern(self.cuts_known_to(index, &state.cuts)),
                crashed: system.crashed[index],
            };
            let inbox = parts.inboxes.intern(std::mem::take(&mut inboxes[index]));
            leaves.push(parts.seat(index, parts.locals.intern(local), inbox));
        }
        // Nobody's seat has a local that says nothing.
        let nobody = parts.locals.intern(Local::default());
        for (seat, inbox) in inboxes.into_iter().enumerate().skip(self.actors()) {
            leaves.push(parts.seat(seat, nobody, parts.inboxes.intern(inbox)));
        }
        leaves.push(parts.ghosts.intern(system.history.clone()));
        let fault = state.fault.clone();
        let last = match &system.network {
            Network::UnorderedDuplicating(_, last) => last.clone(),
            _ => None,
        };
        let extras = Extras {
            spent: state.spent,
            calm: state.calm,
            fault: fault.map_or(NO_FAULT, |fault| parts.faults.intern(Some(fault))),
            last: last.map(|envelope| parts.envelopes.intern(envelope)),
        };
        leaves.push(parts.extras.intern(extras));
        leaves
    }

    /// The messages in flight by seat, each inbox in its order.
    fn inboxes(&self, parts: &Parts<A, G>, system: &ActorModelState<A, G>) -> Vec<Vec<u32>> {
        let mut inboxes = vec![Vec::new(); self.seats];
        let mut put = |envelope: Envelope<A::Msg>, count: usize| {
            let seat = usize::from(envelope.dst).min(self.seats - 1);
            let number = parts.envelopes.intern(envelope);
            inboxes[seat].extend(std::iter::repeat_n(number, count));
        };
        match &system.network {
            Network::UnorderedDuplicating(envelopes, _) => {
                envelopes.iter().for_each(|envelope| put(envelope.clone(), 1));
            }
            Network::UnorderedNonDuplicating(envelopes) => {
                envelopes.iter().for_each(|(envelope, count)| put(envelope.clone(), *count));
            }
            Network::Ordered(flows) => {
                for ((src, dst), messages) in flows {
                    let (src, dst) = (*src, *dst);
                    messages.iter().for_each(|msg| put(Envelope { src, dst, msg: msg.clone() }, 1));
                }
            }
        }
        if self.order != Order::Queues {
            inboxes.iter_mut().for_each(|inbox| inbox.sort_unstable());
        }
        inboxes
    }
}
