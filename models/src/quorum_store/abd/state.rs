//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::quorum_store::register::{Registers, Tagged};
use crate::service::{Sequence, Session};

/// By name, the registers that somebody has written.
pub type Registry<M> = BTreeMap<<M as Registers>::Key, Tagged<<M as Registers>::Content>>;

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Storage<M: Registers> {
    /// Which store it is: drawn when it is made.
    pub store: u64,
    pub registers: Registry<M>,
}

impl<M: Registers> Storage<M> {
    /// A store of this number, with nothing in it.
    pub fn of(store: u64) -> Self {
        Storage { store, registers: BTreeMap::new() }
    }
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase<V> {
    /// Replicas are asked what they hold, and have told this. A write has no tag yet.
    Query { writes: bool, told: BTreeMap<Id, Tagged<V>> },
    /// Replicas are asked to hold this, and these do.
    Store { writes: bool, held: Tagged<V>, stored: BTreeSet<Id> },
}

/// An operation that a server coordinates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Open<M: Registers> {
    pub sequence: Sequence,
    pub key: M::Key,
    pub phase: Phase<M::Content>,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct State<M: Registers> {
    pub storage: Storage<M>,
    /// It has lost what it had stored.
    pub is_wiped: bool,
    /// By session, the operation that this server coordinates.
    pub open: BTreeMap<Session, Open<M>>,
}

impl<M: Registers> State<M> {
    /// What this server holds for `key`.
    pub fn held(&self, key: &M::Key) -> Tagged<M::Content> {
        self.storage.registers.get(key).cloned().unwrap_or_default()
    }
}
