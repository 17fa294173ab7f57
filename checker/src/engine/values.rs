//! Values of any type behind small numbers: equal values have the same number.

use std::hash::{BuildHasher, Hash};

use super::arena::Arena;
use super::hash::BuildQuick;
use super::sync::RwLock;

const SHARDS: usize = 16;

/// An interner that many threads fill. Values are compared in full; what is in it stays.
#[derive(Debug)]
pub struct Values<T> {
    values: Arena<T>,
    shards: Box<[RwLock<Shard>]>,
}

/// Open addressing, in a power of two of slots: part of the value's hash, then its number counted
/// from 1; 0 is empty.
#[derive(Debug)]
struct Shard {
    slots: Vec<u64>,
    count: usize,
}

impl<T> Default for Values<T> {
    fn default() -> Self {
        let shard = || RwLock::new(Shard { slots: vec![0; 16], count: 0 });
        Values { values: Arena::default(), shards: (0..SHARDS).map(|_| shard()).collect() }
    }
}

impl<T: Hash + PartialEq> Values<T> {
    /// The number of `value`.
    pub fn intern(&self, value: T) -> u32 {
        let hash = BuildQuick::default().hash_one(&value);
        match self.find(hash, |other| *other == value) {
            Some(number) => number,
            None => self.add(hash, value),
        }
    }

    fn find(&self, hash: u64, is_it: impl Fn(&T) -> bool) -> Option<u32> {
        let shard = self.shard(hash).read().expect(POISON);
        shard.find(hash, |number| is_it(self.values.get(number))).ok()
    }

    /// The number of `value`, which was not there a moment ago.
    fn add(&self, hash: u64, value: T) -> u32 {
        let mut shard = self.shard(hash).write().expect(POISON);
        match shard.find(hash, |number| *self.values.get(number) == value) {
            Ok(number) => number,
            Err(slot) => {
                let number = self.values.push(value);
                shard.insert(slot, hash, number);
                number
            }
        }
    }

    fn shard(&self, hash: u64) -> &RwLock<Shard> {
        &self.shards[hash as usize & (SHARDS - 1)]
    }

    /// The value with this number.
    pub fn get(&self, number: u32) -> &T {
        self.values.get(number)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }
}

impl<T: Hash + PartialEq> Values<Box<[T]>> {
    /// The number of a slice, which is copied only if it is new.
    pub fn intern_slice(&self, slice: &[T]) -> u32
    where
        T: Clone,
    {
        let hash = BuildQuick::default().hash_one(slice);
        match self.find(hash, |other| **other == *slice) {
            Some(number) => number,
            None => self.add(hash, slice.into()),
        }
    }
}

impl Shard {
    /// The value's number, or else the slot that awaits it.
    fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Result<u32, usize> {
        let mask = self.slots.len() - 1;
        let mut slot = (hash >> 32) as usize & mask;
        while self.slots[slot] != 0 {
            let entry = self.slots[slot];
            let number = entry as u32 - 1;
            if entry >> 32 == hash >> 32 && is_it(number) {
                return Ok(number);
            }
            slot = (slot + 1) & mask;
        }
        Err(slot)
    }

    fn insert(&mut self, slot: usize, hash: u64, number: u32) {
        self.slots[slot] = (hash >> 32) << 32 | u64::from(number + 1);
        self.count += 1;
        if self.count * 4 > self.slots.len() * 3 {
            let mask = self.slots.len() * 2 - 1;
            let slots = std::mem::replace(&mut self.slots, vec![0; mask + 1]);
            for entry in slots.into_iter().filter(|entry| *entry != 0) {
                let mut slot = (entry >> 32) as usize & mask;
                while self.slots[slot] != 0 {
                    slot = (slot + 1) & mask;
                }
                self.slots[slot] = entry;
            }
        }
    }
}

const POISON: &str = "comparing two values does not panic";
