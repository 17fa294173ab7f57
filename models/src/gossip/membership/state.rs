//! What a member knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stateright::actor::Id;

use super::word::Word;
use crate::number::Incarnation;

/// What a member knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    /// Its own incarnation. It is on its disk.
    pub own: Incarnation,
    /// The other members, as far as it knows.
    pub members: BTreeMap<Id, Word>,
    /// The members of whom it has something to tell, and how often it has told that.
    pub rumours: BTreeMap<Id, u8>,
    /// Whom it has probed in this round.
    pub probed: BTreeSet<Id>,
    /// The probe that is under way.
    pub probe: Option<Probe>,
    /// How much longer it waits for answers, in periods: nothing while it is healthy, and more the
    /// fewer answers it gets, which may be its own fault.
    pub health: u8,
}

/// A probe that nobody has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Probe {
    pub target: Id,
    /// The relays were asked.
    pub is_relayed: bool,
    /// The member's health when it began, which is in the names of its timers.
    pub health: u8,
}

impl State {
    /// True if this member is in the list, and not as a dead one.
    pub fn takes_for_living(&self, member: Id) -> bool {
        self.members.get(&member).is_some_and(|word| word.may_live())
    }
}
