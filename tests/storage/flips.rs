//! Every bit of a store is flipped in turn: it opens with all it held, or it does not open.

use std::collections::BTreeMap;
use std::panic;
use std::sync::Once;
use std::thread;

use quorate::node::storage::{Store, StoreError};

use crate::disk::Disk;
use crate::toy::Log;
use crate::{SELF, nowhere};

/// What became of the flips.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcomes {
    opened: usize,
    refused: BTreeMap<String, usize>,
}

/// A store that was closed and then, after one more commit, not closed; and what it holds.
fn stores() -> (Vec<u8>, Vec<u8>, Log) {
    let disk = Disk::default();
    Store::<Log>::create_with(disk.clone(), nowhere(), SELF).unwrap();
    for term in 1..4 {
        open(&disk).unwrap().0.commit(&Log::sample(term, 3)).unwrap();
    }
    let last = Log::sample(4, 2);
    let mut store = open(&disk).unwrap().0;
    store.commit(&Log::sample(3, 4)).unwrap();
    store.commit(&last).unwrap();
    let unclean = disk.bytes();
    drop(store);
    (disk.bytes(), unclean, last)
}

fn open(disk: &Disk) -> Result<(Store<Log>, Option<Log>), StoreError> {
    Store::open_with(|| Ok(disk.clone()), nowhere(), SELF)
}

/// Flips bit `bit` of `bytes`, asserts the promise, and tells whether the store opened.
fn flip(bytes: &[u8], bit: usize, last: &Log) -> Result<(), String> {
    let mut damaged = bytes.to_vec();
    damaged[bit / 8] ^= 1 << (bit % 8);
    let disk = Disk::holding(damaged);
    match open(&disk) {
        Ok((_store, found)) => {
            // Closing writes, which takes longer than all the rest.
            disk.fail_after(0);
            assert_eq!(found.as_ref(), Some(last), "bit {bit} of {}", bytes.len() * 8);
            Ok(())
        }
        Err(StoreError::Damaged { record, .. }) => Err(record),
        Err(error) => panic!("bit {bit}: {error}"),
    }
}

/// The bits that opening `bytes` and reading all of it looks at. Opening is a function of these: a
/// bit it does not look at can flip without a difference.
fn bits_that_matter(bytes: &[u8]) -> Vec<usize> {
    let disk = Disk::holding(bytes.to_vec());
    let _store = open(&disk).unwrap();
    disk.read_offsets().into_iter().flat_map(|byte| byte * 8..byte * 8 + 8).collect()
}

/// redb panics on some thousand of these files, as a store expects. Nobody needs to read of each.
fn hush_redb() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|place| place.file().contains("redb-")) {
                default(info);
            }
        }));
    });
}

fn flip_all(bytes: &[u8], bits: &[usize], last: &Log) -> Outcomes {
    hush_redb();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let work = |first: usize| {
            let mut outcomes = Outcomes::default();
            for &bit in bits.iter().skip(first).step_by(threads) {
                match flip(bytes, bit, last) {
                    Ok(()) => outcomes.opened += 1,
                    Err(record) => *outcomes.refused.entry(record).or_default() += 1,
                }
            }
            outcomes
        };
        let workers: Vec<_> = (0..threads).map(|n| scope.spawn(move || work(n))).collect();
        let mut sum = Outcomes::default();
        for worker in workers {
            let part = worker.join().unwrap();
            sum.opened += part.opened;
            for (record, count) in part.refused {
                *sum.refused.entry(record).or_default() += count;
            }
        }
        sum
    })
}

#[test]
fn a_flipped_bit_in_a_closed_store_is_refused_or_harmless() {
    let (closed, _, last) = stores();
    let outcomes = flip_all(&closed, &bits_that_matter(&closed), &last);
    assert!(outcomes.opened > 0, "{outcomes:?}");
    for record in ["the meta record", "log entry 2", "identity", "table of contents", "the file"] {
        assert!(outcomes.refused.contains_key(record), "no flip was blamed on {record}");
    }
}

#[test]
fn a_flipped_bit_in_a_store_that_was_not_closed_is_refused_or_harmless() {
    let (_, unclean, last) = stores();
    let outcomes = flip_all(&unclean, &bits_that_matter(&unclean), &last);
    assert!(outcomes.opened > 0 && !outcomes.refused.is_empty(), "{outcomes:?}");
}

/// The bits that opening does not look at, sampled, to see that they do not matter; nor do they to
/// what is written later.
#[test]
fn a_flipped_bit_in_unused_space_does_no_harm_later() {
    let (closed, unclean, last) = stores();
    for bytes in [closed, unclean] {
        for bit in (0..bytes.len() * 8).step_by(1009) {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let disk = Disk::holding(damaged);
            let Ok((mut store, found)) = open(&disk) else {
                continue;
            };
            assert_eq!(found.as_ref(), Some(&last), "bit {bit}");
            for term in 10..13 {
                store.commit(&Log::sample(term, 60)).unwrap();
            }
            drop(store);
            assert_eq!(open(&disk).unwrap().1, Some(Log::sample(12, 60)), "bit {bit}");
        }
    }
}

/// The one bit that no checksum covers, in a store whose last commit was not followed by anything.
#[test]
fn the_bit_that_says_which_commit_is_last_is_not_trusted() {
    let (_, unclean, last) = stores();
    assert_eq!(flip(&unclean, 9 * 8, &last), Ok(()));
}
