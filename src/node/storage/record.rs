//! A record as it is stored: its checksum, then its value; and the table of contents over all.
//!
//! redb verifies its pages, but what it verifies are its own notions. A record that was moved to
//! another key, an old version of a page that still matches its checksum, a record that is simply
//! gone: the checksum is seeded with the key, and the table of contents counts and sums the
//! checksums of all records of a kind, so that each of these shows.

use std::collections::{BTreeMap, BTreeSet};

use quorate_models::durable::Key;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{FORMAT, Identity};
use crate::node::UNNAMED;

/// The name of the record that says whose store this is.
pub(super) const IDENTITY: &str = "identity";
/// The name of the record that says with which nodes the cluster began.
pub(super) const FOUNDERS: &str = "founders";
/// The name of the record that says which stores founders began with. There is none if the config
/// did not say it of any.
pub(super) const FIRST_STORES: &str = "first stores";
/// The name of the record that lists what the others are.
pub(super) const CONTENTS: &str = "table of contents";

const CHECKSUM_BYTES: usize = 8;

/// The seed for the record at `key`: a record is only valid where it was put.
pub(super) fn seed_of(key: Key) -> u64 {
    let mut bytes = [key.kind; 9];
    bytes[1..].copy_from_slice(&key.number.to_le_bytes());
    xxh3_64(&bytes)
}

/// The seed for a record about the store itself.
pub(super) fn seed_of_name(name: &str) -> u64 {
    xxh3_64(name.as_bytes())
}

/// `value` as it is stored.
pub(super) fn seal(seed: u64, value: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(CHECKSUM_BYTES + value.len());
    stored.extend(xxh3_64_with_seed(value, seed).to_le_bytes());
    stored.extend(value);
    stored
}

/// The value that `stored` holds, if it is what was sealed with the same seed.
pub(super) fn unseal(seed: u64, stored: &[u8]) -> Option<&[u8]> {
    let (checksum, value) = stored.split_first_chunk::<CHECKSUM_BYTES>()?;
    (u64::from_le_bytes(*checksum) == xxh3_64_with_seed(value, seed)).then_some(value)
}

/// The identity record, sealed.
pub(super) fn seal_identity(identity: &Identity) -> Vec<u8> {
    let numbers = [FORMAT, identity.cluster, identity.node];
    let mut value = numbers.map(u64::to_le_bytes).as_flattened().to_vec();
    value.extend(identity.protocol.as_bytes());
    seal(seed_of_name(IDENTITY), &value)
}

/// The identity in an unsealed identity record, without what is said of founders, or the format
/// that is not known; `None` if it is neither.
pub(super) fn identity_from(value: &[u8]) -> Option<Result<Identity, u64>> {
    let (format, rest) = number_from(value)?;
    if !(1..=FORMAT).contains(&format) {
        return Some(Err(format));
    }
    let (cluster, rest) = number_from(rest)?;
    let (node, name) = number_from(rest)?;
    let protocol = match (format, name) {
        (1, []) => UNNAMED.into(),
        (FORMAT, name) => str::from_utf8(name).ok()?.to_owned().into(),
        _ => return None,
    };
    let (founders, first_stores) = (BTreeSet::new(), BTreeMap::new());
    Some(Ok(Identity { cluster, node, protocol, founders, first_stores }))
}

/// The record of the founders, sealed.
pub(super) fn seal_founders(identity: &Identity) -> Vec<u8> {
    let value: Vec<u8> = identity.founders.iter().flat_map(|id| id.to_le_bytes()).collect();
    seal(seed_of_name(FOUNDERS), &value)
}

/// The founders in an unsealed record.
pub(super) fn founders_from(value: &[u8]) -> Option<BTreeSet<u64>> {
    let (numbers, []) = value.as_chunks() else { return None };
    Some(numbers.iter().map(|number| u64::from_le_bytes(*number)).collect())
}

/// The record of the stores that founders began with, sealed.
pub(super) fn seal_first_stores(identity: &Identity) -> Vec<u8> {
    let pairs = identity.first_stores.iter().flat_map(|(id, number)| [*id, *number]);
    let value: Vec<u8> = pairs.flat_map(u64::to_le_bytes).collect();
    seal(seed_of_name(FIRST_STORES), &value)
}

/// The stores that founders began with, in an unsealed record.
pub(super) fn first_stores_from(value: &[u8]) -> Option<BTreeMap<u64, u64>> {
    let (pairs, []) = value.as_chunks::<16>() else { return None };
    pairs.iter().map(|pair| Some((number_from(pair)?.0, number_from(&pair[8..])?.0))).collect()
}

/// The number at the beginning of `bytes`, and what follows.
fn number_from(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u64::from_le_bytes(*number), rest))
}

/// The table of contents: for every kind of record that is present, how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents(BTreeMap<u8, Tally>);

/// The records of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    records: u64,
    /// The sum of their checksums, modulo 2^64: it does not depend on an order, so a commit can
    /// keep it up to date from the records it touches.
    sum: u64,
}

impl Contents {
    /// Takes up a record that was stored.
    pub(super) fn add(&mut self, kind: u8, stored: &[u8]) {
        let tally = self.0.entry(kind).or_default();
        tally.records = tally.records.wrapping_add(1);
        tally.sum = tally.sum.wrapping_add(checksum_in(stored));
    }

    /// Takes out a record that was removed or replaced.
    pub(super) fn subtract(&mut self, kind: u8, stored: &[u8]) {
        let tally = self.0.entry(kind).or_default();
        tally.records = tally.records.wrapping_sub(1);
        tally.sum = tally.sum.wrapping_sub(checksum_in(stored));
        if tally.records == 0 {
            self.0.remove(&kind);
        }
    }

    /// As a record, sealed.
    pub(super) fn seal(&self) -> Vec<u8> {
        let mut value = Vec::new();
        for (&kind, tally) in &self.0 {
            value.push(kind);
            value.extend(tally.records.to_le_bytes());
            value.extend(tally.sum.to_le_bytes());
        }
        seal(seed_of_name(CONTENTS), &value)
    }

    /// From an unsealed record.
    pub(super) fn from_bytes(value: &[u8]) -> Option<Self> {
        let (kinds, []) = value.as_chunks::<17>() else {
            return None;
        };
        let tally = |bytes: &[u8; 17]| {
            let (&[kind], rest) = bytes.split_first_chunk::<1>()?;
            let ([records, sum], []) = rest.as_chunks::<8>() else {
                return None;
            };
            let [records, sum] = [records, sum].map(|bytes| u64::from_le_bytes(*bytes));
            Some((kind, Tally { records, sum }))
        };
        kinds.iter().map(tally).collect::<Option<_>>().map(Self)
    }

    /// What tells `present` from these contents, in words; `None` if nothing does. `name` names a
    /// record.
    pub(super) fn difference(
        &self,
        present: &Self,
        name: impl Fn(Key) -> String,
    ) -> Option<String> {
        let tally = |contents: &Self, kind| contents.0.get(kind).copied().unwrap_or_default();
        self.0.keys().chain(present.0.keys()).find_map(|kind| {
            let (listed, found) = (tally(self, kind), tally(present, kind));
            let example = name(Key { kind: *kind, number: 1 });
            if listed.records != found.records {
                let (listed, found) = (listed.records, found.records);
                Some(format!("it lists {listed} records such as {example}, there are {found}"))
            } else if listed.sum != found.sum {
                Some(format!("a record such as {example} is not the one it lists"))
            } else {
                None
            }
        })
    }
}

/// The checksum in a stored record. One too short to have any was never stored by this code; zero
/// makes it disagree with the table of contents.
fn checksum_in(stored: &[u8]) -> u64 {
    stored.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_in_every_format_that_there_was_and_in_no_other() {
        let numbers = |format: u64| [format, 7, 2].map(u64::to_le_bytes).as_flattened().to_vec();
        let read = |format, name: &[u8]| identity_from(&[&numbers(format), name].concat());
        let named = |name: &'static str| {
            let (founders, first_stores) = (BTreeSet::new(), BTreeMap::new());
            Identity { cluster: 7, node: 2, protocol: name.into(), founders, first_stores }
        };
        assert_eq!(read(1, b""), Some(Ok(named(UNNAMED))));
        assert_eq!(read(1, b"toy"), None);
        assert_eq!(read(2, b"toy"), Some(Ok(named("toy"))));
        assert_eq!(read(2, b"\xff"), None);
        assert_eq!(read(3, b"whatever"), Some(Err(3)));
        assert_eq!(identity_from(&numbers(2)[..23]), None);
        assert_eq!(identity_from(b"short"), None);
        let sealed = seal_identity(&named("toy"));
        let unsealed = unseal(seed_of_name(IDENTITY), &sealed).expect("just sealed");
        assert_eq!(identity_from(unsealed), Some(Ok(named("toy"))));
    }
}
