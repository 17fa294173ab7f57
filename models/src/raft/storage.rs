//! A server's storage as records: one for the term, the vote and the length of the log, and one for
//! each entry.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::log::{Entry, Log};
use super::state::Storage;
use crate::durable::{Change, Damage, Durable, Key};
use crate::number::{Index, Term};
use crate::state_machine::Value;

const META: u8 = 0;
const ENTRY: u8 = 1;
const META_KEY: Key = Key { kind: META, number: 0 };

#[derive(PartialEq, Serialize, Deserialize)]
struct Meta {
    term: Term,
    voted_for: Option<Id>,
    last: Index,
}

impl<C: Clone> From<&Storage<C>> for Meta {
    fn from(storage: &Storage<C>) -> Self {
        let Storage { term, voted_for, log } = storage;
        Meta { term: *term, voted_for: *voted_for, last: log.last_index() }
    }
}

impl<C: Value> Durable for Storage<C> {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let empty = Log::default();
        let old = since.map_or(&empty, |since| &since.log);
        let shared = shared_length(&self.log, old);
        let mut changes = Vec::new();
        let meta = Meta::from(self);
        if since.is_none_or(|since| Meta::from(since) != meta) {
            changes.push(put(META_KEY, &meta));
        }
        for (index, entry) in self.log.behind(shared) {
            changes.push(put(entry_key(index), entry));
        }
        let gone = self.log.last_index().next().0..=old.last_index().0;
        changes.extend(gone.map(|index| Change::Remove { key: entry_key(Index(index)) }));
        changes
    }

    fn restore(records: Vec<(Key, Vec<u8>)>) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let meta: Meta = match records.next() {
            Some((META_KEY, bytes)) => decode::<C, _>(META_KEY, &bytes)?,
            _ => return Err(damage::<C>(META_KEY, "missing")),
        };
        let mut log = Log::default();
        for (key, bytes) in records {
            let expected = entry_key(log.last_index().next());
            if key.kind != ENTRY || key < expected {
                return Err(damage::<C>(key, "does not belong to a server's storage"));
            }
            if key != expected {
                return Err(damage::<C>(expected, "missing"));
            }
            log.append(decode::<C, Entry<C>>(key, &bytes)?);
        }
        if log.last_index() < meta.last {
            return Err(damage::<C>(entry_key(log.last_index().next()), "missing"));
        }
        if log.last_index() > meta.last {
            return Err(damage::<C>(entry_key(meta.last.next()), "behind the end of the log"));
        }
        Ok(Storage { term: meta.term, voted_for: meta.voted_for, log })
    }

    fn name(key: Key) -> String {
        match key {
            META_KEY => "term and vote".to_owned(),
            Key { kind: ENTRY, number } => format!("log entry {number}"),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

/// The length of the part that two logs of one server share. By log matching, two entries of the
/// same index and term are one entry, and all before them are the same.
fn shared_length<C: Clone>(new: &Log<C>, old: &Log<C>) -> Index {
    let mut index = new.last_index().min(old.last_index());
    while new.term_at(index) != old.term_at(index) {
        index = Index(index.0 - 1);
    }
    index
}

fn entry_key(index: Index) -> Key {
    Key { kind: ENTRY, number: index.0 }
}

fn put(key: Key, record: &impl Serialize) -> Change {
    let value = postcard::to_stdvec(record).expect("plain data always encodes");
    Change::Put { key, value }
}

fn decode<C: Value, T: DeserializeOwned>(key: Key, bytes: &[u8]) -> Result<T, Damage> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(damage::<C>(key, &format!("{} bytes too long", rest.len()))),
        Err(error) => Err(damage::<C>(key, &format!("unreadable: {error}"))),
    }
}

fn damage<C: Value>(key: Key, problem: &str) -> Damage {
    Damage { record: Storage::<C>::name(key), problem: problem.to_owned() }
}
