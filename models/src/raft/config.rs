//! Who takes part in a cluster, and from which entry of the log on (thesis §4).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Index;
use crate::quorum::is_majority;

/// The servers of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Config {
    pub voters: BTreeSet<Id>,
}

impl Config {
    /// All of these vote.
    pub fn of(voters: impl IntoIterator<Item = Id>) -> Self {
        Config { voters: voters.into_iter().collect() }
    }

    /// True if those of whom `is_one` is true are enough to decide: a majority.
    pub fn is_quorum(&self, is_one: impl Fn(Id) -> bool) -> bool {
        is_majority(self.voters.iter().filter(|id| is_one(**id)).count(), self.voters.len())
    }
}

/// The configurations of a log, each with the index of its entry. The first is there before any
/// entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Configs(Vec<(Index, Config)>);

impl Configs {
    /// Those of an empty log.
    pub fn starting_with(first: Config) -> Self {
        Configs(vec![(Index::ZERO, first)])
    }

    /// The last one, and where it is.
    pub fn latest(&self) -> &(Index, Config) {
        self.0.last().expect("the first one stays")
    }

    /// The same ones, each as `rename` calls it.
    pub fn renamed(&self, rename: impl Fn(&Config) -> Config) -> Self {
        Configs(self.0.iter().map(|(index, config)| (*index, rename(config))).collect())
    }
}
