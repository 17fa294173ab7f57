//! What a server knows.

use std::collections::BTreeMap;

use serde::Serialize;
use stateright::actor::Id;

use crate::crash_vector::{CrashVector, Life};
use crate::number::Incarnation;
use crate::quorum_store::register::{Registers, Tagged};
use crate::quorum_store::registry::Registry;
use crate::service::{Sequence, Session};

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Storage<M: Registers> {
    /// Which store it is: drawn when it is made.
    pub store: u64,
    /// Who has lost its disk, as far as this server knows.
    pub crashes: CrashVector,
    /// The store is not that of the founding, and the server has copied into it what it lost.
    pub has_rejoined: bool,
    pub registers: Registry<M>,
}

impl<M: Registers> Storage<M> {
    /// A store of this number, with nothing in it.
    pub fn of(store: u64) -> Self {
        let (crashes, registers) = (CrashVector::default(), Registry::default());
        Storage { store, crashes, has_rejoined: false, registers }
    }
}

/// What part a server has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Part<K> {
    /// It holds what it has said that it holds.
    Replica,
    /// It has lost its disk, and is told the how manieth life it had, by these.
    Counting { told: BTreeMap<Id, Incarnation> },
    /// It has lost its disk, has begun another life, and copies what each of the others holds.
    Copying { life: Life, from: BTreeMap<Id, Progress<K>> },
}

/// How much of what another server holds is copied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Progress<K> {
    /// All up to this register; `None`: nothing yet.
    UpTo(Option<K>),
    All,
}

/// What a replica has told that it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Told<V> {
    pub held: Tagged<V>,
    /// In which of its lives.
    pub incarnation: Incarnation,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase<V> {
    /// Replicas are asked what they hold, and have told this. A write has no tag yet.
    Query { writes: bool, told: BTreeMap<Id, Told<V>> },
    /// Replicas are asked to hold this, and these do, each since one of its lives.
    Store { writes: bool, held: Tagged<V>, stored: BTreeMap<Id, Incarnation> },
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
    pub part: Part<M::Key>,
    /// By session, the operation that this server coordinates.
    pub open: BTreeMap<Session, Open<M>>,
}

impl<M: Registers> State<M> {
    /// What this server holds for `key`.
    pub fn held(&self, key: &M::Key) -> Tagged<M::Content> {
        self.storage.registers.get(key).cloned().unwrap_or_default()
    }

    /// Whether this server has lost what it said that it holds, and has not copied it yet.
    pub fn is_wiped(&self) -> bool {
        self.part != Part::Replica
    }

    /// Of those who have `stored` something, how many hold it still: what one stored before it lost
    /// its disk does not count.
    pub fn holding<'a>(
        &'a self,
        stored: &'a BTreeMap<Id, Incarnation>,
    ) -> impl Iterator<Item = Id> + 'a {
        let holds = |(id, since): &(&Id, &Incarnation)| **since >= self.storage.crashes.of(**id);
        stored.iter().filter(holds).map(|(id, _)| *id)
    }
}
