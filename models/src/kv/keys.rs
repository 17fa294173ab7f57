//! The keys with what they hold and when that was written.

mod bytes;

use std::collections::BTreeMap;
use std::ops::Bound;

use super::Text;

/// What the store holds under a key. All numbers are 0 as long as revisions are not numbered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The value.
    pub value: Text,
    /// The revision at which the key came to be; anew, if it was deleted before.
    pub created: u64,
    /// The revision at which the key was written last.
    pub modified: u64,
    /// How often the key was written since it came to be, from 1.
    pub version: u64,
}

/// All keys. A revision is a command that changed something; all that it changed has its number.
///
/// They are numbered once somebody asks for that, and then for ever: who does not ask gets by
/// without, and stores that differ only in their past are alike for the checker.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Keys {
    entries: BTreeMap<Text, Entry>,
    /// 0: revisions are not numbered.
    revision: u64,
}

impl Keys {
    /// The revision of the last change; `None` if revisions are not numbered.
    pub fn revision(&self) -> Option<u64> {
        (self.revision > 0).then_some(self.revision)
    }

    /// The revision of a command that is about to change something.
    pub fn next_revision(&self) -> u64 {
        if self.revision > 0 { self.revision + 1 } else { 0 }
    }

    /// Begins to number revisions, unless they are numbered, and gives the last one. All that is
    /// there came to be at the first, 1, as an empty store of etcd did.
    pub fn number(&mut self) -> u64 {
        if self.revision == 0 {
            self.revision = 1;
            for entry in self.entries.values_mut() {
                (entry.created, entry.modified, entry.version) = (1, 1, 1);
            }
        }
        self.revision
    }

    /// The value of `key`.
    pub fn get(&self, key: &Text) -> Option<&Text> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// What there is under `key`.
    pub fn entry(&self, key: &Text) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Whether `key` is there.
    pub fn contains_key(&self, key: &Text) -> bool {
        self.entries.contains_key(key)
    }

    /// Sets `key` to `value` at revision `at`, and returns what there was.
    pub fn insert(&mut self, at: u64, key: Text, value: Text) -> Option<Entry> {
        self.revision = at;
        let before = self.entries.get(&key);
        let (created, version) = before.map_or((at, 0), |entry| (entry.created, entry.version));
        let version = version + u64::from(at > 0);
        self.entries.insert(key, Entry { value, created, modified: at, version })
    }

    /// Removes `key` at revision `at`, and returns what there was. If it is absent, that is no
    /// change.
    pub fn remove(&mut self, at: u64, key: &Text) -> Option<Entry> {
        let before = self.entries.remove(key)?;
        self.revision = at;
        Some(before)
    }

    /// Puts `key` back to what there was, and the store to the revision that it had then.
    pub fn restore(&mut self, revision: u64, key: Text, before: Option<Entry>) {
        self.revision = revision;
        match before {
            Some(entry) => drop(self.entries.insert(key, entry)),
            None => drop(self.entries.remove(&key)),
        }
    }

    /// The keys between two bounds, in their order. The first bound is not behind the second, and
    /// one of them is included.
    pub fn between(
        &self,
        from: Bound<&Text>,
        to: Bound<&Text>,
    ) -> impl Iterator<Item = (&Text, &Entry)> {
        self.entries.range((from, to))
    }
}
