//! Crash vectors: how often each replica has started, as far as one of them knows.
//!
//! A replica that crashes forgets what it has promised. What it said before must count for nothing
//! once it has recovered, and a view change may bring together messages of before and after.
//!
//! Source: Michael, Ports, Sharma, Szekeres: Recovering Shared Objects Without Stable Storage,
//! DISC 2017.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Incarnation;

/// By replica, how often it has started. Who is not named has started once.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CrashVector(BTreeMap<Id, Incarnation>);

impl fmt::Debug for CrashVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CrashVector {
    /// How often `replica` has started.
    pub fn of(&self, replica: Id) -> Incarnation {
        self.0.get(&replica).copied().unwrap_or(Incarnation(1))
    }

    /// `replica` has started so often, or more often.
    pub fn learn(&mut self, replica: Id, starts: Incarnation) {
        if starts > self.of(replica) {
            self.0.insert(replica, starts);
        }
    }

    /// All that `other` knows.
    pub fn merge(&mut self, other: &CrashVector) {
        other.0.iter().for_each(|(replica, starts)| self.learn(*replica, *starts));
    }
}
