//! What a server has accepted for slots of which it does not know what is chosen. A copy costs
//! nothing.

use std::fmt;
use std::ops::Deref;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::ballot::Ballot;
use super::log::Value;
use crate::number::Index;
use crate::state_machine::StateMachine;

/// What was proposed for a slot, and in which ballot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pvalue<C> {
    pub ballot: Ballot,
    pub value: Value<C>,
}

impl<C: fmt::Debug> fmt::Debug for Pvalue<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:?}", self.ballot, self.value)
    }
}

/// By slot, what was proposed for it.
pub type Slots<C> = OrdMap<Index, Pvalue<C>>;

/// By slot, what was accepted last, and what all of it weighs. It is read as a map is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub struct Open<C: Clone> {
    slots: Slots<C>,
    /// In bytes.
    weight: usize,
}

impl<C: Clone> Default for Open<C> {
    fn default() -> Self {
        Open { slots: OrdMap::new(), weight: 0 }
    }
}

impl<C: Clone> Deref for Open<C> {
    type Target = Slots<C>;

    fn deref(&self) -> &Slots<C> {
        &self.slots
    }
}

/// As the map.
impl<C: Clone + fmt::Debug> fmt::Debug for Open<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.slots.fmt(f)
    }
}

impl<C: Clone> Open<C> {
    /// What it would weigh if this value were accepted for `slot`.
    pub fn weight_with<M: StateMachine<Command = C>>(
        &self,
        slot: Index,
        value: &Value<C>,
    ) -> usize {
        let before = self.slots.get(&slot).map_or(0, |known| known.value.weight::<M>());
        self.weight - before + value.weight::<M>()
    }

    /// This is accepted for `slot`, whatever was before.
    pub fn accept<M: StateMachine<Command = C>>(&mut self, slot: Index, pvalue: Pvalue<C>) {
        self.weight = self.weight_with::<M>(slot, &pvalue.value);
        self.slots.insert(slot, pvalue);
    }

    /// It is known what is chosen for `slot`.
    pub fn close<M: StateMachine<Command = C>>(&mut self, slot: Index) {
        if let Some(known) = self.slots.remove(&slot) {
            self.weight -= known.value.weight::<M>();
        }
    }

    /// It is known what is chosen for all slots up to `last`.
    pub fn close_to<M: StateMachine<Command = C>>(&mut self, last: Index) {
        while let Some((slot, _)) = self.slots.get_min().filter(|(slot, _)| *slot <= last) {
            self.close::<M>(*slot);
        }
    }
}

/// Those of `slots` that are not before `first`.
pub fn from<C: Clone>(slots: &Slots<C>, first: Index) -> Slots<C> {
    slots.range(first..).map(|(slot, pvalue)| (*slot, pvalue.clone())).collect()
}
