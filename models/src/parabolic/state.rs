//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::election::Elector;
use crate::number::{Epoch, Incarnation};

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Durable {
    /// How many times the server has started.
    pub starts: Incarnation,
    /// The newest epoch that it has heard of.
    pub epoch: Epoch,
    /// Whom it has confirmed in that epoch.
    pub confirmed: Option<Id>,
}

/// What a server is in its epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    Follower {
        /// Whom it has heard lead.
        leader: Option<Id>,
    },
    Standing {
        /// Who has confirmed it, itself among them.
        confirmed_by: BTreeSet<Id>,
    },
    Leader,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    pub durable: Durable,
    /// The participants, itself among them, and how many times each has started.
    pub list: BTreeMap<Id, Incarnation>,
    pub role: Role,
}

impl State {
    /// True if it waits for confirmations.
    pub fn stands(&self) -> bool {
        matches!(self.role, Role::Standing { .. })
    }
}

impl Elector for State {
    fn leads_in(&self) -> Option<Epoch> {
        (self.role == Role::Leader).then_some(self.durable.epoch)
    }

    fn follows(&self) -> Option<Id> {
        match self.role {
            Role::Follower { leader } => leader,
            Role::Standing { .. } | Role::Leader => None,
        }
    }
}
