//! Power is cut at every write and every sync. What was not synced may be there, in whole or in
//! part, in any order, or not; a store then opens with the last acknowledged commit or with the one
//! that was under way.

use quorate::node::storage::{self, Store};

use crate::disk::{Disk, Operation};
use crate::toy::Log;
use crate::{SELF, nowhere};

/// Disks write this much at once.
const SECTOR: usize = 512;

/// What was done to a disk, and what was promised when.
struct History {
    /// What the disk held at first.
    start: Vec<u8>,
    operations: Vec<Operation>,
    /// After so many operations, this was acknowledged.
    promises: Vec<(usize, Option<Log>)>,
}

/// A small generator of reproducible numbers (a linear congruence, its upper half).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

fn open(disk: &Disk) -> (Store<Log>, Option<Log>) {
    Store::open_with(|| Ok(disk.clone()), nowhere(), SELF).unwrap()
}

/// A life: commits that append, overwrite, truncate and grow the file; a restart; more commits; a
/// stop without one.
fn life() -> History {
    let disk = Disk::default();
    storage::create_with(disk.clone(), nowhere(), SELF).unwrap();
    let mut promises = vec![(disk.operations().len(), None)];
    let large = Log { term: 4, entries: vec![vec![7; 30_000]; 3] };
    let lives = [
        vec![Log::sample(1, 3), Log::sample(2, 5), Log::sample(2, 1)],
        vec![Log::sample(3, 2), large, Log::sample(5, 4)],
        vec![Log::sample(6, 4), Log::sample(7, 4)],
    ];
    for states in lives {
        let (mut store, _) = open(&disk);
        for state in states {
            store.commit(&state).unwrap();
            promises.push((disk.operations().len(), Some(state)));
        }
    }
    History { start: vec![], operations: disk.operations(), promises }
}

impl History {
    /// What a store may open with after a cut before operation `cut`.
    fn allowed(&self, cut: usize) -> Vec<Option<Log>> {
        let kept = self.promises.iter().rposition(|(after, _)| *after <= cut).unwrap();
        self.promises[kept..].iter().take(2).map(|(_, state)| state.clone()).collect()
    }

    /// The disk after a cut before operation `cut`; of the writes since the last sync, `keeps` says
    /// which sectors made it, and of the changes of its length the first `lengths` did.
    fn after_cut(
        &self,
        cut: usize,
        lengths: usize,
        mut keeps: impl FnMut(usize) -> bool,
    ) -> Vec<u8> {
        let synced = self.synced(cut);
        let mut bytes = self.start.clone();
        self.operations[..synced].iter().for_each(|operation| operation.apply(&mut bytes));
        let (mut lengths, mut writes) = (lengths, 0);
        for operation in &self.operations[synced..cut] {
            match operation {
                Operation::SetLength(_) if lengths > 0 => {
                    lengths -= 1;
                    operation.apply(&mut bytes);
                }
                Operation::Write { offset, data } => {
                    for (sector, part) in data.chunks(SECTOR).enumerate() {
                        let offset = offset + sector * SECTOR;
                        // What lies beyond a length that was lost is lost with it.
                        if keeps(writes) && offset + part.len() <= bytes.len() {
                            bytes[offset..offset + part.len()].copy_from_slice(part);
                        }
                    }
                    writes += 1;
                }
                Operation::SetLength(_) | Operation::Sync => {}
            }
        }
        bytes
    }

    fn synced(&self, cut: usize) -> usize {
        let sync = |operation: &Operation| matches!(operation, Operation::Sync);
        self.operations[..cut].iter().rposition(sync).map_or(0, |last| last + 1)
    }

    /// What may be left after a cut before operation `cut`: nothing that was not synced, all of it,
    /// all but one write, one write alone, and some sectors of some writes.
    fn wrecks(&self, cut: usize, numbers: &mut Numbers) -> Vec<Vec<u8>> {
        let unsynced = self.operations[self.synced(cut)..cut].iter();
        let (mut writes, mut lengths) = (0, 0);
        for operation in unsynced {
            match operation {
                Operation::Write { .. } => writes += 1,
                Operation::SetLength(_) => lengths += 1,
                Operation::Sync => {}
            }
        }
        let mut wrecks =
            vec![self.after_cut(cut, 0, |_| false), self.after_cut(cut, lengths, |_| true)];
        if writes > 1 {
            for one in 0..writes {
                wrecks.push(self.after_cut(cut, lengths, |write| write != one));
                wrecks.push(self.after_cut(cut, lengths, |write| write == one));
            }
        }
        for _ in 0..if writes > 0 { 8 } else { 0 } {
            let lengths = numbers.below(lengths + 1);
            let odds = 1 + numbers.below(7);
            wrecks.push(self.after_cut(cut, lengths, |_| numbers.below(8) < odds));
        }
        wrecks
    }
}

#[test]
fn every_cut_leaves_the_last_acknowledged_commit_or_the_one_under_way() {
    let life = life();
    let mut numbers = Numbers(1);
    let (mut tried, mut older, mut newer) = (0, 0, 0);
    for cut in life.promises[0].0..=life.operations.len() {
        let allowed = life.allowed(cut);
        for wreck in life.wrecks(cut, &mut numbers) {
            let (_store, found) = open(&Disk::holding(wreck));
            assert!(allowed.contains(&found), "cut {cut}: {found:?}, not one of {allowed:?}");
            tried += 1;
            older += usize::from(found == allowed[0]);
            newer += usize::from(found != allowed[0]);
        }
    }
    // Cuts that always came too early or too late would show nothing.
    assert!(tried > 1_000 && older > 100 && newer > 20, "{tried}: {older} and {newer}");
}

/// The start after a crash crashes as well, again at every write, and what it had found stays
/// found: a state that a node has acted on must not disappear.
#[test]
fn every_cut_of_a_recovery_leaves_what_the_recovery_found() {
    let life = life();
    let mut numbers = Numbers(2);
    for cut in (life.promises[0].0..=life.operations.len()).step_by(3) {
        let wrecks = life.wrecks(cut, &mut numbers);
        let wreck = wrecks[numbers.below(wrecks.len())].clone();
        let disk = Disk::holding(wreck.clone());
        let (store, found) = open(&disk);
        let opened = disk.operations().len();
        let allowed = life.allowed(cut);
        drop(store);
        let recovery =
            History { start: wreck, operations: disk.operations(), promises: vec![(0, found)] };
        for second in 0..=recovery.operations.len() {
            for wreck in recovery.wrecks(second, &mut numbers) {
                let again = open(&Disk::holding(wreck)).1;
                if second < opened {
                    // It had not said yet what it found.
                    assert!(allowed.contains(&again), "cut {cut}, then {second}: {again:?}");
                } else {
                    assert_eq!(again, recovery.promises[0].1, "cut {cut}, then {second}");
                }
            }
        }
    }
}
