//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stateright::actor::Id;

use super::object::Object;
use super::version::Dot;
use crate::kv::Text;
use crate::service::{Sequence, Session};

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Storage {
    /// Which store it is: drawn when it is made.
    pub store: u64,
    /// How many writes this server has given a dot.
    pub taken: u64,
    /// What it holds as a home of the keys.
    pub objects: BTreeMap<Text, Object>,
    /// What it keeps for others until they are back.
    pub hints: BTreeMap<Id, BTreeMap<Text, Object>>,
}

impl Storage {
    /// A store of this number, with nothing in it.
    pub fn of(store: u64) -> Self {
        Storage { store, taken: 0, objects: BTreeMap::new(), hints: BTreeMap::new() }
    }

    /// What is kept of `key` for others.
    pub fn hints_of<'a>(&'a self, key: &'a Text) -> impl Iterator<Item = &'a Object> {
        self.hints.values().filter_map(move |kept| kept.get(key))
    }

    /// All that this server knows of `key`.
    pub fn known(&self, key: &Text) -> Object {
        let mut known = self.objects.get(key).cloned().unwrap_or_default();
        self.hints_of(key).for_each(|kept| known.join(kept));
        known
    }
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase {
    /// Servers are asked what they hold, and have told this.
    Read { told: BTreeMap<Id, Object> },
    /// The homes of the key are asked to hold this.
    Write {
        dot: Dot,
        held: Object,
        /// The homes that hold it.
        stored: BTreeSet<Id>,
        /// The homes for which a fallback keeps it.
        hinted: BTreeSet<Id>,
    },
}

/// An operation that a server coordinates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Open {
    pub sequence: Sequence,
    pub key: Text,
    pub phase: Phase,
    /// The client has its answer, and some servers have not given theirs.
    pub is_answered: bool,
}

/// A deletion that a server wants to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Sweeping {
    /// What is left of the key.
    pub object: Object,
    /// Who knows of nothing else.
    pub agreed: BTreeSet<Id>,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    pub storage: Storage,
    /// By session, the operation that this server coordinates.
    pub open: BTreeMap<Session, Open>,
    pub sweeping: BTreeMap<Text, Sweeping>,
}

impl State {
    /// What a server knows that starts with this.
    pub fn restored(storage: Storage) -> Self {
        State { storage, open: BTreeMap::new(), sweeping: BTreeMap::new() }
    }

    /// What this server holds of `key` as a home of it.
    pub fn object(&self, key: &Text) -> Object {
        self.storage.objects.get(key).cloned().unwrap_or_default()
    }

    /// Whether this server coordinates anything about `key`.
    pub fn is_busy_with(&self, key: &Text) -> bool {
        self.open.values().any(|open| open.key == *key)
    }
}
