//! A set of 64-bit keys that many threads fill: every key has an id and a note.

use super::hash::mix;
use super::sync::Mutex;

/// Ids and shards: the low bits of an id are its shard.
const SHARD_BITS: u32 = 6;
const SHARDS: usize = 1 << SHARD_BITS;
/// A slot is a tag of the key's hash above the key's place in the shard, counted from 1.
const PLACE_BITS: u32 = 32 - SHARD_BITS;
const PLACES: u32 = (1 << PLACE_BITS) - 1;

/// A set of 64-bit keys. Keys are compared in full; what is in the table stays.
#[derive(Debug)]
pub struct Table<N> {
    shards: Box<[Mutex<Shard<N>>]>,
}

#[derive(Debug)]
struct Shard<N> {
    /// Open addressing; 0 is empty. A power of two.
    slots: Vec<u32>,
    keys: Vec<u64>,
    notes: Vec<N>,
}

impl<N: Copy> Default for Table<N> {
    fn default() -> Self {
        let shard = || {
            Mutex::new(Shard {
                slots: Vec::new(),
                keys: Vec::new(),
                notes: Vec::new(),
            })
        };
        Table {
            shards: (0..SHARDS).map(|_| shard()).collect(),
        }
    }
}

impl<N: Copy> Table<N> {
    /// The id of `key`, and true if it was not there before. Only then is `note` kept.
    ///
    /// # Panics
    /// If the table is full, after about four thousand million keys.
    pub fn insert(&self, key: u64, note: N) -> (u32, bool) {
        let hash = mix(key);
        let shard = hash as usize & (SHARDS - 1);
        let mut inner = self.shards[shard].lock().expect(POISON);
        let (place, is_new) = inner.insert(hash, key, note);
        (place << SHARD_BITS | shard as u32, is_new)
    }

    /// True if `key` is in the table.
    pub fn contains(&self, key: u64) -> bool {
        let hash = mix(key);
        let inner = self.shards[hash as usize & (SHARDS - 1)]
            .lock()
            .expect(POISON);
        inner.find(hash, key).is_ok()
    }

    /// The key with this id.
    pub fn key(&self, id: u32) -> u64 {
        self.shard_of(id).lock().expect(POISON).keys[(id >> SHARD_BITS) as usize]
    }

    /// The note beside this id's key.
    pub fn note(&self, id: u32) -> N {
        self.shard_of(id).lock().expect(POISON).notes[(id >> SHARD_BITS) as usize]
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().expect(POISON).keys.len())
            .sum()
    }

    fn shard_of(&self, id: u32) -> &Mutex<Shard<N>> {
        &self.shards[id as usize & (SHARDS - 1)]
    }
}

impl<N> Shard<N> {
    fn insert(&mut self, hash: u64, key: u64, note: N) -> (u32, bool) {
        // Seven eighths full: a longer probe walks along one or two cache lines of tags.
        if self.keys.len() * 8 >= self.slots.len() * 7 {
            self.grow();
        }
        match self.find(hash, key) {
            Ok(place) => (place, false),
            Err(slot) => {
                let place = self.keys.len() as u32;
                assert!(place + 1 < PLACES, "a table of the engine is full");
                if self.keys.len() == self.keys.capacity() {
                    // Doubling would leave half of the memory unused.
                    let more = self.keys.len() / 4 + 8;
                    self.keys.reserve_exact(more);
                    self.notes.reserve_exact(more);
                }
                self.keys.push(key);
                self.notes.push(note);
                self.slots[slot] = tag(hash) | (place + 1);
                (place, true)
            }
        }
    }

    /// Where `key` is, or else the slot that awaits it.
    fn find(&self, hash: u64, key: u64) -> Result<u32, usize> {
        if self.slots.is_empty() {
            return Err(0);
        }
        let mask = self.slots.len() - 1;
        let mut slot = (hash >> 12) as usize & mask;
        loop {
            let entry = self.slots[slot];
            if entry == 0 {
                return Err(slot);
            }
            if entry & !PLACES == tag(hash) {
                let place = (entry & PLACES) - 1;
                if self.keys[place as usize] == key {
                    return Ok(place);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let count = (self.slots.len() * 2).max(16);
        let mask = count - 1;
        self.slots = vec![0; count];
        for (place, key) in self.keys.iter().enumerate() {
            let hash = mix(*key);
            let mut slot = (hash >> 12) as usize & mask;
            while self.slots[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.slots[slot] = tag(hash) | (place as u32 + 1);
        }
    }
}

/// Bits of the hash that choose neither the shard nor, in a table of sane size, the slot.
fn tag(hash: u64) -> u32 {
    ((hash >> 58) as u32) << PLACE_BITS
}

const POISON: &str = "a table of the engine is full";
