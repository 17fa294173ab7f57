//! How a protocol's storage is written down record by record, so that a save costs what changed and
//! not the length of the log.

use std::fmt;

pub use bytes::Bytes;
use imbl::Vector;
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
    Put { key: Key, value: Bytes },
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
    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage>;

    /// Whether the record at `key`, which was found with those of this storage, is one of them, and
    /// not one that was written ahead of a save that did not come. All are by default.
    fn holds(&self, _key: Key) -> bool {
        true
    }

    /// A record's name in words, for messages: "log entry 7".
    fn name(key: Key) -> String;
}

/// What a server is going to save, and may have written before: nothing it has saved speaks of it.
/// So what is large takes the server no longer than what is small.
#[derive(Default)]
pub enum Ahead {
    /// There is nothing of the kind.
    #[default]
    Nothing,
    /// They are yet to be made, which may take long. Any thread may do that, at any time.
    Unmade(Box<dyn FnOnce() -> Early + Send>),
    /// These records.
    Records(Early),
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ahead::Nothing => f.write_str("Nothing"),
            Ahead::Unmade(_) => f.write_str("Unmade"),
            Ahead::Records(early) => early.fmt(f),
        }
    }
}

/// Records of one kind that are not saved yet.
#[derive(Clone, Debug)]
pub struct Early {
    /// The key of the first. Each of the others has the number after that of the one before.
    pub first: Key,
    /// What they hold.
    pub values: Vector<Bytes>,
    /// False if there are more to come.
    pub is_whole: bool,
}
