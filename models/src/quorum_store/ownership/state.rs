//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stateright::actor::Id;

use crate::kv::Text;
use crate::number::Epoch;

/// What survives a crash, and only that.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Storage {
    /// The latest ring that this server has gone over to.
    pub epoch: Epoch,
    /// By the ring of this epoch it holds all that it owned when the next one came.
    pub whole: Epoch,
    pub held: BTreeMap<Text, Text>,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    pub storage: Storage,
    /// Who has told what is this server's by the ring behind that by which it is whole.
    pub told: BTreeSet<Id>,
}
