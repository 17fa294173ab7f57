//! Who takes part in a cluster, and from which slot on (PMMC §4.4).
//!
//! A change is chosen for a slot like a command, and takes effect *alpha* slots behind it. So
//! whoever knows what is chosen for all slots up to some slot knows who decides the next alpha
//! ones.
//!
//! ```text
//! slot        1        2          3          4        5      alpha is 2
//! chosen      command  change     no-op      command  ...
//! decided by  before   before     before     after    after
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::Index;
use crate::order::{Change, Refusal};
use crate::quorum::is_majority;

/// The servers of a cluster.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Config {
    /// The acceptors, which decide by majority. Any of them may stand.
    pub voters: BTreeSet<Id>,
    /// Who learns what is chosen and has no vote. None of them is among the voters.
    pub learners: BTreeSet<Id>,
    /// The store of each voter: with another one it has lost what it had promised.
    pub stores: BTreeMap<Id, u64>,
}

/// The voters, and whoever else there is.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.voters)?;
        if !self.learners.is_empty() {
            write!(f, " and learners {:?}", self.learners)?;
        }
        Ok(())
    }
}

impl Config {
    /// All who vote or learn.
    pub fn members(&self) -> impl Iterator<Item = Id> {
        self.voters.union(&self.learners).copied()
    }

    /// True if this server votes or learns.
    pub fn is_member(&self, id: Id) -> bool {
        self.voters.contains(&id) || self.learners.contains(&id)
    }

    /// True if those of whom `is_one` is true are a majority of the voters.
    pub fn is_quorum(&self, is_one: impl Fn(Id) -> bool) -> bool {
        is_majority(self.voters.iter().filter(|id| is_one(**id)).count(), self.voters.len())
    }

    /// True if this server votes, and has another store than that on record.
    pub fn is_lost(&self, id: Id, store: u64) -> bool {
        self.voters.contains(&id) && self.stores.get(&id) != Some(&store)
    }

    /// The configuration after `change`; `None` if all is as it asks. Learners have these `stores`,
    /// as far as that is known, and bring them along when they get a vote.
    ///
    /// # Errors
    /// If the change gives a vote to a server that is no member, or leaves no voter.
    pub fn after(
        &self,
        change: &Change,
        stores: &BTreeMap<Id, u64>,
    ) -> Result<Option<Config>, Refusal> {
        let mut next = self.clone();
        match change {
            Change::Add { id } if self.is_member(*id) => {}
            Change::Add { id } => {
                next.learners.insert(*id);
            }
            Change::Promote { id } => {
                next.voters.insert(*id);
            }
            Change::Remove { id } => {
                next.voters.remove(id);
                next.learners.remove(id);
            }
            Change::Replace { voters } => next.voters.clone_from(voters),
        }
        if let Some(id) = next.voters.iter().find(|id| !self.is_member(**id)) {
            return Err(Refusal::NoMember { id: *id });
        }
        if next.voters.is_empty() {
            return Err(Refusal::NoVoterLeft);
        }
        let new = next.voters.difference(&self.voters);
        let new: Vec<_> = new.filter_map(|id| Some((*id, *stores.get(id)?))).collect();
        next.learners.retain(|id| !next.voters.contains(id));
        next.stores.retain(|id, _| next.voters.contains(id));
        next.stores.extend(new);
        Ok((next != *self).then_some(next))
    }
}

/// The changes that are chosen, each with its slot, from the one on that is in force. Before the
/// first one the founders of the cluster take part.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Changes(Vec<(Index, Config)>);

/// Each with its slot.
impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(slot, config)| (slot, config))).finish()
    }
}

impl Changes {
    /// The change that decides about `slot`, where a change takes effect `delay` slots behind its
    /// own; `None` if no change does.
    pub fn at(&self, slot: Index, delay: u64) -> Option<&Config> {
        let mut all = self.0.iter().rev();
        all.find(|(own, _)| own.0 + delay <= slot.0).map(|(_, config)| config)
    }

    /// All of them.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Config> {
        self.0.iter().map(|(_, config)| config)
    }

    /// The slot of the last one; 0 if there is none.
    pub fn last(&self) -> Index {
        self.0.last().map_or(Index::ZERO, |(slot, _)| *slot)
    }

    /// A change is chosen for `slot`, which is behind all others.
    pub fn push(&mut self, slot: Index, config: Config) {
        self.0.push((slot, config));
    }

    /// All slots up to `chosen` are decided: whoever decided about them alone is forgotten.
    pub fn forget_before(&mut self, chosen: Index, delay: u64) {
        let is_over = |(own, _): &(Index, Config)| own.0 + delay <= chosen.0 + 1;
        while self.0.get(1).is_some_and(is_over) {
            self.0.remove(0);
        }
    }
}
