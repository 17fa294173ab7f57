//! A replica's storage as records: one that says which store it is, and one for each register.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::state::Storage;
use crate::crash_vector::CrashVector;
use crate::durable::{Change, Damage, Durable, Key};
use crate::quorum_store::register::{Registers, Tagged};
use crate::quorum_store::registry::Registry;
use crate::records::{assert_end, damage, decode, put};

const META: u8 = 0;
const REGISTER: u8 = 1;
const META_KEY: Key = Key { kind: META, number: 0 };

#[derive(PartialEq, Serialize, Deserialize)]
struct Meta {
    store: u64,
    crashes: CrashVector,
    has_rejoined: bool,
    /// How many registers there are.
    registers: u64,
}

impl<M: Registers> From<&Storage<M>> for Meta {
    fn from(storage: &Storage<M>) -> Self {
        let Storage { store, crashes, has_rejoined, registers } = storage;
        let (crashes, registers) = (crashes.clone(), registers.len() as u64);
        Meta { store: *store, crashes, has_rejoined: *has_rejoined, registers }
    }
}

impl<M: Registers> Durable for Storage<M> {
    /// A register that was written once is there for ever.
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let mut changes = Vec::new();
        let meta = Meta::from(self);
        if since.is_none_or(|since| Meta::from(since) != meta) {
            changes.push(put(META_KEY, &meta));
        }
        let nothing = Registry::default();
        let old = since.map_or(&nothing, |since| &since.registers);
        let registers = self.registers.since(old);
        changes.extend(registers.map(|(key, it)| put(register_key(it.number), &(key, &it.held))));
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let meta: Meta = match records.next() {
            Some((META_KEY, bytes)) => decode::<Self, _>(META_KEY, &bytes)?,
            _ => return Err(damage::<Self>(META_KEY, "missing")),
        };
        let (mut registers, mut keys) = (Registry::<M>::default(), BTreeSet::new());
        for (key, bytes) in records {
            let expected = register_key(registers.len() as u64);
            if key.kind != REGISTER {
                return Err(damage::<Self>(key, "does not belong to a replica's storage"));
            }
            if key != expected {
                return Err(damage::<Self>(expected, "missing"));
            }
            let (name, held): (M::Key, Tagged<M::Content>) = decode::<Self, _>(key, &bytes)?;
            if !keys.insert(name.clone()) {
                return Err(damage::<Self>(key, "has the name of another one"));
            }
            registers.insert(name, held);
        }
        let (end, expected) = (registers.len() as u64, meta.registers);
        let behind = "behind the last register";
        assert_end::<Self>(register_key(end), register_key(expected), behind)?;
        let Meta { store, crashes, has_rejoined, .. } = meta;
        Ok(Storage { store, crashes, has_rejoined, registers })
    }

    fn name(key: Key) -> String {
        match key {
            META_KEY => "what says which store it is".to_owned(),
            Key { kind: REGISTER, number } => format!("register {number}"),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

fn register_key(number: u64) -> Key {
    Key { kind: REGISTER, number }
}
