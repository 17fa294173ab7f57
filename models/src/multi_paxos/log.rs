//! The log: what is chosen, slot by slot, without gaps. A copy costs nothing.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::config::Config;
use crate::number::Index;
use crate::service::Request;
use crate::state_machine::StateMachine;
use crate::window;

/// What a no-op weighs, in bytes.
const NO_OP: usize = 64;

/// What a change weighs for each member, in bytes.
const MEMBER: usize = 24;

/// What a slot may hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value<C> {
    /// Nothing happens in this slot.
    NoOp,
    Command(Request<C>),
    /// These are the servers of the cluster, some slots later.
    Change(Config),
}

impl<C> Value<C> {
    /// The command; `None` if there is none.
    pub fn request(&self) -> Option<&Request<C>> {
        match self {
            Value::NoOp | Value::Change(_) => None,
            Value::Command(request) => Some(request),
        }
    }

    /// Its weight, in bytes.
    pub fn weight<M: StateMachine<Command = C>>(&self) -> usize {
        match self {
            Value::NoOp => NO_OP,
            Value::Command(request) => window::weight::<M>(request),
            Value::Change(config) => NO_OP + MEMBER * (config.voters.len() + config.learners.len()),
        }
    }
}

/// As the command: whose it is is no news.
impl<C: fmt::Debug> fmt::Debug for Value<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::NoOp => f.write_str("NoOp"),
            Value::Command(request) => request.command.fmt(f),
            Value::Change(config) => config.fmt(f),
        }
    }
}

/// The values that are chosen for consecutive slots, of which `from` is the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Run<C: Clone> {
    pub from: Index,
    pub values: Vector<Value<C>>,
}

/// What is chosen for the slots behind the base, which is 0 until the log is compacted: a snapshot
/// stands for what is not there any more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Log<C: Clone> {
    base: Index,
    values: Vector<Value<C>>,
}

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log::behind_base(Index::ZERO)
    }
}

impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base != Index::ZERO {
            write!(f, "{:?}+", self.base)?;
        }
        f.debug_list().entries(&self.values).finish()
    }
}

impl<C: Clone> Log<C> {
    /// A log of which all up to `base` is compacted, and that has nothing behind it.
    pub fn behind_base(base: Index) -> Self {
        Log { base, values: Vector::new() }
    }

    /// The last slot that is compacted; 0 if none is.
    pub fn base(&self) -> Index {
        self.base
    }

    /// The last slot, though it be compacted; 0 if nothing is chosen.
    pub fn last(&self) -> Index {
        Index(self.base.0 + self.values.len() as u64)
    }

    /// What is chosen for `slot`, if the log reaches so far and it is not compacted.
    pub fn get(&self, slot: Index) -> Option<&Value<C>> {
        let behind = slot.0.checked_sub(self.base.0)?.checked_sub(1)?;
        self.values.get(usize::try_from(behind).ok()?)
    }

    /// The slots that are not compacted in order, with what is chosen for them.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &Value<C>)> {
        let slots = self.base.0.saturating_add(1)..;
        self.values.iter().zip(slots).map(|(value, slot)| (Index(slot), value))
    }

    /// This is chosen for the next slot.
    pub fn push(&mut self, value: Value<C>) {
        self.values.push_back(value);
    }

    /// How many of the values are before those behind `slot`.
    fn offset(&self, slot: Index) -> usize {
        (slot.0.saturating_sub(self.base.0) as usize).min(self.values.len())
    }

    /// The slots behind `slot` that are not compacted in order, with what is chosen for them.
    pub fn behind(&self, slot: Index) -> impl Iterator<Item = (Index, &Value<C>)> {
        let offset = self.offset(slot);
        let slots = self.base.0.saturating_add(offset as u64 + 1)..;
        let values = self.values.focus().narrow(offset..).into_iter();
        values.zip(slots).map(|(value, slot)| (Index(slot), value))
    }

    /// What is chosen from `first` on, as far as it weighs no more than `most`, or for that slot
    /// alone if it weighs more. Nothing if that is compacted.
    pub fn run<M: StateMachine<Command = C>>(&self, first: Index, most: usize) -> Run<C> {
        let (before, mut sum) = (Index(first.0.saturating_sub(1)), 0);
        let fits = |(_, value): &(Index, &Value<C>)| {
            let is_first = sum == 0;
            sum += value.weight::<M>();
            is_first || sum <= most
        };
        let is_there = first > self.base;
        let count = if is_there { self.behind(before).take_while(fits).count() } else { 0 };
        let values = self.values.skip(self.offset(before)).take(count);
        Run { from: first, values }
    }

    /// Whether what is chosen from `first` on is not compacted, and weighs no more than `most`.
    pub fn is_light<M: StateMachine<Command = C>>(&self, first: Index, most: usize) -> bool {
        let (before, mut sum) = (Index(first.0.saturating_sub(1)), 0);
        let fits = |(_, value): (Index, &Value<C>)| {
            sum += value.weight::<M>();
            sum <= most
        };
        first > self.base && self.behind(before).all(fits)
    }

    /// The last slot at or before `last` that is such that what is chosen behind it, up to `last`,
    /// weighs no more than `most`. None before the base.
    pub fn before<M: StateMachine<Command = C>>(&self, last: Index, most: usize) -> Index {
        let (mut slot, mut sum) = (last, 0);
        while let Some(value) = self.get(slot) {
            sum += value.weight::<M>();
            if sum > most {
                break;
            }
            slot = Index(slot.0 - 1);
        }
        slot
    }

    /// Compacts all up to `slot`, if the log reaches so far and has not done so.
    pub fn compact_to(&mut self, slot: Index) {
        if slot > self.base && slot <= self.last() {
            self.values = self.values.skip((slot.0 - self.base.0) as usize);
            self.base = slot;
        }
    }
}
