//! Who takes part in a cluster, and from which entry of the log on (thesis §4).
//!
//! While a cluster changes from one set of voters to another one at once, both decide together, a
//! majority of each (Raft §6). A learner stores what the others store, and does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::identity::StoreId;
use super::rules::Rule;
use crate::number::Index;
use crate::order::{Change, Refusal};
use crate::quorum::is_majority;
use crate::rules::RuleBook;

/// The servers of a cluster.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Config {
    pub voters: BTreeSet<Id>,
    /// While a configuration is joint: the voters before it, which decide as well.
    pub outgoing: BTreeSet<Id>,
    /// Who stores the log and has no vote. None of them is among the voters.
    pub learners: BTreeSet<Id>,
    /// The store of each member of which a leader has been told.
    pub stores: BTreeMap<Id, StoreId>,
}

/// The voters, and whoever else there is.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.voters)?;
        if self.is_joint() {
            write!(f, " with {:?}", self.outgoing)?;
        }
        if !self.learners.is_empty() {
            write!(f, " and learners {:?}", self.learners)?;
        }
        if !self.stores.is_empty() {
            write!(f, ", stores {:?}", self.stores)?;
        }
        Ok(())
    }
}

impl Config {
    /// All of these vote.
    pub fn of(voters: impl IntoIterator<Item = Id>) -> Self {
        Config { voters: voters.into_iter().collect(), ..Config::default() }
    }

    /// True if the voters of before decide as well.
    pub fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// True if this server has a vote.
    pub fn is_voter(&self, id: Id) -> bool {
        self.voters.contains(&id) || self.outgoing.contains(&id)
    }

    /// All who have a vote.
    pub fn all_voters(&self) -> BTreeSet<Id> {
        self.voters.union(&self.outgoing).copied().collect()
    }

    /// All who store the log.
    pub fn members(&self) -> BTreeSet<Id> {
        self.all_voters().union(&self.learners).copied().collect()
    }

    /// True if those of whom `is_one` is true are enough to decide: a majority of the voters, and
    /// while the configuration is joint one of those before them.
    pub fn is_quorum(&self, rules: &impl RuleBook<Rule>, is_one: impl Fn(Id) -> bool) -> bool {
        let majority = |servers: &BTreeSet<Id>| {
            is_majority(servers.iter().filter(|id| is_one(**id)).count(), servers.len())
        };
        if !rules.keeps(Rule::LearnersDoNotCount) {
            let counted = self.voters.union(&self.learners).filter(|id| is_one(**id)).count();
            return is_majority(counted, self.voters.len());
        }
        let of_the_old = || self.outgoing.is_empty() || majority(&self.outgoing);
        majority(&self.voters) && (!rules.keeps(Rule::BothMajorities) || of_the_old())
    }

    /// The configuration with which `change` begins; `None` if all is as it asks. A change of
    /// several voters begins with a joint one.
    ///
    /// # Errors
    /// If the change names a server that it cannot be about, or leaves no voter.
    pub fn after(
        &self,
        rules: &impl RuleBook<Rule>,
        change: &Change,
    ) -> Result<Option<Config>, Refusal> {
        let mut next = self.clone();
        match change {
            Change::Add { id } if self.members().contains(id) => {}
            Change::Add { id } => {
                next.learners.insert(*id);
            }
            Change::Promote { id } => {
                if next.learners.remove(id) {
                    next.voters.insert(*id);
                } else if !self.voters.contains(id) {
                    return Err(Refusal::NoMember { id: *id });
                }
            }
            Change::Remove { id } => {
                next.voters.remove(id);
                next.learners.remove(id);
            }
            Change::Replace { voters } => {
                let members = self.members();
                if let Some(id) = voters.iter().find(|id| !members.contains(id)) {
                    return Err(Refusal::NoMember { id: *id });
                }
                next.replace_voters(rules, voters);
            }
        }
        if next.voters.is_empty() {
            return Err(Refusal::NoVoterLeft);
        }
        let next = next.without_strange_stores();
        Ok((next != *self).then_some(next))
    }

    fn replace_voters(&mut self, rules: &impl RuleBook<Rule>, voters: &BTreeSet<Id>) {
        if *voters == self.voters {
            return;
        }
        let old = std::mem::replace(&mut self.voters, voters.clone());
        self.learners.retain(|id| !voters.contains(id));
        if rules.keeps(Rule::SeveralChangeJointly) {
            self.outgoing = old;
        }
    }

    /// The configuration that ends a joint one.
    pub fn left(&self) -> Config {
        Config { outgoing: BTreeSet::new(), ..self.clone() }.without_strange_stores()
    }

    /// Of the stores, those of members: whoever comes back may have another one.
    fn without_strange_stores(mut self) -> Config {
        let members = self.members();
        self.stores.retain(|id, _| members.contains(id));
        self
    }
}

/// The configurations of a log, each with the index of its entry. The first is there before any
/// entry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Configs(Vec<(Index, Config)>);

/// Each with its index.
impl fmt::Debug for Configs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(index, config)| (index, config))).finish()
    }
}

impl Configs {
    /// Those of an empty log.
    pub fn starting_with(first: Config) -> Self {
        Configs(vec![(Index::ZERO, first)])
    }

    /// Those of a log of which all before the one at `index` are compacted.
    pub fn starting_at(index: Index, first: Config) -> Self {
        Configs(vec![(index, first)])
    }

    /// All before the one that counts at this index stand in a snapshot, and no log leads back to
    /// them.
    pub fn compact_to(&mut self, index: Index) {
        let (first, _) = self.at(index);
        self.0.retain(|(from, _)| *from >= first);
    }

    /// The last one, and where it is.
    pub fn latest(&self) -> (Index, &Config) {
        let (index, config) = self.0.last().expect("the first one stays");
        (*index, config)
    }

    /// The last one at or before this index, and where it is.
    pub fn at(&self, index: Index) -> (Index, &Config) {
        let at = self.0.iter().rev().find(|(from, _)| *from <= index);
        let (from, config) = at.unwrap_or(&self.0[0]);
        (*from, config)
    }

    /// The one before that at `index`, or that one, if it is the first.
    pub fn before(&self, index: Index) -> (Index, &Config) {
        self.at(Index(index.0.saturating_sub(1)))
    }

    /// The log has `config` at this index, behind all others.
    pub fn push(&mut self, index: Index, config: Config) {
        self.0.push((index, config));
    }

    /// The entry at this index is gone, and all behind it. The first one stays.
    pub fn truncate_from(&mut self, index: Index) {
        let kept = self.0.iter().filter(|(from, _)| *from < index).count();
        self.0.truncate(kept.max(1));
    }

    /// The same ones, each as `rename` calls it.
    pub fn renamed(&self, rename: impl Fn(&Config) -> Config) -> Self {
        Configs(self.0.iter().map(|(index, config)| (*index, rename(config))).collect())
    }
}
