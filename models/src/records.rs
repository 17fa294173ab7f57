//! Storages that are many records: how one is put down and read, and where a snapshot's pieces are.

use std::cmp::Ordering;

use bytes::Bytes;
use imbl::Vector;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::durable::{Change, Damage, Durable, Early, Key};
use crate::number::Index;

/// How many bits of a piece's key say which piece it is. With pieces of 1 MiB that is enough for a
/// snapshot of 16 TiB. The others hold the lower bits of the index of the last entry that it stands
/// for, so that one snapshot has other keys than the next.
const PIECE_BITS: u32 = 24;

/// Puts `record` at `key`.
pub(crate) fn put(key: Key, record: &impl Serialize) -> Change {
    let value = postcard::to_stdvec(record).expect("plain data always encodes").into();
    Change::Put { key, value }
}

/// What the record at `key` holds, of a storage `S`.
///
/// # Errors
/// [`Damage`] if that is nothing of this type, or more.
pub(crate) fn decode<S: Durable, T: DeserializeOwned>(key: Key, bytes: &[u8]) -> Result<T, Damage> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(damage::<S>(key, &format!("{} bytes too long", rest.len()))),
        Err(error) => Err(damage::<S>(key, &format!("unreadable: {error}"))),
    }
}

/// The record at `key`, if there is one among these.
///
/// # Errors
/// As [`decode`].
pub(crate) fn find<S: Durable, T: DeserializeOwned>(
    records: &[(Key, Bytes)],
    key: Key,
) -> Result<Option<T>, Damage> {
    let found = records.iter().find(|(it, _)| *it == key);
    found.map(|(_, bytes)| decode::<S, T>(key, bytes)).transpose()
}

/// Asks that the records of a kind end before `expected`.
///
/// # Errors
/// [`Damage`] if they do not.
pub(crate) fn assert_end<S: Durable>(end: Key, expected: Key, behind: &str) -> Result<(), Damage> {
    match end.cmp(&expected) {
        Ordering::Less => Err(damage::<S>(end, "missing")),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(damage::<S>(expected, behind)),
    }
}

/// The damage of a storage `S` whose record at `key` has this problem.
pub(crate) fn damage<S: Durable>(key: Key, problem: &str) -> Damage {
    Damage { record: S::name(key), problem: problem.to_owned() }
}

/// The records of the pieces of snapshots, by their kind. At most one snapshot is saved.
#[derive(Clone, Copy)]
pub(crate) struct PieceRecords(pub(crate) u8);

impl PieceRecords {
    /// The key of a piece, or of the first behind the last one, of the snapshot that stands for all
    /// up to `last`. It tells the pieces of that from those of the snapshot before.
    pub(crate) fn key(self, last: Index, number: u64) -> Key {
        Key { kind: self.0, number: last.0 << PIECE_BITS | number }
    }

    /// Is this a piece of another snapshot than that which stands for all up to `last`? That was
    /// about to be taken or sent when the server stopped, and nothing speaks of it.
    pub(crate) fn is_of_another(self, key: Key, last: Index) -> bool {
        key.kind == self.0 && key.number >> PIECE_BITS != self.key(last, 0).number >> PIECE_BITS
    }

    /// What turns the records of the one snapshot into those of the other, each with the last index
    /// that it stands for. Of two snapshots of one server that stand for the same, the pieces are
    /// the same.
    pub(crate) fn changes(
        self,
        new: Option<(Index, &Vector<Bytes>)>,
        old: Option<(Index, &Vector<Bytes>)>,
    ) -> Vec<Change> {
        if new.map(|(last, _)| last) == old.map(|(last, _)| last) {
            return Vec::new();
        }
        let keys = |(last, pieces): (Index, &Vector<Bytes>)| {
            (0..pieces.len() as u64).map(move |number| self.key(last, number))
        };
        let put = new.into_iter().flat_map(|it| keys(it).zip(it.1.iter().cloned()));
        let put = put.map(|(key, value)| Change::Put { key, value });
        let gone = old.into_iter().flat_map(keys).map(|key| Change::Remove { key });
        put.chain(gone).collect()
    }

    /// The pieces of a snapshot that is not saved yet.
    pub(crate) fn early(self, last: Index, values: &Vector<Bytes>, is_whole: bool) -> Early {
        Early { first: self.key(last, 0), values: values.clone(), is_whole }
    }

    /// The name of the piece at `key`, in words.
    pub(crate) fn name(key: Key) -> String {
        format!("piece {} of the snapshot", key.number & ((1 << PIECE_BITS) - 1))
    }
}
