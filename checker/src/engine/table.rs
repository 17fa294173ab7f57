//! A set of packed states that many threads fill without waiting for each other: every one has an
//! id.

use std::cell::Cell;
use std::hint::black_box;
use std::ops::Range;

use super::column::{self, Column};
use super::hash::mix;
use super::layout::Layout;
use super::sync::{
    AtomicU32, AtomicU64, Mutex, Ordering, RwLock, RwLockReadGuard, side_by_side, spin_loop, zeros,
};

/// Nobody has this slot; so it is at first.
const FREE: u32 = 0;
/// Somebody is about to fill this slot, in a moment.
const TAKEN: u32 = u32::MAX;

/// So many keys are looked up at the same time: while one waits for memory, so do the others.
const NEAR: usize = 16;

/// From so many keys on, several threads make room faster than one.
const MANY: u64 = 1 << 12;

/// A set of keys, each with an id and a note. Keys are compared in full; what is in the table
/// stays.
///
/// It is filled through doors, which many threads may hold open at once. To make room in it, or in
/// its keys, it must be closed for a moment: a thread closes its own door first.
#[derive(Debug)]
pub struct Table {
    body: RwLock<Body>,
    /// All ids below this have been handed out.
    ids: AtomicU64,
    /// Of these, the ones that nobody has used yet; but for those behind open doors.
    spare: Mutex<Vec<Range<u32>>>,
    /// How many ids a door takes at a time, so that threads do not write side by side.
    lot: u32,
    /// So many threads make room together.
    hands: usize,
}

#[derive(Debug)]
struct Body {
    layout: Layout,
    /// Open addressing, in a power of two of slots: as much of the hash as there is room for, and
    /// the key's id counted from 1.
    slots: Box<[AtomicU32]>,
    /// Each key, and behind it its note.
    records: Column,
}

/// There is no room in keys for this number of a component.
#[derive(Clone, Copy, Debug)]
pub struct Tight {
    pub component: usize,
    pub number: u32,
}

/// A way into a table.
#[derive(Debug)]
pub struct Door<'t> {
    table: &'t Table,
    body: RwLockReadGuard<'t, Body>,
    ids: Cell<(u32, u32)>,
    is_crowded: Cell<bool>,
}

impl Table {
    /// A table for keys of this layout, of `1 << bits` slots for a start, whose doors take `lot`
    /// ids at a time, and for which so many `hands` make room together.
    pub fn new(layout: Layout, bits: u32, lot: u32, hands: usize) -> Self {
        let records = Column::new(layout.halves() + 1);
        let body = Body { layout, slots: zeros(1 << bits), records };
        Table {
            body: RwLock::new(body),
            ids: AtomicU64::new(0),
            spare: Mutex::new(Vec::new()),
            lot,
            hands,
        }
    }

    /// Opens the table, for any number of threads at once.
    pub fn open(&self) -> Door<'_> {
        let body = self.body.read().expect(POISON);
        // Only now: whoever fills the slots anew must find all spare ids where they belong.
        let ids = self.spare.lock().expect(POISON).pop().unwrap_or(0..0);
        let ids = Cell::new((ids.start, ids.end));
        Door { table: self, body, ids, is_crowded: Cell::new(false) }
    }

    /// Doubles the slots if they are crowded. Waits until every door is closed.
    pub fn make_room(&self) {
        let mut body = self.body.write().expect(POISON);
        let ids = self.ids.load(Ordering::Relaxed);
        if is_crowded(ids, body.slots.len()) {
            let slots = std::mem::take(&mut body.slots);
            let size = slots.len() * 2;
            body.slots = column::resized(slots, size);
            self.fill_slots(&body);
        }
    }

    /// Lays keys out anew where they are `tight`. Every component has so many values by now. Waits
    /// until every door is closed.
    pub fn widen(&self, tight: Tight, counts: &[usize]) {
        let mut body = self.body.write().expect(POISON);
        if body.layout.has_room(tight.component, tight.number) {
            return;
        }
        let new = Layout::new(counts);
        let Body { layout: old, records, .. } = &mut *body;
        records.convert(new.halves() + 1, self.hands(), || convert(old, &new));
        body.layout = new;
        self.fill_slots(&body);
    }

    /// How many bytes the table will soon want besides, at once.
    pub fn soon(&self) -> u64 {
        let body = self.body.read().expect(POISON);
        let ids = self.ids.load(Ordering::Relaxed);
        let slots = body.slots.len() as u64;
        let chunk = body.records.next_chunk(ids) as u64 * size_of::<u32>() as u64;
        // They double when three quarters are taken.
        if ids * 10 > slots * 7 { chunk + slots * size_of::<u32>() as u64 } else { chunk }
    }

    /// How many keys there are, when every door is closed.
    pub fn len(&self) -> u64 {
        let spare = self.spare.lock().expect(POISON);
        self.ids.load(Ordering::Relaxed) - spare.iter().map(|ids| ids.len() as u64).sum::<u64>()
    }

    /// The ids of keys, ascending, when every door is closed.
    pub fn used(&self) -> Vec<Range<u32>> {
        let mut spare = self.spare.lock().expect(POISON).clone();
        spare.sort_by_key(|ids| ids.start);
        let end = self.ids.load(Ordering::Relaxed) as u32;
        let mut next = 0;
        spare.push(end..end);
        let before = |gap: Range<u32>| std::mem::replace(&mut next, gap.end)..gap.start;
        spare.into_iter().map(before).collect()
    }

    /// Puts every id that is used into the slots, and no other.
    fn fill_slots(&self, body: &Body) {
        let (used, hands) = (self.used(), self.hands());
        side_by_side(body.slots.chunks(body.slots.len() / hands + 1).collect(), |slots| {
            slots.iter().for_each(|slot| slot.store(FREE, Ordering::Relaxed));
        });
        let end = self.ids.load(Ordering::Relaxed) as usize;
        let parts =
            (0..hands).map(|hand| (end * hand / hands) as u32..(end * (hand + 1) / hands) as u32);
        side_by_side(parts.collect(), |part: Range<u32>| {
            let mine = |ids: &Range<u32>| ids.start.max(part.start)..ids.end.min(part.end);
            used.iter().map(mine).for_each(|ids| body.put(ids));
        });
    }

    /// How many threads are worth their while.
    fn hands(&self) -> usize {
        if self.ids.load(Ordering::Relaxed) < MANY { 1 } else { self.hands }
    }

    fn reserve(&self) -> Range<u32> {
        let first = self.ids.fetch_add(u64::from(self.lot), Ordering::Relaxed);
        let end = u32::try_from(first + u64::from(self.lot));
        first as u32..end.expect("no more than 2^32 states can be numbered")
    }
}

impl Body {
    /// Puts ids into the slots, while others do so too; their keys are not there.
    fn put(&self, ids: Range<u32>) {
        let size = self.slots.len();
        let mut key = vec![0; self.layout.words()];
        let mut hashes = [0; NEAR];
        for first in ids.clone().step_by(NEAR) {
            let near = first..ids.end.min(first.saturating_add(NEAR as u32));
            for (id, hashed) in near.clone().zip(&mut hashes) {
                column::read(&self.records.get(id)[..self.layout.halves()], &mut key);
                *hashed = hash(&key);
            }
            let slots = hashes.iter().map(|hash| &self.slots[first_slot(*hash, size)]);
            black_box(slots.fold(0, |sum, slot| sum ^ slot.load(Ordering::Relaxed)));
            for (id, hash) in near.zip(hashes) {
                let (mut slot, entry) = (first_slot(hash, size), entry(hash, id, size));
                let relaxed = Ordering::Relaxed;
                while self.slots[slot].compare_exchange(FREE, entry, relaxed, relaxed).is_err() {
                    slot = (slot + 1) & (size - 1);
                }
            }
        }
    }
}

impl Door<'_> {
    /// How keys are laid out, as long as this door is open.
    pub fn layout(&self) -> &Layout {
        &self.body.layout
    }

    /// Copies the key with this id.
    pub fn read(&self, id: u32, key: &mut [u64]) {
        column::read(&self.body.records.get(id)[..self.body.layout.halves()], key);
    }

    /// The note beside this id's key.
    pub fn note(&self, id: u32) -> u32 {
        self.body.records.get(id)[self.body.layout.halves()].load(Ordering::Relaxed)
    }

    /// The id of `key`, and true if it was not there before. Only then is `note` kept.
    ///
    /// # Panics
    /// If the table is crowded, nobody made room, and it became full.
    pub fn insert(&self, key: &[u64], note: u32) -> (u32, bool) {
        let (hash, slots) = (hash(key), &self.body.slots);
        let mut slot = first_slot(hash, slots.len());
        loop {
            let mut found = slots[slot].load(Ordering::Acquire);
            if found == FREE {
                let (success, failure) = (Ordering::Relaxed, Ordering::Acquire);
                match slots[slot].compare_exchange(FREE, TAKEN, success, failure) {
                    Ok(_) => {
                        let claim = Claim(&slots[slot]);
                        let id = self.write(key, note);
                        claim.fill(entry(hash, id, slots.len()));
                        return (id, true);
                    }
                    Err(other) => found = other,
                }
            }
            while found == TAKEN {
                spin_loop();
                found = slots[slot].load(Ordering::Acquire);
            }
            if found == FREE {
                // Whoever had taken it has panicked.
                continue;
            }
            if let Some(id) = self.compare(found, hash, key) {
                return (id, false);
            }
            slot = (slot + 1) & (slots.len() - 1);
        }
    }

    /// Brings near what the next look-ups of these keys will want to see, all at the same time.
    pub fn approach(&self, keys: &[u64]) {
        let (words, size) = (self.body.layout.words(), self.body.slots.len());
        for keys in keys.chunks(NEAR * words) {
            let mut ids = [0; NEAR];
            for (key, id) in keys.chunks_exact(words).zip(&mut ids) {
                let hash = hash(key);
                let found = self.body.slots[first_slot(hash, size)].load(Ordering::Acquire);
                let is_likely = found != TAKEN && (found ^ (hash >> 32) as u32) <= id_bits(size);
                *id = if is_likely { found & id_bits(size) } else { 0 };
            }
            let seen = ids.iter().filter(|id| **id != 0);
            let first = |id: u32| self.body.records.get(id)[0].load(Ordering::Relaxed);
            black_box(seen.fold(0, |sum, id| sum ^ first(id - 1)));
        }
    }

    /// The id of `key`, if it is in the table.
    pub fn find(&self, key: &[u64]) -> Option<u32> {
        let (hash, slots) = (hash(key), &self.body.slots);
        let mut slot = first_slot(hash, slots.len());
        loop {
            match slots[slot].load(Ordering::Acquire) {
                FREE => return None,
                // Whoever is about to put it there has not done so yet.
                TAKEN => {}
                found => {
                    if let Some(id) = self.compare(found, hash, key) {
                        return Some(id);
                    }
                }
            }
            slot = (slot + 1) & (slots.len() - 1);
        }
    }

    /// True once this door was used while the table was crowded: room should be made soon.
    pub fn is_crowded(&self) -> bool {
        self.is_crowded.get()
    }

    /// Writes down a new key, and gives it an id.
    fn write(&self, key: &[u64], note: u32) -> u32 {
        let id = self.next_id();
        // The last id of all would look like a slot that is taken.
        assert!((id as usize) + 2 < self.body.slots.len(), "a table of the engine is full");
        let (record, behind) = self.body.records.open(id).split_at(self.body.layout.halves());
        column::write(record, key);
        behind[0].store(note, Ordering::Relaxed);
        id
    }

    fn next_id(&self) -> u32 {
        let (mut next, mut end) = self.ids.get();
        if next == end {
            Range { start: next, end } = self.table.reserve();
            let is_crowded = is_crowded(u64::from(end), self.body.slots.len());
            self.is_crowded.set(is_crowded || self.is_crowded.get());
        }
        self.ids.set((next + 1, end));
        next
    }

    /// The id in `found`, if that is the id of `key`.
    fn compare(&self, found: u32, hash: u64, key: &[u64]) -> Option<u32> {
        let size = self.body.slots.len();
        let id = (found & id_bits(size)).checked_sub(1)?;
        let is_it = found == entry(hash, id, size)
            && column::equals(&self.body.records.get(id)[..self.body.layout.halves()], key);
        is_it.then_some(id)
    }
}

/// A slot that this thread has taken. If it panics before it fills the slot, that is free again:
/// nobody waits for it for ever.
struct Claim<'s>(&'s AtomicU32);

impl Claim<'_> {
    fn fill(self, entry: u32) {
        // Whoever reads this also reads the key.
        self.0.store(entry, Ordering::Release);
        std::mem::forget(self);
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.0.store(FREE, Ordering::Release);
    }
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        let (next, end) = self.ids.get();
        if next < end
            && let Ok(mut spare) = self.table.spare.lock()
        {
            spare.push(next..end);
        }
    }
}

/// Lays out anew what a record says, its note included.
fn convert(old: &Layout, new: &Layout) -> impl FnMut(&[AtomicU32], &[AtomicU32]) {
    let (mut before, mut after) = (vec![0; old.words()], Vec::new());
    let mut numbers = vec![0; old.len()];
    move |record, converted| {
        let (record, note) = record.split_at(old.halves());
        let (converted, converted_note) = converted.split_at(new.halves());
        let note = note[0].load(Ordering::Relaxed);
        column::read(record, &mut before);
        old.unpack(&before, &mut numbers);
        after.clear();
        new.append(&numbers, &mut after);
        column::write(converted, &after);
        converted_note[0].store(note, Ordering::Relaxed);
    }
}

/// Three quarters full: then probes become long.
fn is_crowded(count: u64, size: usize) -> bool {
    count * 4 > size as u64 * 3
}

fn hash(key: &[u64]) -> u64 {
    key.iter().fold(0, |hash: u64, word| mix(hash.rotate_left(23) ^ word))
}

fn first_slot(hash: u64, size: usize) -> usize {
    hash as usize & (size - 1)
}

/// The bits of a slot that hold an id, counted from 1.
fn id_bits(size: usize) -> u32 {
    (size - 1) as u32
}

/// An id, and above it the hash's first bits, as many as there is room for.
fn entry(hash: u64, id: u32, size: usize) -> u32 {
    let ids = id_bits(size);
    (hash >> 32) as u32 & !ids | (id + 1)
}

const POISON: &str = "nothing that can panic runs under this lock";
