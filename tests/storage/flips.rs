//! Every bit of a store is flipped in turn: it opens with all it held, or it does not open.

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

/// What a store writes at once.
const BLOCK: usize = 4_096;

/// What a store can hold.
trait Held: Durable + Clone + PartialEq + Debug + Sync {}

impl<S: Durable + Clone + PartialEq + Debug + Sync> Held for S {}

/// A store that was opened a few times, and what it holds.
fn store<S: Held>(sample: impl Fn(u64, u8) -> S) -> (Vec<u8>, S) {
    let disk = Disk::default();
    storage::create_with(&disk, nowhere(), SELF).unwrap();
    for term in 1..4 {
        open(&disk).unwrap().0.commit(&sample(term, 3)).unwrap();
    }
    let last = sample(4, 2);
    let mut store = open(&disk).unwrap().0;
    // What lies in the last batch but one still counts after the last.
    store.commit(&sample(4, 3)).unwrap();
    store.commit(&last).unwrap();
    (disk.bytes(), last)
}

/// What Raft stores: a term, a vote, and a log of `entries` commands of that term.
fn sample_of_raft(term: u64, entries: u8) -> Storage<Kv> {
    let entry = |number: u8| {
        let (key, value) = (Text::from("key"), Text::from("the value of a key"));
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
    Store::open_with(disk.clone(), nowhere(), SELF)
}

/// Flips bit `bit` of `bytes`, asserts the promise, and tells whether the store opened.
fn flip<S: Held>(bytes: &[u8], bit: usize, last: &S) -> Result<(), String> {
    let mut damaged = bytes.to_vec();
    damaged[bit / 8] ^= 1 << (bit % 8);
    let disk = Disk::holding(damaged);
    match open(&disk) {
        Ok((_store, found)) => {
            assert_eq!(found.as_ref(), Some(last), "bit {bit} of {}", bytes.len() * 8);
            Ok(())
        }
        Err(StoreError::Damaged { record, .. }) => Err(record),
        Err(error) => panic!("bit {bit}: {error}"),
    }
}

/// Every bit of the blocks that something was written to, and one in a thousand of the others.
fn bits(bytes: &[u8]) -> Vec<usize> {
    let is_written: Vec<bool> =
        bytes.chunks(BLOCK).map(|block| block.iter().any(|byte| *byte != 0)).collect();
    (0..bytes.len() * 8).filter(|bit| is_written[bit / 8 / BLOCK] || bit % 1009 == 0).collect()
}

fn flip_all<S: Held>(bytes: &[u8], last: &S) -> Outcomes {
    let bits = bits(bytes);
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
fn a_flipped_bit_is_refused_or_harmless() {
    let (bytes, last) = store(Log::sample);
    let outcomes = flip_all(&bytes, &last);
    assert!(outcomes.opened > 0, "{outcomes:?}");
    for part in ["the file", "identity", "batch 8", "batch 9"] {
        assert!(outcomes.refused.contains_key(part), "no flip was blamed on {part}: {outcomes:?}");
    }
}

#[test]
fn a_flipped_bit_in_what_raft_stores_is_refused_or_harmless() {
    let (bytes, last) = store(sample_of_raft);
    let outcomes = flip_all(&bytes, &last);
    assert!(outcomes.opened > 0 && outcomes.refused.contains_key("batch 9"), "{outcomes:?}");
}

/// A flip that did no harm does none to what is written later.
#[test]
fn a_harmless_flip_does_no_harm_later() {
    let (bytes, last) = store(Log::sample);
    let mut opened = 0;
    for bit in (0..bytes.len() * 8).step_by(1009) {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let disk = Disk::holding(damaged);
        let Ok((mut store, found)) = open(&disk) else {
            continue;
        };
        opened += 1;
        assert_eq!(found.as_ref(), Some(&last), "bit {bit}");
        for term in 10..13 {
            store.commit(&Log::sample(term, 60)).unwrap();
        }
        drop(store);
        assert_eq!(open::<Log>(&disk).unwrap().1, Some(Log::sample(12, 60)), "bit {bit}");
    }
    assert!(opened > 100, "{opened}");
}
