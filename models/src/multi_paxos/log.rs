//! The log: what is chosen, slot by slot, without gaps. A copy costs nothing.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use crate::number::Index;
use crate::service::{Request, Sequence, Session};

/// What a slot may hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value<C> {
    /// Nothing happens in this slot.
    NoOp,
    Command(Request<C>),
}

impl<C> Value<C> {
    /// The command; `None` of a no-op.
    pub fn request(&self) -> Option<&Request<C>> {
        match self {
            Value::NoOp => None,
            Value::Command(request) => Some(request),
        }
    }

    /// Whether it is the command of this number of the session.
    pub fn is(&self, session: Session, sequence: Sequence) -> bool {
        self.request().is_some_and(|it| (it.session, it.sequence) == (session, sequence))
    }
}

/// As the command: whose it is is no news.
impl<C: fmt::Debug> fmt::Debug for Value<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::NoOp => f.write_str("NoOp"),
            Value::Command(request) => request.command.fmt(f),
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
        Log::behind(Index::ZERO)
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
    pub fn behind(base: Index) -> Self {
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

    /// What is chosen for the first `most` slots from `from` on, as far as the log reaches. Nothing
    /// if the first of them is compacted.
    pub fn run(&self, from: Index, most: usize) -> Run<C> {
        if from <= self.base {
            return Run { from, values: Vector::new() };
        }
        let before = (from.0 - self.base.0 - 1) as usize;
        let behind = self.values.skip(before.min(self.values.len()));
        Run { from, values: behind.take(most.min(behind.len())) }
    }

    /// Compacts all up to `slot`, if the log reaches so far and has not done so.
    pub fn compact_to(&mut self, slot: Index) {
        if slot > self.base && slot <= self.last() {
            self.values = self.values.skip((slot.0 - self.base.0) as usize);
            self.base = slot;
        }
    }
}
