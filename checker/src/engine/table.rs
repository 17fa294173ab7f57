//! A set of 64-bit keys that many threads fill without waiting for each other: every key has an id.

use std::cell::Cell;
use std::hint::black_box;

use super::column::Column;
use super::hash::mix;
use super::sync::{AtomicU32, AtomicU64, Ordering, RwLock, RwLockReadGuard, spin_loop};

/// Nobody has this slot.
const FREE: u32 = 0;
/// Somebody is about to fill this slot, in a moment.
const TAKEN: u32 = u32::MAX;

/// A set of 64-bit keys, each with an id and perhaps a note. Keys are compared in full; what is in
/// the table stays.
///
/// It is filled through doors, which many threads may hold open at once. To make room it must be
/// closed for a moment: a thread closes its own door first.
#[derive(Debug)]
pub struct Table {
    /// Open addressing, in a power of two of slots: as much of the hash as there is room for, and
    /// the key's id counted from 1.
    slots: RwLock<Box<[AtomicU32]>>,
    keys: Column,
    /// Two in one place.
    notes: Option<Column>,
    count: AtomicU64,
}

/// A way into a table.
#[derive(Debug)]
pub struct Door<'t> {
    table: &'t Table,
    slots: RwLockReadGuard<'t, Box<[AtomicU32]>>,
    is_crowded: Cell<bool>,
}

impl Table {
    /// A table without notes, of `1 << bits` slots for a start.
    pub fn new(bits: u32) -> Self {
        Table {
            slots: RwLock::new(free_slots(1 << bits)),
            keys: Column::default(),
            notes: None,
            count: AtomicU64::new(0),
        }
    }

    /// A table that keeps a note beside each key.
    pub fn with_notes(bits: u32) -> Self {
        Table { notes: Some(Column::default()), ..Table::new(bits) }
    }

    /// Opens the table, for any number of threads at once.
    pub fn open(&self) -> Door<'_> {
        Door { table: self, slots: self.slots.read().expect(POISON), is_crowded: Cell::new(false) }
    }

    /// Doubles the slots if they are crowded. Waits until every door is closed.
    pub fn make_room(&self) {
        let mut slots = self.slots.write().expect(POISON);
        let count = self.len();
        if is_crowded(count, slots.len()) {
            let more = free_slots(slots.len() * 2);
            for id in 0..count as u32 {
                let hash = mix(self.keys.get(id));
                let mut slot = first_slot(hash, more.len());
                while more[slot].load(Ordering::Relaxed) != FREE {
                    slot = (slot + 1) & (more.len() - 1);
                }
                more[slot].store(entry(hash, id, more.len()), Ordering::Relaxed);
            }
            *slots = more;
        }
    }

    /// The id of `key`, through a door of its own.
    pub fn insert(&self, key: u64) -> u32 {
        let door = self.open();
        let (id, _) = door.insert(key, 0);
        let is_crowded = door.is_crowded();
        drop(door);
        if is_crowded {
            self.make_room();
        }
        id
    }

    /// The key with this id.
    pub fn key(&self, id: u32) -> u64 {
        self.keys.get(id)
    }

    /// The note beside this id's key.
    ///
    /// # Panics
    /// If the table keeps none.
    pub fn note(&self, id: u32) -> u32 {
        let notes = self.notes.as_ref().expect("a table with notes");
        (notes.get(id / 2) >> half(id)) as u32
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }
}

impl Door<'_> {
    /// The id of `key`, and true if it was not there before. Only then is `note` kept.
    ///
    /// # Panics
    /// If the table is crowded, nobody made room, and it became full.
    pub fn insert(&self, key: u64, note: u32) -> (u32, bool) {
        let (hash, size) = (mix(key), self.slots.len());
        let mut slot = first_slot(hash, size);
        loop {
            let mut found = self.slots[slot].load(Ordering::Acquire);
            if found == FREE {
                let (success, failure) = (Ordering::Relaxed, Ordering::Acquire);
                match self.slots[slot].compare_exchange(FREE, TAKEN, success, failure) {
                    Ok(_) => return (self.fill(slot, hash, key, note), true),
                    Err(other) => found = other,
                }
            }
            while found == TAKEN {
                spin_loop();
                found = self.slots[slot].load(Ordering::Acquire);
            }
            if let Some(id) = self.compare(found, hash, key) {
                return (id, false);
            }
            slot = (slot + 1) & (size - 1);
        }
    }

    /// Brings near what the next look-ups of these keys will want to see, all at the same time.
    pub fn approach(&self, keys: &[u64]) {
        let size = self.slots.len();
        let mut ids = [0; 64];
        for keys in keys.chunks(ids.len()) {
            for (key, id) in keys.iter().zip(&mut ids) {
                let hash = mix(*key);
                let found = self.slots[first_slot(hash, size)].load(Ordering::Acquire);
                let is_likely = found != TAKEN && (found ^ (hash >> 32) as u32) < size as u32;
                *id = if is_likely { found & (size as u32 - 1) } else { 0 };
            }
            let seen = ids[..keys.len()].iter().filter(|id| **id != 0);
            black_box(seen.fold(0, |sum, id| sum ^ self.table.keys.get(id - 1)));
        }
    }

    /// True if `key` is in the table.
    pub fn contains(&self, key: u64) -> bool {
        let (hash, size) = (mix(key), self.slots.len());
        let mut slot = first_slot(hash, size);
        loop {
            match self.slots[slot].load(Ordering::Acquire) {
                FREE => return false,
                // Whoever is about to put it there has not done so yet.
                TAKEN => {}
                found if self.compare(found, hash, key).is_some() => return true,
                _ => {}
            }
            slot = (slot + 1) & (size - 1);
        }
    }

    /// True once this door was used while the table was crowded: room should be made soon.
    pub fn is_crowded(&self) -> bool {
        self.is_crowded.get()
    }

    /// Fills a slot that this thread has taken.
    fn fill(&self, slot: usize, hash: u64, key: u64, note: u32) -> u32 {
        let id = self.table.count.fetch_add(1, Ordering::Relaxed);
        let count = id as usize + 1;
        let size = self.slots.len();
        // The last id of all would look like a slot that is taken.
        assert!(count + 1 < size, "a table of the engine is full");
        if is_crowded(count, size) {
            self.is_crowded.set(true);
        }
        let id = id as u32;
        self.table.keys.set(id, key);
        if let Some(notes) = &self.table.notes {
            notes.add(id / 2, u64::from(note) << half(id));
        }
        // Whoever reads this also reads the key.
        self.slots[slot].store(entry(hash, id, size), Ordering::Release);
        id
    }

    /// The id in `found`, if that is the id of `key`.
    fn compare(&self, found: u32, hash: u64, key: u64) -> Option<u32> {
        let mask = self.slots.len() as u64 - 1;
        let id = (u64::from(found) & mask) as u32 - 1;
        let is_it = found == entry(hash, id, self.slots.len()) && self.table.keys.get(id) == key;
        is_it.then_some(id)
    }
}

/// Where in its place the note beside this id is.
fn half(id: u32) -> u32 {
    id % 2 * 32
}

fn free_slots(count: usize) -> Box<[AtomicU32]> {
    (0..count).map(|_| AtomicU32::new(FREE)).collect()
}

/// Three quarters full: then probes become long.
fn is_crowded(count: usize, size: usize) -> bool {
    count * 4 > size * 3
}

fn first_slot(hash: u64, size: usize) -> usize {
    hash as usize & (size - 1)
}

/// An id, and above it the hash's first bits, as many as there is room for.
fn entry(hash: u64, id: u32, size: usize) -> u32 {
    let ids = size as u32 - 1;
    (hash >> 32) as u32 & !ids | (id + 1)
}

const POISON: &str = "nothing that can panic runs under this lock";
