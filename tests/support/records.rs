//! A storage as the records that a node keeps of it.

use std::collections::BTreeMap;

use quorate_models::durable::{Bytes, Change, Damage, Durable, Key};

pub type Records = BTreeMap<Key, Bytes>;

/// Carries out `changes`. What they remove must be there.
pub fn apply(changes: Vec<Change>, records: &mut Records) {
    for change in changes {
        match change {
            Change::Put { key, value } => drop(records.insert(key, value)),
            Change::Remove { key } => assert!(records.remove(&key).is_some(), "{key:?} is there"),
        }
    }
}

/// The records of a storage that is saved for the first time.
pub fn records_of<S: Durable>(storage: &S) -> Records {
    let mut records = Records::new();
    apply(storage.changes(None), &mut records);
    records
}

/// The storage that has these records.
///
/// # Errors
/// As [`Durable::restore`].
pub fn restore<S: Durable>(records: &Records) -> Result<S, Damage> {
    S::restore(records.clone().into_iter().collect())
}
