//! Which batches a file holds, and whether these are all that were ever made durable.
//!
//! The next batch is written only once the one before is durable. So at most one batch may be
//! there in part, the last: nobody counts on it, and it is passed over. Everything else that is
//! missing was counted on, and is damage.

use std::collections::{BTreeMap, BTreeSet};

use super::backend::Backend;
use super::batch::{self, BLOCK, Head, Sight};
use super::fault::Fault;

/// A batch, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) at: u64,
    pub(super) head: Head,
}

/// All that was seen in a file.
#[derive(Default)]
struct Seen {
    whole: BTreeMap<u64, Found>,
    torn: Vec<Head>,
    altered: Vec<Head>,
    /// The stamps of blocks in which no batch begins, or only one whose head is unreadable.
    headless: BTreeSet<u64>,
}

/// The batches that count, by their numbers, in the part of the file that begins at `begin`: none
/// if nothing was ever written to it.
///
/// # Errors
/// [`Fault`] if one that counts is missing or altered, or if the file cannot be read.
pub(super) fn batches(
    backend: &dyn Backend,
    salt: u64,
    begin: u64,
) -> Result<BTreeMap<u64, Found>, Fault> {
    let end = backend.length()?;
    let seen = Seen::of(backend, salt, begin, end)?;
    let Some((_, last)) = seen.whole.last_key_value() else {
        seen.nothing_follows(salt, None)?;
        return Ok(BTreeMap::new());
    };
    if last.head.file > end {
        return Err(Fault::damage("the file", "it ends too soon"));
    }
    seen.nothing_follows(salt, Some(&last.head))?;
    let counts: BTreeMap<_, _> =
        seen.whole.range(last.head.first..).map(|(number, found)| (*number, *found)).collect();
    is_chain(&counts, last.head.first)?;
    Ok(counts)
}

impl Seen {
    fn of(backend: &dyn Backend, salt: u64, begin: u64, end: u64) -> Result<Self, Fault> {
        let mut seen = Seen::default();
        let mut at = begin;
        while at + BLOCK <= end {
            let mut length = BLOCK;
            match batch::look(backend, salt, at, end)? {
                Sight::Whole(head) => {
                    length = head.bytes();
                    seen.whole.insert(head.number, Found { at, head });
                }
                Sight::Torn(head) => seen.torn.push(head),
                Sight::Altered(head) => seen.altered.push(head),
                Sight::Headless { stamp } => drop(seen.headless.insert(stamp)),
            }
            at += length;
        }
        Ok(seen)
    }

    /// Refuses what was written after `last`, the last whole batch, unless it is one that was not
    /// written to its end.
    fn nothing_follows(&self, salt: u64, last: Option<&Head>) -> Result<(), Fault> {
        let next = last.map_or(1, |last| last.number + 1);
        if self.altered.iter().any(|head| head.number >= next) {
            return Err(altered(next));
        }
        if self.torn.iter().any(|head| head.number > next) {
            return Err(missing(next));
        }
        // Its head is unreadable, and its first sector was written.
        let headless = last.map(|last| Head { number: next, ..*last }.stamp(salt, 0));
        if headless.is_some_and(|stamp| self.headless.contains(&stamp)) {
            return Err(altered(next));
        }
        Ok(())
    }
}

/// Refuses batches of which one is missing, or does not follow the one before.
fn is_chain(batches: &BTreeMap<u64, Found>, first: u64) -> Result<(), Fault> {
    let mut before: Option<&Head> = None;
    for (expected, (number, Found { head, .. })) in (first..).zip(batches) {
        if *number != expected {
            return Err(missing(expected));
        }
        if before.is_some_and(|before| before.hash != head.before) {
            return Err(altered(expected));
        }
        before = Some(head);
    }
    Ok(())
}

/// Batch `number` is damaged.
pub(super) fn altered(number: u64) -> Fault {
    Fault::damage(&format!("batch {number}"), "it is not what was written")
}

fn missing(number: u64) -> Fault {
    Fault::damage(&format!("batch {number}"), "it is missing")
}
