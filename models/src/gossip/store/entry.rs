//! What a store holds of a key, and which of two entries stays.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::rules::Rule;
use crate::rules::RuleBook;

/// What a value is stored under.
pub type Key = String;
/// What is stored.
pub type Value = String;

/// Which write of a key an entry is of: the later one is the greater. Two writes have one version
/// never, for a writer numbers its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// One more than the writer knew of.
    pub number: u32,
    pub writer: Id,
}

/// A value and which write it is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry {
    pub version: Version,
    pub value: Value,
}

/// A store: a map that grows, and in which entries only grow later.
pub type Entries = BTreeMap<Key, Entry>;

/// Joins two stores: of each key the entry of the later version stays. It is commutative,
/// associative and idempotent, so it makes no difference in which order stores hear of each other,
/// nor how often.
#[must_use]
pub fn merge(mut one: Entries, other: &Entries) -> Entries {
    for (key, entry) in other {
        if replaces(entry, one.get(key)) {
            one.insert(key.clone(), entry.clone());
        }
    }
    one
}

/// True if this entry is later than what is there.
pub fn replaces(entry: &Entry, known: Option<&Entry>) -> bool {
    known.is_none_or(|known| entry.version > known.version)
}

/// True if this entry is news: by [`replaces`], unless a rule is suspended.
pub(super) fn is_news<R: RuleBook<Rule>>(rules: &R, entry: &Entry, known: Option<&Entry>) -> bool {
    if !rules.keeps(Rule::LaterStays) {
        return known != Some(entry);
    }
    if !rules.keeps(Rule::VersionNamesWriter) {
        return known.is_none_or(|known| entry.version.number > known.version.number);
    }
    replaces(entry, known)
}

/// `3 of S1` is shown as `3.0`.
impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, usize::from(self.writer))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.version, self.value)
    }
}
