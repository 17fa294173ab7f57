//! Power is cut at every write and every sync. What was not synced may be there, in whole or in
//! part, in any order, or not; a store then opens with the last acknowledged commit or with the one
//! that was under way.

use quorate::node::storage::{self, Store, StoreError};

use quorate_models::durable::Durable;

use crate::disk::{Disk, Operation};
use crate::toy::Log;
use crate::{SELF, nowhere};

/// Disks write this much at once.
const SECTOR: usize = 512;

/// A store writes this much at once.
const BLOCK: usize = 4_096;

/// What was done to a disk, and what was promised when.
pub struct History<S> {
    /// What the disk held at first.
    pub start: Vec<u8>,
    pub operations: Vec<Operation>,
    /// After so many operations, this was acknowledged.
    pub promises: Vec<(usize, Option<S>)>,
}

/// A small generator of reproducible numbers (a linear congruence, its upper half).
pub struct Numbers(pub u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

pub fn open<S: Durable + Clone>(disk: &Disk) -> (Store<S>, Option<S>) {
    Store::open_with(disk.clone(), nowhere(), SELF).unwrap()
}

/// A life: commits that append, overwrite, truncate and grow the file, and go round in it while an
/// old record stays; and restarts.
fn life() -> History<Log> {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    let mut promises = vec![(disk.operations().len(), None)];
    let large = Log { term: 4, entries: vec![vec![7; 30_000]; 3] };
    let huge = Log { term: 8, entries: vec![vec![8; 400_000]] };
    let round = |term: u64| {
        let mut log = Log::sample(term, 1 + (term % 4) as u8);
        log.entries.insert(0, vec![1; 700]);
        log
    };
    let lives = [
        (10..40).map(round).collect(),
        vec![Log::sample(1, 3), Log::sample(2, 5), Log::sample(2, 1)],
        vec![Log::sample(3, 2), large, Log::sample(5, 4)],
        vec![Log::sample(6, 4), Log::sample(7, 4)],
        (40..90).map(round).collect(),
        vec![huge, Log::sample(8, 1), Log::sample(8, 2)],
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

impl<S: Clone> History<S> {
    /// What a store may open with after a cut before operation `cut`.
    pub fn allowed(&self, cut: usize) -> Vec<Option<S>> {
        let kept = self.promises.iter().rposition(|(after, _)| *after <= cut).unwrap();
        self.promises[kept..].iter().take(2).map(|(_, state)| state.clone()).collect()
    }

    /// The disk after a cut before operation `cut`; of the writes since the last sync, `keeps` says
    /// which sectors made it.
    fn after_cut(&self, cut: usize, mut keeps: impl FnMut(usize) -> bool) -> Vec<u8> {
        let synced = self.synced(cut);
        let mut bytes = self.start.clone();
        self.operations[..synced].iter().for_each(|operation| operation.apply(&mut bytes));
        let mut writes = 0;
        for operation in &self.operations[synced..cut] {
            let (offset, data) = match operation {
                Operation::Write { offset, data } => (offset, data),
                Operation::Extend(_) => {
                    if keeps(writes) {
                        operation.apply(&mut bytes);
                    }
                    continue;
                }
                Operation::Sync => continue,
            };
            for (sector, part) in data.chunks(SECTOR).enumerate() {
                if keeps(writes) {
                    let offset = offset + sector * SECTOR;
                    Operation::Write { offset, data: part.to_vec() }.apply(&mut bytes);
                }
            }
            writes += 1;
        }
        bytes
    }

    fn synced(&self, cut: usize) -> usize {
        let sync = |operation: &Operation| matches!(operation, Operation::Sync);
        self.operations[..cut].iter().rposition(sync).map_or(0, |last| last + 1)
    }

    /// What may be left after a cut before operation `cut`: nothing that was not synced, all of it,
    /// all but one write, one write alone, and some sectors of some writes.
    pub fn wrecks(&self, cut: usize, numbers: &mut Numbers) -> Vec<Vec<u8>> {
        let unsynced = &self.operations[self.synced(cut)..cut];
        let writes = unsynced.iter().filter(|it| matches!(it, Operation::Write { .. })).count();
        let mut wrecks = vec![self.after_cut(cut, |_| false), self.after_cut(cut, |_| true)];
        if writes > 1 {
            for one in 0..writes {
                wrecks.push(self.after_cut(cut, |write| write != one));
                wrecks.push(self.after_cut(cut, |write| write == one));
            }
        }
        for _ in 0..if writes > 0 { 8 } else { 0 } {
            let odds = 1 + numbers.below(7);
            wrecks.push(self.after_cut(cut, |_| numbers.below(8) < odds));
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
            let (_store, found) = open::<Log>(&Disk::holding(wreck));
            assert!(allowed.contains(&found), "cut {cut}: {found:?}, not one of {allowed:?}");
            tried += 1;
            older += usize::from(found == allowed[0]);
            newer += usize::from(found != allowed[0]);
        }
    }
    // Cuts that always came too early or too late would show nothing.
    assert!(tried > 1_000 && older > 100 && newer > 100, "{tried}: {older} and {newer}");
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
        let (store, found) = open::<Log>(&disk);
        let opened = disk.operations().len();
        let allowed = life.allowed(cut);
        drop(store);
        let recovery =
            History { start: wreck, operations: disk.operations(), promises: vec![(0, found)] };
        for second in 0..=recovery.operations.len() {
            for wreck in recovery.wrecks(second, &mut numbers) {
                let again = open::<Log>(&Disk::holding(wreck)).1;
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

/// Not a sector at a time: a file system that writes down lengths by the byte may leave any part of
/// the last write.
#[test]
fn every_prefix_of_a_write_leaves_the_commit_before_or_all_of_it() {
    let life = life();
    let written = |operation: &Operation| match operation {
        Operation::Write { data, .. } => data.len(),
        Operation::Extend(_) | Operation::Sync => 0,
    };
    let last = life.operations.iter().rposition(|it| written(it) > 0).unwrap();
    let huge = life.operations.iter().position(|it| written(it) > 400_000).unwrap();
    for (write, step) in [(last, 1), (huge, 4_093)] {
        let Operation::Write { offset, data } = &life.operations[write] else { unreachable!() };
        let before = life.after_cut(write, |_| true);
        let (mut older, mut newer) = (0, 0);
        for length in (0..data.len()).step_by(step).chain([data.len()]) {
            let mut bytes = before.clone();
            Operation::Write { offset: *offset, data: data[..length].to_vec() }.apply(&mut bytes);
            let (_store, found) = open::<Log>(&Disk::holding(bytes));
            let [first, second] = &life.allowed(write)[..] else { panic!("one was under way") };
            assert!(found == *first || found == *second, "{length}: {found:?}");
            older += usize::from(found == *first);
            newer += usize::from(found == *second);
        }
        assert!(older > 80 && newer > 0, "{older} and {newer}");
    }
}

/// A file in which a log goes round stays as small as it was.
#[test]
fn a_file_does_not_grow_for_what_counts_no_longer() {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    let length = disk.bytes().len();
    let (mut store, _) = open(&disk);
    for term in 0..1_000 {
        let mut log = Log::sample(term, 3);
        log.entries.insert(0, vec![1; 700]);
        store.commit(&log).unwrap();
    }
    assert_eq!(disk.bytes().len(), length);
}

/// Nor does it grow to more than a few times what counts, though some of that stays for ever.
#[test]
fn a_file_is_a_few_times_as_long_as_what_counts() {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    let (mut store, _) = open(&disk);
    let mut log = Log { term: 0, entries: vec![vec![0; 50_000]; 20] };
    for term in 1..=400 {
        log.term = term;
        let changing = 5 + term as usize % 15;
        log.entries[changing].fill(term as u8);
        store.commit(&log).unwrap();
    }
    let times = disk.bytes().len() as f64 / 1_000_000.0;
    assert!(times < 3.5, "{times} times as long");
    drop(store);
    assert_eq!(open::<Log>(&disk).1, Some(log));
}

/// A disk that loses a block, or brings back what was there before, is found out: by the number
/// that is missing, the chain, or the batch behind. Only of the very last batch nothing can tell.
#[test]
fn a_block_that_is_lost_or_goes_back_is_noticed_unless_it_is_the_last() {
    let life = life();
    let last = life.after_cut(life.operations.len(), |_| true);
    let state = life.promises.last().unwrap().1.clone();
    let before_last = life.promises.iter().rev().nth(1).unwrap().1.clone();
    let (mut refused, mut gone) = (0, 0);
    for block in 0..last.len() / BLOCK {
        let range = block * BLOCK..(block + 1) * BLOCK;
        let mut pasts = vec![vec![0; BLOCK]];
        for cut in 0..life.operations.len() {
            let past = life.after_cut(cut, |_| true);
            if let Some(past) = past.get(range.clone())
                && !pasts.iter().any(|known| known == past)
            {
                pasts.push(past.to_vec());
            }
        }
        for past in pasts.into_iter().filter(|past| past != &last[range.clone()]) {
            let mut bytes = last.clone();
            bytes[range.clone()].copy_from_slice(&past);
            let disk = Disk::holding(bytes);
            match Store::<Log>::open_with(disk, nowhere(), SELF) {
                Ok((_, found)) if found == before_last => gone += 1,
                Ok((_, found)) => assert_eq!(found, state, "block {block}"),
                Err(StoreError::Damaged { .. }) => refused += 1,
                Err(error) => panic!("block {block}: {error}"),
            }
        }
    }
    assert!(refused > 10 && gone > 0, "{refused} refused, {gone} of the last");
}
