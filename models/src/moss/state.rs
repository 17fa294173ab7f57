//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::message::Ask;
use crate::election::Elector;
use crate::number::Epoch;

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Durable {
    /// The latest time that the server knows of.
    pub clock: Epoch,
    /// To whose ask its lock is granted.
    pub lock: Option<Ask>,
    /// The lock is granted to no older ask than of this time.
    pub fence: Epoch,
}

impl Durable {
    /// The lock is granted to `ask`.
    pub fn granted(self, ask: Ask) -> Self {
        Durable { lock: Some(ask), fence: self.fence.max(ask.clock), ..self }
    }

    /// The lock is free, and its last holder will not use it: it has said so.
    pub fn released(self) -> Self {
        Durable { lock: None, ..self }
    }

    /// The lock is free, and its last holder may think that it has it: the next one needs a later
    /// epoch.
    pub fn timed_out(self) -> Self {
        match self.lock {
            Some(held) => Durable { lock: None, fence: self.fence.max(held.clock.next()), ..self },
            None => self,
        }
    }
}

/// What a server is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    Follower {
        /// The ask of the leader that it has heard.
        leader: Option<Ask>,
    },
    Asking {
        ask: Ask,
        /// Whose locks it has, its own not among them.
        granted: BTreeSet<Id>,
        /// Who has its ask wait.
        deferred: BTreeSet<Id>,
    },
    Leader {
        ask: Ask,
    },
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    pub durable: Durable,
    /// The asks that wait for its lock: by server, the time of its newest one.
    pub waiting: BTreeMap<Id, Epoch>,
    pub role: Role,
}

impl State {
    /// A server that starts with this on its disk.
    pub fn restored(durable: Durable) -> Self {
        State { durable, waiting: BTreeMap::new(), role: Role::Follower { leader: None } }
    }

    /// The ask with which it asks, if it does.
    pub fn asks_with(&self) -> Option<Ask> {
        match self.role {
            Role::Asking { ask, .. } => Some(ask),
            Role::Follower { .. } | Role::Leader { .. } => None,
        }
    }

    /// True if its lock is granted to an ask of its own, `id`, of which it knows nothing any more:
    /// it has crashed since.
    pub fn forgot_its_ask(&self, id: Id) -> bool {
        let is_own = self.durable.lock.is_some_and(|held| held.id == id);
        is_own && matches!(self.role, Role::Follower { .. })
    }

    /// Of the asks that wait, the oldest.
    pub fn next_waiting(&self) -> Option<Ask> {
        self.waiting.iter().map(|(id, clock)| Ask { clock: *clock, id: *id }).min()
    }
}

impl Elector for State {
    fn leads_in(&self) -> Option<Epoch> {
        match self.role {
            Role::Leader { ask } => Some(ask.clock),
            Role::Follower { .. } | Role::Asking { .. } => None,
        }
    }

    fn follows(&self) -> Option<Id> {
        match self.role {
            Role::Follower { leader } => leader.map(|ask| ask.id),
            Role::Asking { .. } | Role::Leader { .. } => None,
        }
    }
}
