//! Records that are written before they are saved: they cost nothing then, and until then nobody
//! sees them, whatever happens.

use bytes::Bytes;
use imbl::Vector;
use quorate::node::storage;
use quorate_models::durable::{Change, Damage, Durable, Early, Key};

use crate::crash::{History, Numbers, open};
use crate::disk::{Disk, Operation};
use crate::{SELF, nowhere};

const META: Key = Key { kind: 0, number: 0 };
const PIECE: u8 = 1;

/// A number, and the pieces of a snapshot, whose keys say of which number it is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Snapshot {
    number: u64,
    of: u64,
    pieces: Vector<Bytes>,
    /// How many pieces of others were found.
    others: usize,
}

fn key(of: u64, piece: u64) -> Key {
    Key { kind: PIECE, number: of << 8 | piece }
}

impl Snapshot {
    fn taken(of: u64, pieces: usize) -> Self {
        let pieces = (0..pieces).map(|piece| Bytes::from(vec![of as u8 ^ piece as u8; 90_000]));
        Snapshot { number: of, of, pieces: pieces.collect(), others: 0 }
    }

    fn early(&self) -> Early {
        Early { first: key(self.of, 0), values: self.pieces.clone(), is_whole: true }
    }

    fn meta(&self) -> Bytes {
        let words = [self.number, self.of, self.pieces.len() as u64].map(u64::to_le_bytes);
        Bytes::copy_from_slice(words.as_flattened())
    }
}

impl Durable for Snapshot {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let mut changes = vec![Change::Put { key: META, value: self.meta() }];
        if since.map(|it| it.of) != Some(self.of) {
            let own = (0..).zip(&self.pieces);
            changes.extend(own.map(|(piece, value)| {
                let key = key(self.of, piece);
                Change::Put { key, value: value.clone() }
            }));
            let gone = since.into_iter().flat_map(|it| (0..it.pieces.len()).map(|at| (it.of, at)));
            changes.extend(gone.map(|(of, at)| Change::Remove { key: key(of, at as u64) }));
        }
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let damage = |key| Damage { record: Self::name(key), problem: "missing".into() };
        let Some((META, meta)) = records.first() else { return Err(damage(META)) };
        let words = meta.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word));
        let [number, of, count] = words.collect::<Vec<_>>()[..] else { return Err(damage(META)) };
        let mut pieces = Vector::new();
        let mut others = 0;
        for (found, bytes) in records.into_iter().skip(1) {
            if found.number >> 8 != of {
                others += 1;
            } else if found == key(of, pieces.len() as u64) {
                pieces.push_back(bytes);
            }
        }
        let whole = pieces.len() as u64 == count;
        whole.then_some(Snapshot { number, of, pieces, others }).ok_or_else(|| damage(META))
    }

    fn holds(&self, found: Key) -> bool {
        found == META || found.number >> 8 == self.of
    }

    fn name(key: Key) -> String {
        format!("{key:?}")
    }
}

/// Snapshots of several pieces: some are written ahead and then saved, one in part, some are given
/// up for others, and the life ends in the middle of one.
fn life() -> History<Snapshot> {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    let (mut store, _) = open(&disk);
    let mut promises = vec![(disk.operations().len(), None)];
    let mut state = Snapshot::taken(1, 0);
    for of in 2..=9 {
        let next = Snapshot::taken(of, 7);
        for step in 0..20 {
            let is_ahead = store.write_ahead(Some(&next.early()));
            if of == 9 && step == 2 {
                break;
            }
            if is_ahead && of % 3 != 0 || of == 5 && step == 2 {
                state = next;
                store.commit(&state).unwrap();
                promises.push((disk.operations().len(), Some(state.clone())));
                // What is saved stays, though it be spoken of once more before the next.
                assert!(store.write_ahead(Some(&state.early())));
                break;
            }
            // Every second time nothing else is saved.
            state.number += 100;
            if step % 2 == 0 {
                store.commit(&state).unwrap();
                promises.push((disk.operations().len(), Some(state.clone())));
            }
            store.flush().unwrap();
        }
    }
    History { start: vec![], operations: disk.operations(), promises }
}

#[test]
fn every_cut_leaves_the_last_commit_or_the_one_under_way_and_the_next_start_nothing_else() {
    let life = life();
    let mut numbers = Numbers(1);
    let (mut tried, mut cleaned) = (0, 0);
    for cut in life.promises[0].0..=life.operations.len() {
        let seen = |found: Option<Snapshot>| found.map(|it| (it.number, it.of, it.pieces));
        let allowed: Vec<_> = life.allowed(cut).into_iter().map(seen).collect();
        for wreck in life.wrecks(cut, &mut numbers) {
            let disk = Disk::holding(wreck);
            let (store, found) = open::<Snapshot>(&disk);
            let others = found.as_ref().map_or(0, |it| it.others);
            drop(store);
            let (_store, again) = open::<Snapshot>(&disk);
            assert_eq!(again.as_ref().map_or(0, |it| it.others), 0, "cut {cut}");
            let (found, again) = (seen(found), seen(again));
            assert!(found == again && allowed.contains(&found), "cut {cut}");
            tried += 1;
            cleaned += usize::from(others > 0);
        }
    }
    assert!(tried > 300 && cleaned > 100, "{tried}, and {cleaned} with pieces of others");
}

#[test]
fn a_save_of_what_is_written_costs_next_to_nothing() {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    let (mut store, _) = open(&disk);
    store.commit(&Snapshot::taken(1, 0)).unwrap();
    let next = Snapshot::taken(2, 30);
    let mut batches = 0;
    while !store.write_ahead(Some(&next.early())) {
        store.flush().unwrap();
        batches += 1;
    }
    assert!((5..15).contains(&batches), "{batches} batches of 256 KiB");
    // But for the zeros by which a file grows.
    let written = |from: usize| {
        let writes = disk.operations().into_iter().skip(from).map(|operation| match operation {
            Operation::Write { data, .. } if data.iter().any(|byte| *byte != 0) => data.len(),
            Operation::Write { .. } | Operation::Extend(_) | Operation::Sync => 0,
        });
        writes.sum::<usize>()
    };
    let before = disk.operations().len();
    store.commit(&next).unwrap();
    assert!(written(before) <= 4_096, "{} bytes", written(before));
    // Equal bytes that were not written ahead are written, and so is what was written and given up.
    let (before, other) = (disk.operations().len(), Snapshot::taken(3, 2));
    assert!(!store.write_ahead(Some(&Snapshot::taken(3, 2).early())));
    store.flush().unwrap();
    store.commit(&other).unwrap();
    assert!(written(before) > 4 * 90_000, "{} bytes", written(before));
    drop(store);
    assert_eq!(open::<Snapshot>(&disk).1, Some(other));
}
