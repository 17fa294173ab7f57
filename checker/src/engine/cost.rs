//! What a step costs, and what else it does to what belongs to no actor.

use std::collections::HashMap;

use super::hash::BuildQuick;
use super::inbox::Order;
use super::moves::{Kind, Move};
use super::parts::{Event, Explorable, Extras, History, NO_FAULT, Parts};
use super::system::{Rules, System};
use crate::spec::Spec;

/// One thread's memory of what steps cost.
#[derive(Debug, Default)]
pub(super) struct Purse {
    paid: HashMap<Bill, Option<u32>, BuildQuick>,
}

/// Extras, kind of step, fault, and message delivered where that is remembered.
type Bill = (u32, Kind, u32, Option<u32>);

impl Purse {
    /// The extras after `step`, or `None` if its budget is used up.
    pub fn pay<A: Explorable, C, G: History>(
        &mut self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        extras: u32,
        step: &Move,
    ) -> Option<u32> {
        let delivered = match (&system.rules, step.kind, step.event) {
            (Rules::Stateright, Kind::Deliver, Event::Deliver(envelope))
                if system.order == Order::Set =>
            {
                Some(envelope)
            }
            _ => None,
        };
        let is_free = match system.rules {
            Rules::Spec(spec) => is_free(step.kind, spec.timely.is_some()),
            Rules::Stateright => delivered.is_none(),
        };
        if is_free && step.fault == NO_FAULT {
            return Some(extras);
        }
        let key = (extras, step.kind, step.fault, delivered);
        *self.paid.entry(key).or_insert_with(|| {
            let before = *parts.extras.get(extras);
            let after = match system.rules {
                Rules::Spec(spec) => charge(spec, before, step.kind)?,
                Rules::Stateright => before,
            };
            Some(parts.extras.intern(Extras {
                fault: step.fault,
                last: delivered.or(before.last),
                ..after
            }))
        })
    }
}

/// True if steps of this kind neither are charged to a budget nor end or lengthen a calm.
fn is_free(kind: Kind, is_timely: bool) -> bool {
    match kind {
        Kind::Deliver | Kind::Timeout(None) | Kind::Random | Kind::Tick => true,
        Kind::Due { election } => !election,
        Kind::Recover => !is_timely,
        Kind::Duplicate | Kind::Drop | Kind::Timeout(_) | Kind::Early { .. } | Kind::Crash => false,
    }
}

/// `extras` after a step of this kind, or `None` if its budget is used up.
fn charge<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    mut extras: Extras,
    kind: Kind,
) -> Option<Extras> {
    extras.calm = match kind {
        Kind::Due { election: true } => extras.calm.saturating_add(1),
        Kind::Crash | Kind::Recover | Kind::Drop | Kind::Duplicate | Kind::Early { .. } => 0,
        Kind::Deliver | Kind::Timeout(_) | Kind::Due { .. } | Kind::Random | Kind::Tick => {
            extras.calm
        }
    };
    let spent = &mut extras.spent;
    let (count, budget) = match kind {
        Kind::Duplicate => (&mut spent.duplicates, spec.faults.duplicates),
        Kind::Drop => (&mut spent.drops, spec.faults.drops),
        Kind::Crash => (&mut spent.crashes, spec.faults.crashes),
        Kind::Early { .. } => (&mut spent.early, spec.timely.as_ref()?.early),
        Kind::Timeout(Some(kind)) => {
            let kind = usize::from(kind);
            (&mut spent.timeouts[kind], spec.timeouts[kind].count)
        }
        Kind::Deliver
        | Kind::Timeout(None)
        | Kind::Due { .. }
        | Kind::Random
        | Kind::Recover
        | Kind::Tick => return Some(extras),
    };
    if *count >= budget {
        return None;
    }
    *count += 1;
    Some(extras)
}
