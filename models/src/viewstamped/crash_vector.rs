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

use super::state::Nonce;
use crate::number::Incarnation;

/// By replica, how often it has started in the epoch, and with which store. Who is not named has
/// started once, with the store that it has by the group.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CrashVector(BTreeMap<Id, Nonce>);

impl fmt::Debug for CrashVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(id, nonce)| (id, nonce.incarnation))).finish()
    }
}

impl CrashVector {
    /// How often `replica` has started.
    pub fn of(&self, replica: Id) -> Incarnation {
        self.0.get(&replica).map_or(Incarnation(1), |nonce| nonce.incarnation)
    }

    /// The store with which it has started last, unless it has once.
    pub fn store_of(&self, replica: Id) -> Option<u64> {
        self.0.get(&replica).map(|nonce| nonce.store)
    }

    /// `replica` has started so often, or more often.
    pub fn learn(&mut self, replica: Id, nonce: Nonce) {
        if nonce.incarnation > self.of(replica) {
            self.0.insert(replica, nonce);
        }
    }

    /// All that `other` knows.
    pub fn merge(&mut self, other: &CrashVector) {
        other.0.iter().for_each(|(replica, nonce)| self.learn(*replica, *nonce));
    }
}
