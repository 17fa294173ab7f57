//! What a step costs, and what else it does to what belongs to no actor.

use std::collections::HashMap;

use super::hash::BuildQuick;
use super::inbox::Order;
use super::kind::Kind;
use super::moves::Move;
use super::parts::{Explorable, Extras, History, NO_FAULT, Parts};
use super::system::{Rules, System};
use crate::spec::{Spec, TIMEOUT_KINDS};

/// One thread's memory of what steps cost.
#[derive(Debug, Default)]
pub(super) struct Purse {
    /// By extras, and by kind of step, as far as it is charged.
    paid: Vec<[Price; KINDS]>,
    /// What else changes extras: with a fault, or a message delivered where that is remembered.
    marked: HashMap<Bill, u32, BuildQuick>,
}

/// Kinds of steps that are charged, each kind of timeout by itself.
const KINDS: usize = 13 + TIMEOUT_KINDS;

/// The extras after a step.
#[derive(Clone, Copy, Debug, Default)]
enum Price {
    #[default]
    Unknown,
    /// The budget is used up.
    TooMuch,
    Then(u32),
}

/// Extras, fault, and message delivered where that is remembered.
type Bill = (u32, u32, Option<u32>);

impl Purse {
    /// The extras after `step` with this `fault`, or `None` if its budget is used up.
    pub fn pay<A: Explorable, C, G: History>(
        &mut self,
        system: &System<'_, A, C, G>,
        parts: &Parts<A, G>,
        extras: u32,
        step: &Move,
        fault: u32,
    ) -> Option<u32> {
        let (charged, delivered) = match system.rules {
            Rules::Spec(spec) => (self.charge(spec, parts, extras, step.kind)?, None),
            Rules::Stateright => (extras, delivered(system, step)),
        };
        if fault == NO_FAULT && delivered.is_none() {
            return Some(charged);
        }
        let marked = self.marked.entry((charged, fault, delivered)).or_insert_with(|| {
            let before = *parts.extras.get(charged);
            let last = delivered.or(before.last);
            parts.extras.intern(Extras { fault, last, ..before })
        });
        Some(*marked)
    }

    /// The extras after a step of this kind, or `None` if its budget is used up.
    fn charge<A: Explorable, C, G: History>(
        &mut self,
        spec: &Spec<A, C, G>,
        parts: &Parts<A, G>,
        extras: u32,
        kind: Kind,
    ) -> Option<u32> {
        let Some(kind_index) = charged(kind) else {
            return Some(extras);
        };
        let place = extras as usize;
        if self.paid.len() <= place {
            self.paid.resize(place + 1, [Price::Unknown; KINDS]);
        }
        let price = &mut self.paid[place][kind_index];
        if let Price::Unknown = price {
            let after = charge(spec, *parts.extras.get(extras), kind);
            *price = after.map_or(Price::TooMuch, |after| Price::Then(parts.extras.intern(after)));
        }
        match *price {
            Price::Then(after) => Some(after),
            Price::Unknown | Price::TooMuch => None,
        }
    }
}

/// The message that a step delivers, where Stateright's network remembers it.
fn delivered<A: Explorable, C, G: History>(
    system: &System<'_, A, C, G>,
    step: &Move,
) -> Option<u32> {
    (step.kind == Kind::Deliver && system.order == Order::Set).then_some(step.about)
}

/// Where among the kinds that are charged this is; `None` if it neither is charged to a budget nor
/// ends or lengthens a calm.
fn charged(kind: Kind) -> Option<usize> {
    match kind {
        Kind::Deliver
        | Kind::Timeout(None)
        | Kind::Due { restless: false }
        | Kind::Random
        | Kind::Tick => None,
        Kind::Duplicate => Some(0),
        Kind::Drop => Some(1),
        Kind::Crash => Some(2),
        Kind::Recover => Some(3),
        Kind::Early { .. } => Some(4),
        Kind::Due { restless: true } => Some(5),
        Kind::Backup => Some(6),
        Kind::Rollback => Some(7),
        Kind::Cut => Some(8),
        Kind::Heal => Some(9),
        Kind::SlowTick => Some(10),
        Kind::Pause => Some(11),
        Kind::Resume => Some(12),
        Kind::Timeout(Some(budget)) => Some(13 + usize::from(budget)),
    }
}

/// `extras` after a step of this kind, or `None` if its budget is used up.
fn charge<A: Explorable, C, G: History>(
    spec: &Spec<A, C, G>,
    mut extras: Extras,
    kind: Kind,
) -> Option<Extras> {
    // Without time, nothing is ever counted.
    extras.calm = match kind {
        Kind::Due { restless: true } => extras.calm.saturating_add(1),
        Kind::Crash | Kind::Backup | Kind::Rollback | Kind::Recover => 0,
        Kind::Drop | Kind::Duplicate | Kind::Early { .. } | Kind::Cut | Kind::Heal => 0,
        Kind::SlowTick | Kind::Pause | Kind::Resume => 0,
        Kind::Deliver | Kind::Timeout(_) | Kind::Due { .. } | Kind::Random | Kind::Tick => {
            extras.calm
        }
    };
    let spent = &mut extras.spent;
    let (count, budget) = match kind {
        Kind::Duplicate => (&mut spent.duplicates, spec.faults.duplicates),
        Kind::Drop => (&mut spent.drops, spec.faults.drops),
        Kind::Crash => (&mut spent.crashes, spec.faults.crashes),
        Kind::Backup if spent.rollbacks >= spec.faults.rollbacks => return None,
        Kind::Backup => (&mut spent.backups, spec.faults.backups),
        Kind::Rollback => (&mut spent.rollbacks, spec.faults.rollbacks),
        Kind::Early { .. } => (&mut spent.early, spec.timely.as_ref()?.early),
        Kind::Pause => (&mut spent.pauses, spec.pauses()?.count),
        Kind::SlowTick => (&mut spent.slow, spec.timely.as_ref()?.slow),
        Kind::Timeout(Some(kind)) => {
            let kind = usize::from(kind);
            (&mut spent.timeouts[kind], spec.timeouts[kind].count)
        }
        Kind::Deliver
        | Kind::Timeout(None)
        | Kind::Due { .. }
        | Kind::Random
        | Kind::Recover
        | Kind::Resume
        | Kind::Cut
        | Kind::Heal
        | Kind::Tick => return Some(extras),
    };
    if *count >= budget {
        return None;
    }
    *count += 1;
    Some(extras)
}
