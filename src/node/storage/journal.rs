//! The batches of a store, one after the other, in a file that is used again and again.
//!
//! A record lies in the batch that put it last. The oldest batches that hold no such record any
//! more count no longer, and their room is free. So a log that is compacted at its one end and
//! appended to at the other goes round in the file, and the few records that stay where a log went
//! on are carried along: they are put once more.

use std::collections::BTreeMap;

use bytes::Bytes;
use quorate_models::durable::{Change, Key};

use super::backend::Backend;
use super::batch::{self, BLOCK, Head};
use super::content::{self, Item};
use super::fault::Fault;
use super::recovery::{self, Found};

/// By how much a file grows at least, and at most: as much as it has, within these bounds. What it
/// grows by is written with zeros, since a disk that must first find room for a write takes twice
/// as long to make it durable.
const GROWTH: (u64, u64) = (64 << 10, 16 << 20);

/// For a batch of so many bytes a file grows without zeros: to write as many first would take
/// longer than it saves.
const LARGE: u64 = 256 << 10;

/// The records are carried along rather than that a file grows of which they fill less than this
/// part.
const SPARSE: u64 = 2;

/// How many zeros are written at once.
const ZEROS: u64 = 1 << 20;

/// The records of a store.
pub(super) type Records = BTreeMap<Key, Bytes>;

/// Where a record lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    batch: u64,
    /// How many bytes it takes there.
    bytes: u64,
}

/// The batches of a file, and what lies in them.
#[derive(Debug)]
pub(super) struct Journal {
    backend: Box<dyn Backend>,
    salt: u64,
    life: u64,
    /// Where the first batch may begin.
    begin: u64,
    /// The length of the file.
    end: u64,
    /// The batches that count, by their numbers.
    batches: BTreeMap<u64, Found>,
    /// Where they begin, and how many bytes they take.
    taken: BTreeMap<u64, u64>,
    /// The bytes that all of them take.
    used: u64,
    /// How many records lie in each, if there are any.
    held: BTreeMap<u64, usize>,
    places: BTreeMap<Key, Place>,
    /// The bytes of all records.
    live: u64,
}

impl Journal {
    /// Finds what the part of a file that begins at `begin` holds. `life` is a random number.
    ///
    /// # Errors
    /// [`Fault`] if that is not what was written, or the file cannot be read.
    pub(super) fn open(
        backend: Box<dyn Backend>,
        salt: u64,
        begin: u64,
        life: u64,
    ) -> Result<(Self, Records), Fault> {
        let batches = recovery::batches(&*backend, salt, begin)?;
        // Of a file that was about to grow a part of a block may be there.
        let end = backend.length()?.max(begin) / BLOCK * BLOCK;
        let mut journal = Journal {
            backend,
            salt,
            life,
            begin,
            end,
            batches: BTreeMap::new(),
            taken: BTreeMap::new(),
            used: 0,
            held: BTreeMap::new(),
            places: BTreeMap::new(),
            live: 0,
        };
        let mut records = Records::new();
        for (number, found) in batches {
            let content = journal.content(&found)?;
            for item in items(&content, number)? {
                journal.place(item, number);
                match item.value {
                    Some(value) => drop(records.insert(item.key, Bytes::copy_from_slice(value))),
                    None => drop(records.remove(&item.key)),
                }
            }
            journal.lay(found);
        }
        Ok((journal, records))
    }

    /// Makes `changes` durable: they are when this returns.
    ///
    /// # Errors
    /// [`Fault`]. It is not known then whether they are, so nothing must be written any more.
    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), Fault> {
        let (number, before) =
            self.last().map_or((1, self.salt), |last| (last.head.number + 1, last.head.hash));
        let mut content = Vec::new();
        for change in changes {
            self.put(change.into(), number, &mut content);
        }
        self.carry(number, &mut content)?;
        let length = content.len() as u64;
        let at = self.room(batch::bytes(length))?;
        let first = self.held.first_key_value().map_or(number, |(first, _)| *first);
        let hash = batch::hash(before, &content);
        let head = Head { number, first, life: self.life, file: self.end, before, length, hash };
        self.backend.write(at, &batch::lay_out(self.salt, at, &head, &content))?;
        self.backend.sync()?;
        self.lay(Found { at, head });
        self.forget_before(first);
        Ok(())
    }

    /// The keys of all records, in ascending order.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key> {
        self.places.keys().copied()
    }

    fn last(&self) -> Option<&Found> {
        self.batches.last_key_value().map(|(_, last)| last)
    }

    /// A batch is there.
    fn lay(&mut self, found: Found) {
        self.batches.insert(found.head.number, found);
        self.taken.insert(found.at, found.head.bytes());
        self.used += found.head.bytes();
    }

    /// The batches before `first` count no longer.
    fn forget_before(&mut self, first: u64) {
        let counts = self.batches.split_off(&first);
        for found in std::mem::replace(&mut self.batches, counts).values() {
            self.taken.remove(&found.at);
            self.used -= found.head.bytes();
        }
    }

    /// Puts an item into the content of batch `number`.
    fn put(&mut self, item: Item, number: u64, content: &mut Vec<u8>) {
        self.place(item, number);
        item.write(content);
    }

    /// Notes that batch `number` is the last to say something of a record.
    fn place(&mut self, item: Item, number: u64) {
        let bytes = item.bytes();
        let before = match item.value {
            Some(_) => {
                *self.held.entry(number).or_default() += 1;
                self.live += bytes;
                self.places.insert(item.key, Place { batch: number, bytes })
            }
            None => self.places.remove(&item.key),
        };
        let Some(Place { batch, bytes }) = before else { return };
        self.live -= bytes;
        let held = self.held.get_mut(&batch).expect("it holds this record");
        *held -= 1;
        if *held == 0 {
            self.held.remove(&batch);
        }
    }

    /// Puts what the oldest batches hold into batch `number` once more, if the file is nearly full
    /// of batches that hold next to nothing: about as much as that batch has of its own, or has
    /// room for.
    fn carry(&mut self, number: u64, content: &mut Vec<u8>) -> Result<(), Fault> {
        let free = self.end - self.begin - self.used;
        if free >= self.end / 4 || self.live > self.end / SPARSE {
            return Ok(());
        }
        let own = content.len() as u64;
        let enough = own.max(batch::slack(own));
        let mut carried = 0;
        while let Some((&oldest, _)) = self.held.first_key_value()
            && oldest < number
        {
            let old = self.content(&self.batches[&oldest])?;
            let mut items = items(&old, oldest)?;
            items.retain(|item| {
                let place = self.places.get(&item.key);
                item.value.is_some() && place.is_some_and(|place| place.batch == oldest)
            });
            carried += items.iter().map(Item::bytes).sum::<u64>();
            for item in items {
                self.put(item, number, content);
            }
            if carried >= enough {
                break;
            }
        }
        Ok(())
    }

    /// Where there is room for a batch of so many bytes: after the last one, or elsewhere if there
    /// is much, or at the end of a file that has grown.
    fn room(&mut self, bytes: u64) -> Result<u64, Fault> {
        let tail = self.last().map_or(self.begin, |last| last.at + last.head.bytes());
        let next = self.taken.range(tail..).next().map_or(self.end, |(at, _)| *at);
        if bytes <= next - tail {
            return Ok(tail);
        }
        let (at, gap) = self.widest_gap();
        if gap >= bytes.max(self.end / 16) {
            return Ok(at);
        }
        let at = if next == self.end { tail } else { self.end };
        if bytes < LARGE {
            self.write_zeros(bytes)?;
        } else {
            self.end = at + bytes;
            self.backend.extend(self.end)?;
        }
        // Before anything is written there: a batch says how long the file is, and one of which the
        // file has not all was cut off since.
        self.backend.sync()?;
        Ok(at)
    }

    /// Where most bytes in a row are free, and how many.
    fn widest_gap(&self) -> (u64, u64) {
        let (mut widest, mut free) = ((self.begin, 0), self.begin);
        for (at, bytes) in self.taken.iter().chain([(&self.end, &0)]) {
            if at - free > widest.1 {
                widest = (free, at - free);
            }
            free = at + bytes;
        }
        widest
    }

    fn write_zeros(&mut self, bytes: u64) -> Result<(), Fault> {
        let by = self.end.clamp(GROWTH.0, GROWTH.1).max(bytes);
        let zeros = vec![0; by.min(ZEROS) as usize];
        let end = self.end + by;
        while self.end < end {
            let part = &zeros[..(end - self.end).min(ZEROS) as usize];
            self.backend.write(self.end, part)?;
            self.end += part.len() as u64;
        }
        Ok(())
    }

    fn content(&self, found: &Found) -> Result<Vec<u8>, Fault> {
        let content = batch::content(&*self.backend, found.at, &found.head)?;
        content.ok_or_else(|| recovery::altered(found.head.number))
    }
}

/// The items of batch `number`.
fn items(content: &[u8], number: u64) -> Result<Vec<Item<'_>>, Fault> {
    content::items(content).ok_or_else(|| recovery::altered(number))
}
