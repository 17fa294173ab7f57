//! What is written before it is saved: the records of [`Early`], a few with each batch, so that a
//! large snapshot keeps no vote and no entry waiting.

use bytes::Bytes;
use imbl::Vector;
use quorate_models::durable::{Change, Early, Key};

/// So many bytes go with a batch at least, if there are so many.
const LEAST: usize = 256 << 10;

/// And so many times as many as the last save changed: by the time that all is written, the log has
/// grown by a part of it only.
const TIMES: usize = 4;

/// How far that is.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    first: Option<Key>,
    /// Those in the file or in the queue.
    values: Vector<Bytes>,
    /// What goes with the next batch.
    queue: Vec<Change>,
    /// How many bytes the last save changed.
    pace: usize,
}

impl Ahead {
    /// Puts the next of these records into the queue. True if the file has all of them.
    pub(super) fn follow(&mut self, early: Option<&Early>) -> bool {
        if !early.is_some_and(|early| self.is_start_of(early)) {
            self.give_up();
        }
        let Some(early) = early else { return true };
        let written = self.values.len();
        if written == early.values.len() {
            return early.is_whole && self.queue.is_empty();
        }
        let (enough, mut bytes) = ((self.pace * TIMES).max(LEAST), 0);
        let next = early.values.focus().narrow(written..).into_iter().take_while(|value| {
            let goes = bytes < enough;
            bytes += value.len();
            goes
        });
        let next: Vector<Bytes> = next.cloned().collect();
        if bytes < enough && !early.is_whole {
            return false;
        }
        let numbers = early.first.number + written as u64..;
        self.queue.extend(numbers.zip(&next).map(|(number, value)| {
            let key = Key { number, ..early.first };
            Change::Put { key, value: value.clone() }
        }));
        self.first = Some(early.first);
        self.values.append(next);
        false
    }

    /// Does what was written begin these records?
    fn is_start_of(&self, early: &Early) -> bool {
        let own = (self.values.front(), self.values.back());
        let last = self.values.len().saturating_sub(1);
        let theirs = (early.values.front(), early.values.get(last));
        self.first == Some(early.first)
            && own.0.zip(theirs.0).is_some_and(|(own, its)| is_same(own, its))
            && own.1.zip(theirs.1).is_some_and(|(own, its)| is_same(own, its))
    }

    /// Removes what was written.
    fn give_up(&mut self) {
        let Some(first) = self.first.take() else { return };
        let numbers = first.number..first.number + self.values.len() as u64;
        let gone = numbers.map(|number| Change::Remove { key: Key { number, ..first } });
        self.queue.extend(gone);
        self.values = Vector::new();
    }

    /// The changes of a batch in which `changes` are saved: without those that the file has.
    pub(super) fn with(&mut self, changes: Vec<Change>) -> Vec<Change> {
        let mut batch = std::mem::take(&mut self.queue);
        self.pace = changes.iter().map(size).sum();
        let is_first =
            |change: &Change| matches!(change, Change::Put { key, .. } if Some(*key) == self.first);
        if changes.iter().any(is_first) {
            let own = changes.into_iter().filter(|change| !self.has(change));
            batch.extend(own);
            (self.first, self.values) = (None, Vector::new());
        } else {
            batch.extend(changes);
        }
        batch
    }

    /// Whether nothing is to be written.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// What is to be written though nothing is saved.
    pub(super) fn queue(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.queue)
    }

    fn has(&self, change: &Change) -> bool {
        let (Change::Put { key, value }, Some(first)) = (change, self.first) else { return false };
        let place = key.number.checked_sub(first.number).filter(|_| key.kind == first.kind);
        let own = place.and_then(|place| self.values.get(usize::try_from(place).ok()?));
        own.is_some_and(|own| is_same(own, value))
    }
}

fn size(change: &Change) -> usize {
    match change {
        Change::Put { value, .. } => value.len(),
        Change::Remove { .. } => 0,
    }
}

/// Are these the same bytes in memory? Others are written again, though they be equal.
fn is_same(one: &Bytes, other: &Bytes) -> bool {
    (one.as_ptr(), one.len()) == (other.as_ptr(), other.len())
}
