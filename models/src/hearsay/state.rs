//! What a server knows.

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::election::Elector;
use crate::number::Epoch;

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Durable {
    /// The newest epoch that the server has heard of.
    pub epoch: Epoch,
    /// For whom it has voted in that epoch.
    pub vote: Option<Id>,
}

/// What a server is in its epoch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    Follower {
        /// Whom it has heard lead.
        leader: Option<Id>,
    },
    Candidate {
        /// Whose votes it has, in ascending order. Its own is not among them.
        votes: Vec<Id>,
    },
    Leader,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    pub durable: Durable,
    pub role: Role,
}

impl State {
    /// A server that starts with this on its disk follows whom it will hear.
    pub fn restored(durable: Durable) -> Self {
        State { durable, role: Role::Follower { leader: None } }
    }

    /// True if it stands for election.
    pub fn stands(&self) -> bool {
        matches!(self.role, Role::Candidate { .. })
    }
}

impl Elector for State {
    fn leads_in(&self) -> Option<Epoch> {
        (self.role == Role::Leader).then_some(self.durable.epoch)
    }

    fn follows(&self) -> Option<Id> {
        match self.role {
            Role::Follower { leader } => leader,
            Role::Candidate { .. } | Role::Leader => None,
        }
    }
}
