//! The registers that a replica holds.

use std::fmt;
use std::ops::Bound;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use serde::{Deserialize, Serialize};

use super::register::{Registers, Tagged};

/// A register, and where it stands among those of its replica.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Numbered<V> {
    /// How many others the replica held before it.
    pub number: u64,
    pub held: Tagged<V>,
}

/// By name, the registers that somebody has written. A copy costs nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent, bound = "")]
pub struct Registry<M: Registers>(OrdMap<M::Key, Numbered<M::Content>>);

impl<M: Registers> Default for Registry<M> {
    fn default() -> Self {
        Registry(OrdMap::new())
    }
}

/// As the map of what they hold.
impl<M: Registers> fmt::Debug for Registry<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<M: Registers> Registry<M> {
    /// What the register of this name holds, if anybody has written it.
    pub fn get(&self, key: &M::Key) -> Option<&Tagged<M::Content>> {
        self.0.get(key).map(|known| &known.held)
    }

    /// Puts this in the place of what the register holds.
    pub fn insert(&mut self, key: M::Key, held: Tagged<M::Content>) {
        let number = self.0.get(&key).map_or(self.len() as u64, |known| known.number);
        self.0.insert(key, Numbered { number, held });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&M::Key, &Tagged<M::Content>)> {
        self.0.iter().map(|(key, known)| (key, &known.held))
    }

    /// Those behind the register of this name, or all, in the order of their names.
    pub fn behind<'a>(
        &'a self,
        key: Option<&'a M::Key>,
    ) -> impl Iterator<Item = (&'a M::Key, &'a Tagged<M::Content>)> {
        let from = key.map_or(Bound::Unbounded, Bound::Excluded);
        self.0.range::<_, M::Key>((from, Bound::Unbounded)).map(|(key, known)| (key, &known.held))
    }

    /// Those that `before` does not hold, or holds otherwise. Costs what differs.
    pub fn since<'a>(
        &'a self,
        before: &'a Self,
    ) -> impl Iterator<Item = (&'a M::Key, &'a Numbered<M::Content>)> {
        before.0.diff(&self.0).filter_map(|item| match item {
            DiffItem::Add(key, known) | DiffItem::Update { new: (key, known), .. } => {
                Some((key, known))
            }
            DiffItem::Remove(..) => None,
        })
    }
}
