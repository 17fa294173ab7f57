//! A log that takes its records as they come: it checks nothing, so that what the tests see
//! detected, the store has detected.

use std::collections::BTreeMap;

use bytes::Bytes;
use quorate_models::durable::{Change, Damage, Durable, Key};

const META: u8 = 0;
const ENTRY: u8 = 1;

/// A term and a log; nothing at all before the first save.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    pub term: u64,
    pub entries: Vec<Vec<u8>>,
}

impl Log {
    fn records(&self) -> BTreeMap<Key, Vec<u8>> {
        let number = |position: usize| Key { kind: ENTRY, number: position as u64 + 1 };
        let entries = self.entries.iter().enumerate();
        entries
            .map(|(position, entry)| (number(position), entry.clone()))
            .chain([(Key { kind: META, number: 0 }, self.term.to_le_bytes().to_vec())])
            .collect()
    }

    /// A log of `entries` small entries whose contents depend on `term`.
    pub fn sample(term: u64, entries: u8) -> Self {
        let entry = |position| vec![position ^ term.to_le_bytes()[0]; usize::from(position) + 5];
        Self { term, entries: (1..=entries).map(entry).collect() }
    }
}

impl Durable for Log {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let (old, new) = (since.map(Self::records).unwrap_or_default(), self.records());
        let gone = old.keys().filter(|key| !new.contains_key(key));
        let gone = gone.map(|&key| Change::Remove { key });
        let put = new.iter().filter(|(key, value)| old.get(key) != Some(value));
        let put = put.map(|(&key, value)| Change::Put { key, value: value.clone().into() });
        gone.chain(put).collect()
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let mut log = Self::default();
        for (key, value) in records {
            if key.kind == META {
                log.term = value[..].try_into().map_or(0, u64::from_le_bytes);
            } else {
                log.entries.push(value.into());
            }
        }
        Ok(log)
    }

    fn name(key: Key) -> String {
        match key {
            Key { kind: META, .. } => "the meta record".into(),
            Key { number, .. } => format!("log entry {number}"),
        }
    }
}
