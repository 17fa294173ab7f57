//! Crash vectors: how often each server has lost what it knew, as far as one of them knows.
//!
//! A server that loses what it knew forgets what it has promised. What it said before must count
//! for nothing once it has recovered, and messages of before and after may come together.
//!
//! Source: Michael, Ports, Sharma, Szekeres: Recovering Shared Objects Without Stable Storage,
//! DISC 2017.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Incarnation;

/// A server from one loss of what it knew to the next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Life {
    /// The how manieth it is: 1 is the first.
    pub incarnation: Incarnation,
    /// Which store the server has: drawn when it is made.
    pub store: u64,
}

/// As the number alone.
impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.incarnation.fmt(f)
    }
}

/// By server, the latest life that is known. Who is not named has its first, with the store that it
/// was founded with.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CrashVector(BTreeMap<Id, Life>);

impl fmt::Debug for CrashVector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl CrashVector {
    /// The how manieth life `server` has.
    pub fn of(&self, server: Id) -> Incarnation {
        self.0.get(&server).map_or(Incarnation(1), |life| life.incarnation)
    }

    /// The store that it has in that life, unless that is the first.
    pub fn store_of(&self, server: Id) -> Option<u64> {
        self.0.get(&server).map(|life| life.store)
    }

    /// `server` has had this life.
    pub fn learn(&mut self, server: Id, life: Life) {
        if life.incarnation > self.of(server) {
            self.0.insert(server, life);
        }
    }

    /// All that `other` knows.
    pub fn merge(&mut self, other: &CrashVector) {
        other.0.iter().for_each(|(server, life)| self.learn(*server, *life));
    }
}
