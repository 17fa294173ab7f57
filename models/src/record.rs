//! A storage that is one record.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::durable::{Change, Damage, Durable, Key};

const KEY: Key = Key { kind: 0, number: 0 };

/// What survives a crash, if it is little: it is written as a whole when it changes.
pub trait Record: Serialize + DeserializeOwned + PartialEq {
    /// Its name in words, for messages: "number of starts".
    const NAME: &'static str;
}

impl<R: Record> Durable for R {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        if since == Some(self) {
            return Vec::new();
        }
        let value = postcard::to_stdvec(self).expect("plain data always encodes").into();
        vec![Change::Put { key: KEY, value }]
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let damage = |key, problem: String| Damage { record: Self::name(key), problem };
        let [(KEY, bytes)] = &records[..] else {
            let key = records.iter().map(|(key, _)| *key).find(|key| *key != KEY).unwrap_or(KEY);
            return Err(damage(key, "the store does not consist of one record".to_owned()));
        };
        match postcard::take_from_bytes(bytes) {
            Ok((storage, [])) => Ok(storage),
            Ok((_, rest)) => Err(damage(KEY, format!("{} bytes too long", rest.len()))),
            Err(error) => Err(damage(KEY, format!("unreadable: {error}"))),
        }
    }

    fn name(key: Key) -> String {
        match key {
            KEY => R::NAME.to_owned(),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}
