//! Epochs: which replicas there are, and until when. Views are counted anew in each.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use crate::number::{Epoch, Index, ViewNumber};
use crate::quorum::is_majority;

/// A view of an epoch. All those of an epoch are before those of the next one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct View {
    pub epoch: Epoch,
    /// Which view of its epoch. `ZERO` is before the first.
    pub number: ViewNumber,
}

impl View {
    /// Before the first view of the first epoch.
    pub const ZERO: View = View { epoch: Epoch::ZERO, number: ViewNumber::ZERO };

    /// The first view of an epoch.
    pub fn first_of(epoch: Epoch) -> View {
        View { epoch, number: ViewNumber(1) }
    }

    /// Before the first view of an epoch.
    pub fn before(epoch: Epoch) -> View {
        View { epoch, number: ViewNumber::ZERO }
    }

    /// The next view of the epoch.
    pub fn next(self) -> View {
        View { number: self.number.next(), ..self }
    }
}

/// As the number, behind that of the epoch unless it is the first one.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.epoch > Epoch::ZERO {
            write!(f, "{:?}.", self.epoch)?;
        }
        self.number.fmt(f)
    }
}

/// The replicas of an epoch.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    pub epoch: Epoch,
    /// The op-number of the reconfiguration that ended the epoch before; 0 of the first epoch.
    pub since: Index,
    /// In the order of their turns.
    pub replicas: Vec<Id>,
    /// Which store each of them has when the epoch begins, as far as that is known.
    pub stores: BTreeMap<Id, u64>,
    /// The replicas of the epoch before.
    pub before: Vec<Id>,
}

/// As the epoch and its replicas.
impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {:?} of {:?}", self.epoch, self.replicas)
    }
}

impl Group {
    /// The replicas that a cluster begins with.
    pub fn of_founders(replicas: Vec<Id>, stores: BTreeMap<Id, u64>) -> Self {
        Group { epoch: Epoch::ZERO, since: Index::ZERO, replicas, stores, before: Vec::new() }
    }

    /// Whether `id` is one of the replicas.
    pub fn has(&self, id: Id) -> bool {
        self.replicas.contains(&id)
    }

    /// The primary of a view of the epoch: each replica in turn.
    ///
    /// # Panics
    /// If there are no replicas.
    pub fn primary(&self, view: View) -> Id {
        let turn = view.number.0.saturating_sub(1) % self.replicas.len() as u64;
        self.replicas[turn as usize]
    }

    /// All replicas but `id`.
    pub fn others(&self, id: Id) -> impl Iterator<Item = Id> {
        self.replicas.iter().copied().filter(move |other| *other != id)
    }

    /// Whether so many replicas are a majority.
    pub fn is_quorum(&self, count: usize) -> bool {
        is_majority(count, self.replicas.len())
    }

    /// Whether `id` was replaced, has `commit`ted all from before the epoch, and gives that still:
    /// only so many replicas take part.
    pub fn needs(&self, id: Id, commit: Index, started: usize) -> bool {
        let was_replaced = self.before.contains(&id) && !self.has(id);
        was_replaced && commit >= self.since && !self.is_quorum(started)
    }

    /// Those who were not there before.
    pub fn added(&self) -> impl Iterator<Item = Id> {
        self.replicas.iter().copied().filter(|id| !self.before.contains(id))
    }

    /// Those of before who are not there any more.
    pub fn replaced(&self) -> impl Iterator<Item = Id> {
        self.before.iter().copied().filter(|id| !self.has(*id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_ordered_by_their_epochs_first() {
        let (first, second) = (View::first_of(Epoch::ZERO), View::first_of(Epoch(1)));
        assert!(View::ZERO < first && first.next().next() < View::before(Epoch(1)));
        assert!(View::before(Epoch(1)) < second);
        assert_eq!(format!("{:?} {:?}", first.next(), second), "2 1.1");
    }

    #[test]
    fn each_replica_has_its_turn() {
        let group = Group::of_founders([4, 2, 7].map(Id::from).to_vec(), BTreeMap::new());
        let mut view = View::first_of(group.epoch);
        for turn in [4, 2, 7, 4] {
            assert_eq!(group.primary(view), Id::from(turn));
            view = view.next();
        }
    }
}
