//! Every bit of a store that opening reads is flipped in turn, and all others at once: it opens
//! with all it held, or it does not open.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::thread;

use quorate::node::storage::{self, Store, StoreError};
use quorate_models::durable::Durable;
use quorate_models::kv::{Command, Kv, Text};
use quorate_models::number::{Index, Term};
use quorate_models::raft::log::{Entry, Payload};
use quorate_models::raft::state::Storage;
use quorate_models::service::{Request, Sequence, Session};
use stateright::actor::Id;

use crate::disk::Disk;
use crate::toy::Log;
use crate::{SELF, nowhere};

/// What became of the flips.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcomes {
    opened: usize,
    refused: BTreeMap<String, usize>,
}

/// What redb reads and writes at once.
const PAGE: usize = 4_096;

/// By this value a page is recognised that holds Raft's records.
const VALUE: &[u8] = b"the value of a key";

/// What a store can hold.
trait Held: Durable + Clone + PartialEq + Debug + Sync {}

impl<S: Durable + Clone + PartialEq + Debug + Sync> Held for S {}

/// A store that was closed and then, after one more commit, not closed; and what it holds.
fn stores<S: Held>(sample: impl Fn(u64, u8) -> S) -> (Vec<u8>, Vec<u8>, S) {
    let disk = Disk::default();
    storage::create_with(disk.clone(), nowhere(), SELF).unwrap();
    for term in 1..4 {
        open(&disk).unwrap().0.commit(&sample(term, 3)).unwrap();
    }
    let last = sample(4, 2);
    let mut store = open(&disk).unwrap().0;
    store.commit(&sample(3, 4)).unwrap();
    store.commit(&last).unwrap();
    let unclean = disk.bytes();
    drop(store);
    (disk.bytes(), unclean, last)
}

/// What Raft stores: a term, a vote, and a log of `entries` commands of that term.
fn sample_of_raft(term: u64, entries: u8) -> Storage<Kv> {
    let entry = |number: u8| {
        let value = String::from_utf8(VALUE.to_vec()).expect("text");
        let (key, value) = (Text::from("key"), Text::from(value.as_str()));
        let command = Command::Put { key, value };
        let (session, sequence) = (Session(7 << 60), Sequence(number.into()));
        let payload = Payload::Command(Request { session, sequence, since: Index::ZERO, command });
        Entry { term: Term(term), payload }
    };
    let log = (1..=entries).map(entry).collect();
    Storage {
        term: Term(term),
        voted_for: Some(Id::from(term as usize % 3)),
        log,
        ..Storage::default()
    }
}

fn open<S: Held>(disk: &Disk) -> Result<(Store<S>, Option<S>), StoreError> {
    Store::open_with(|| Ok(disk.clone()), nowhere(), SELF)
}

/// Flips bit `bit` of `bytes`, asserts the promise, and tells whether the store opened.
fn flip<S: Held>(bytes: &[u8], bit: usize, last: &S) -> Result<(), String> {
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
fn bits_that_matter<S: Held>(bytes: &[u8]) -> Vec<usize> {
    let disk = Disk::holding(bytes.to_vec());
    let _store = open::<S>(&disk).unwrap();
    disk.read_offsets().into_iter().flat_map(|byte| byte * 8..byte * 8 + 8).collect()
}

fn flip_all<S: Held>(bytes: &[u8], bits: &[usize], last: &S) -> Outcomes {
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
    let (closed, _, last) = stores(Log::sample);
    let outcomes = flip_all(&closed, &bits_that_matter::<Log>(&closed), &last);
    assert!(outcomes.opened > 0, "{outcomes:?}");
    for record in ["the meta record", "log entry 2", "identity", "table of contents", "the file"] {
        assert!(outcomes.refused.contains_key(record), "no flip was blamed on {record}");
    }
}

#[test]
fn a_flipped_bit_in_a_store_that_was_not_closed_is_refused_or_harmless() {
    let (_, unclean, last) = stores(Log::sample);
    let outcomes = flip_all(&unclean, &bits_that_matter::<Log>(&unclean), &last);
    assert!(outcomes.opened > 0 && !outcomes.refused.is_empty(), "{outcomes:?}");
}

/// The bits that opening does not look at, sampled, to see that they do not matter; nor do they to
/// what is written later.
#[test]
fn a_flipped_bit_in_unused_space_does_no_harm_later() {
    let (closed, unclean, last) = stores(Log::sample);
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
            assert_eq!(open::<Log>(&disk).unwrap().1, Some(Log::sample(12, 60)), "bit {bit}");
        }
    }
}

/// The one bit that no checksum covers, in a store whose last commit was not followed by anything.
#[test]
fn the_bit_that_says_which_commit_is_last_is_not_trusted() {
    let (_, unclean, last) = stores(Log::sample);
    assert_eq!(flip(&unclean, 9 * 8, &last), Ok(()));
}

/// The toy shows that whatever is altered is noticed; here a protocol's own records are.
#[test]
fn a_flipped_bit_in_what_raft_stores_is_refused_or_harmless() {
    let (closed, unclean, last) = stores(sample_of_raft);
    for bytes in [&closed, &unclean] {
        let pages = bytes.chunks(PAGE);
        let has_records: Vec<bool> =
            pages.map(|page| page.windows(VALUE.len()).any(|part| part == VALUE)).collect();
        let mut bits = bits_that_matter::<Storage<Kv>>(bytes);
        bits.retain(|bit| has_records[bit / 8 / PAGE]);
        assert!(bits.len() >= 8 * PAGE, "a page at least has Raft's records");
        let outcomes = flip_all(bytes, &bits, &last);
        let blamed = |record| outcomes.refused.contains_key(record);
        let all = ["term and vote", "log entry 1", "log entry 2"].into_iter().all(blamed);
        assert!(all || blamed("the file"), "{outcomes:?}");
    }
}

/// Opening does not depend on the bytes that it does not read, so that no bit of theirs need be
/// flipped by itself.
fn assert_the_rest_is_not_read<S: Held>((closed, unclean, last): (Vec<u8>, Vec<u8>, S)) {
    for bytes in [closed, unclean] {
        let disk = Disk::holding(bytes.clone());
        let _store = open::<S>(&disk).unwrap();
        let read = disk.read_offsets();
        let mut other: Vec<u8> = bytes.iter().map(|byte| !byte).collect();
        for &offset in &read {
            other[offset] = bytes[offset];
        }
        assert_ne!(other, bytes);
        let disk = Disk::holding(other);
        let (_store, found) = open(&disk).unwrap();
        assert_eq!((found, disk.read_offsets()), (Some(last.clone()), read));
    }
}

#[test]
fn what_opening_does_not_read_may_be_anything() {
    assert_the_rest_is_not_read(stores(Log::sample));
    assert_the_rest_is_not_read(stores(sample_of_raft));
}
