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

/// The values that are chosen for the slots from 1 on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Log<C: Clone>(Vector<Value<C>>);

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log(Vector::new())
    }
}

impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl<C: Clone> Log<C> {
    /// The last slot; 0 if nothing is chosen.
    pub fn last(&self) -> Index {
        Index(self.0.len() as u64)
    }

    /// What is chosen for `slot`, if the log reaches so far.
    pub fn get(&self, slot: Index) -> Option<&Value<C>> {
        self.0.get(usize::try_from(slot.0.checked_sub(1)?).ok()?)
    }

    /// The slots in order, with what is chosen for them.
    pub fn iter(&self) -> impl Iterator<Item = (Index, &Value<C>)> {
        self.0.iter().zip(1..).map(|(value, slot)| (Index(slot), value))
    }

    /// This is chosen for the next slot.
    pub fn push(&mut self, value: Value<C>) {
        self.0.push_back(value);
    }

    /// What is chosen for the first `most` slots from `from` on, as far as the log reaches.
    pub fn run(&self, from: Index, most: usize) -> Run<C> {
        let before = (from.0.saturating_sub(1) as usize).min(self.0.len());
        let behind = self.0.skip(before);
        Run { from, values: behind.take(most.min(behind.len())) }
    }
}
