//! Versions: which write a value is of, what is known of a key, and what becomes of two replicas'
//! knowledge when they meet.
//!
//! Each write has a *dot*: the server that took it, and how many it took before. A *context* says
//! what is known: of each server all dots up to a number, which is a version vector. What a replica
//! holds of a key is its context, and under their dots the values that no write known to it has
//! superseded. Of what the context covers and the values lack, it is known that it is superseded.
//!
//! Sources: Preguica, Baquero, Almeida, Fonte, Goncalves, *Dotted Version Vectors: Logical Clocks
//! for Optimistic Replication*, 2010; Almeida, Baquero, Goncalves, Preguica, Fonte, *Scalable and
//! Accurate Causality Tracking for Eventually Consistent Stores*, DAIS 2014, where all the siblings
//! of a key have one context.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

#[cfg(test)]
mod tests;

/// Who numbers writes: a server for as long as it has one store. With another one it has forgotten
/// which numbers it gave.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Writer {
    pub server: Id,
    /// The number of its store: drawn when that is made.
    pub store: u64,
}

/// As `0/1`: the server and its store.
impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", usize::from(self.server), self.store)
    }
}

/// Names a write, and no other one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    pub writer: Writer,
    /// The first write of a writer has number 1.
    pub number: u64,
}

/// As `0/1.3`: the writer and the number.
impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.writer, self.number)
    }
}

/// Of each writer all dots up to a number: a version vector. Of a writer that is not named, none.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Context(BTreeMap<Writer, u64>);

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Context {
    /// Whether this write is among what is known.
    pub fn covers(&self, dot: &Dot) -> bool {
        self.0.get(&dot.writer).is_some_and(|last| dot.number <= *last)
    }

    /// This write of its writer is known, and with it all those before.
    pub fn add(&mut self, dot: Dot) {
        let last = self.0.entry(dot.writer).or_default();
        *last = dot.number.max(*last);
    }

    /// All that is known to either: the least upper bound.
    pub fn join(&mut self, other: &Context) {
        for (writer, number) in &other.0 {
            self.add(Dot { writer: *writer, number: *number });
        }
    }
}

/// What a replica knows of a key: the writes it knows of, and the values of those of them that none
/// of the others has superseded. Two values or more are *siblings*: concurrent writes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Siblings<V> {
    pub context: Context,
    pub versions: BTreeMap<Dot, V>,
}

impl<V> Default for Siblings<V> {
    fn default() -> Self {
        Siblings { context: Context::default(), versions: BTreeMap::new() }
    }
}

impl<V: fmt::Debug> fmt::Debug for Siblings<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} knowing {:?}", self.versions, self.context)
    }
}

impl<V: Clone> Siblings<V> {
    /// All that is known to either. A value stays if both hold it, or if the other one does not
    /// know of its write: who knows of it and does not hold it knows that it is superseded.
    ///
    /// It is commutative, associative and idempotent, so it makes no difference in which order
    /// replicas hear of each other, nor how often. That takes one value under each dot; of two, one
    /// stays.
    pub fn join(&mut self, other: &Siblings<V>) {
        let Siblings { context, versions } = other;
        self.versions.retain(|dot, _| versions.contains_key(dot) || !context.covers(dot));
        for (dot, value) in versions {
            if !self.context.covers(dot) {
                self.versions.insert(*dot, value.clone());
            }
        }
        self.context.join(context);
    }

    /// A write of a client that has `read` this. It supersedes the values that it has read, and no
    /// other.
    pub fn supersede(&mut self, dot: Dot, value: V, read: &Context) {
        self.versions.retain(|known, _| !read.covers(known));
        self.versions.insert(dot, value);
        self.context.join(read);
        self.context.add(dot);
    }

    /// What is known, without the values: what two replicas compare.
    pub fn digest(&self) -> Siblings<()> {
        let versions = self.versions.keys().map(|dot| (*dot, ())).collect();
        Siblings { context: self.context.clone(), versions }
    }

    /// Whether all that `other` tells is known here.
    pub fn knows(&self, other: &Siblings<()>) -> bool {
        let own = self.digest();
        let mut both = own.clone();
        both.join(other);
        both == own
    }
}
