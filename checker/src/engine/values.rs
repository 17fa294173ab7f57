//! Values of any type behind small numbers: equal values have the same number.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::sync::{Arc, RwLock};

/// An interner that many threads fill. Values are compared in full; what is in it stays.
#[derive(Debug)]
pub struct Values<T> {
    inner: RwLock<Inner<T>>,
}

#[derive(Debug)]
struct Inner<T> {
    /// Open addressing: ids counted from 1; 0 is empty. A power of two.
    slots: Vec<u32>,
    values: Vec<Arc<T>>,
    /// So that growing does not hash again what may be large.
    hashes: Vec<u64>,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        Values {
            inner: RwLock::new(Inner {
                slots: vec![0; 16],
                values: Vec::new(),
                hashes: Vec::new(),
            }),
        }
    }
}

impl<T: Hash + PartialEq> Values<T> {
    /// The number of `value`.
    pub fn intern(&self, value: impl Into<Arc<T>>) -> u32 {
        let value = value.into();
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        let hash = hasher.finish();
        if let Ok(id) = self.inner.read().expect(POISON).find(hash, &value) {
            return id;
        }
        self.inner.write().expect(POISON).insert(hash, value)
    }

    /// The value with this number.
    pub fn get(&self, id: u32) -> Arc<T> {
        Arc::clone(&self.inner.read().expect(POISON).values[id as usize])
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.inner.read().expect(POISON).values.len()
    }
}

impl<T: PartialEq> Inner<T> {
    fn insert(&mut self, hash: u64, value: Arc<T>) -> u32 {
        let slot = match self.find(hash, &value) {
            Ok(id) => return id,
            Err(slot) => slot,
        };
        self.values.push(value);
        self.hashes.push(hash);
        let count = u32::try_from(self.values.len()).expect(POISON);
        self.slots[slot] = count;
        if self.values.len() * 4 > self.slots.len() * 3 {
            self.grow();
        }
        count - 1
    }

    /// The value's number, or else the slot that awaits it.
    fn find(&self, hash: u64, value: &T) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        while let Some(id) = self.slots[slot].checked_sub(1) {
            let place = id as usize;
            if self.hashes[place] == hash && *self.values[place] == *value {
                return Ok(id);
            }
            slot = (slot + 1) & mask;
        }
        Err(slot)
    }

    fn grow(&mut self) {
        let count = self.slots.len() * 2;
        self.slots = vec![0; count];
        for (place, hash) in self.hashes.iter().enumerate() {
            let mut slot = *hash as usize & (count - 1);
            while self.slots[slot] != 0 {
                slot = (slot + 1) & (count - 1);
            }
            self.slots[slot] = place as u32 + 1;
        }
    }
}

const POISON: &str = "comparing two values does not panic, and they are fewer than 2^32";
