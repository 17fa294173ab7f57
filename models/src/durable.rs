//! How a protocol's storage is written down record by record, so that a save costs what changed and
//! not the length of the log.

use thiserror::Error;

/// Names a record: its kind, then its number within the kind. Records are kept in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub kind: u8,
    pub number: u64,
}

/// One record that differs between two storages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put { key: Key, value: Vec<u8> },
    Remove { key: Key },
}

/// The records of a store do not add up to a storage. Never an empty start: the node stops.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{record}: {problem}")]
pub struct Damage {
    /// The record, in words: "log entry 7".
    pub record: String,
    pub problem: String,
}

/// What survives a crash, as records.
pub trait Durable: Sized {
    /// The changes that turn the records of `since` (none at all, if it is `None`) into those of
    /// `self`. Costs what changed.
    fn changes(&self, since: Option<&Self>) -> Vec<Change>;

    /// The storage whose records these are, in ascending order of their keys.
    ///
    /// # Errors
    /// [`Damage`] if a record is missing, does not decode or does not fit the others. A store that
    /// holds no record at all never gets here: the node asks only when something was saved.
    fn restore(records: Vec<(Key, Vec<u8>)>) -> Result<Self, Damage>;

    /// A record's name in words, for messages: "log entry 7".
    fn name(key: Key) -> String;
}
