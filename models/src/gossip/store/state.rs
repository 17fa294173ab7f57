//! What a replica knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::entry::{Entries, Key, Version};

/// What a replica knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    /// What it holds.
    pub store: Entries,
    /// How many writes of its script it has carried out.
    pub written: u8,
    /// Of what it tells as a rumour, how often that was in vain in a row.
    pub hot: BTreeMap<Key, u8>,
    /// With whom it has compared its store in this round.
    pub compared: BTreeSet<Id>,
}

/// What survives a crash.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Storage {
    pub store: Entries,
    pub written: u8,
}

impl State {
    /// What a replica knows when it starts with this. It tells no rumours of before.
    pub fn restored(storage: Storage) -> Self {
        let Storage { store, written } = storage;
        State { store, written, ..State::default() }
    }

    /// What survives a crash.
    pub fn durable(&self) -> Storage {
        Storage { store: self.store.clone(), written: self.written }
    }

    /// The versions that it holds.
    pub fn versions(&self) -> BTreeMap<Key, Version> {
        self.store.iter().map(|(key, entry)| (key.clone(), entry.version)).collect()
    }
}
