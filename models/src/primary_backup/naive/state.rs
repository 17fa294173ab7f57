//! What a server knows.

use std::collections::BTreeSet;

use serde::Serialize;
use stateright::actor::Id;

use super::Log;
use crate::kv::{Kv, Output};
use crate::number::Term;
use crate::state_machine::StateMachine;

/// What a server is to the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    #[default]
    Follower,
    /// It leads, and its follower has told that it has so many entries.
    Leader { copied: usize },
    /// It leads, and waits for no follower.
    Alone,
    /// It is about to lead, and waits for the log of the leader that it replaces.
    Syncing,
    /// It asks for votes. `votes` are those that it counts, in the order in which they came.
    Candidate { votes: Vec<Id> },
    /// It was elected.
    Elected,
    /// It watches the others: whom it heard since it looked last, and whom it found down.
    Monitor { heard: BTreeSet<Id>, down: BTreeSet<Id> },
}

impl Role {
    /// A monitor that has heard nobody yet.
    pub fn monitor() -> Role {
        Role::Monitor { heard: BTreeSet::new(), down: BTreeSet::new() }
    }
}

/// The state of a server. `term` and `voted_for` are of elections only.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ServerState {
    pub role: Role,
    /// All that survives a crash.
    pub log: Log,
    pub term: Term,
    pub voted_for: Option<Id>,
}

impl ServerState {
    /// True if the server leads, alone or not.
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leader { .. } | Role::Alone | Role::Elected)
    }

    /// What the entries of the log make of the store.
    pub fn store(&self) -> Kv {
        self.log.iter().fold(Kv::default(), |mut store, entry| {
            store.apply(&entry.command);
            store
        })
    }

    /// What the entry at this place of the log returns. The first place is 0.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn output(&self, place: usize) -> Output {
        let before = ServerState { log: self.log[..place].to_vec(), ..ServerState::default() };
        before.store().apply(&self.log[place].command)
    }
}
