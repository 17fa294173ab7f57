//! The records of a storage: what a save costs, that they restore it, and that damage is named.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use quorate_models::durable::{Change, Damage, Durable, Key};
use quorate_models::kv::{Command, Kv};
use quorate_models::number::{Index, Term};
use quorate_models::raft::config::Config;
use quorate_models::raft::identity::StoreId;
use quorate_models::raft::log::{Entry, Log, Payload, Position};
use quorate_models::raft::snapshot::Snapshot;
use quorate_models::raft::state::Storage;
use quorate_models::session::Sessions;

use crate::support::arbitrary::{any_id, any_payload, config};

const META: Key = Key { kind: 0, number: 0 };

const STORE: Key = Key { kind: 4, number: 0 };

const PROMISE: Key = Key { kind: 5, number: 0 };

const COVER: Key = Key { kind: 2, number: 0 };

fn entry_key(number: u64) -> Key {
    Key { kind: 1, number }
}

/// The logs of the leaders of terms 1, 2, ...: each begins as one of those before it did, up to
/// some entry, and goes on with entries of its own term. So all their beginnings obey log matching.
fn leaders() -> impl Strategy<Value = Vec<Vec<Entry<Command>>>> {
    let reign = (any::<Pick>(), any::<Pick>(), vec(any_payload(), 0..6));
    vec(reign, 1..6).prop_map(|reigns| {
        let mut logs = vec![Vec::new()];
        for (term, (earlier, keep, payloads)) in (1..).map(Term).zip(reigns) {
            let earlier: &Vec<Entry<Command>> = earlier.get(&logs);
            let mut log = earlier[..keep.index(earlier.len() + 1)].to_vec();
            log.extend(payloads.into_iter().map(|payload| Entry { term, payload }));
            logs.push(log);
        }
        logs
    })
}

/// What one server saved, in turn: its log grows, shrinks and has its end replaced. The terms go
/// up and down, which is more than a server does.
fn histories() -> impl Strategy<Value = Vec<Storage<Kv>>> {
    let promise = (1..3_u64).prop_map(Duration::from_secs);
    let save = (any::<Pick>(), any::<Pick>(), 0..3_u64, prop::option::of(any_id()), promise);
    (leaders(), vec(save, 1..12)).prop_map(|(leaders, saves)| {
        let storage = |(leader, length, later, voted_for, promise): (Pick, Pick, u64, _, _)| {
            let term = leader.index(leaders.len());
            let log = &leaders[term];
            Storage {
                store: StoreId(1),
                promise: Some(promise),
                snapshot: None,
                term: Term(term as u64 + later),
                voted_for,
                log: log[..length.index(log.len() + 1)].iter().cloned().collect(),
            }
        };
        saves.into_iter().map(storage).collect()
    })
}

type Records = BTreeMap<Key, Bytes>;

/// The records of a storage that is saved for the first time.
fn records_of(storage: &Storage<Kv>) -> Records {
    let mut records = Records::new();
    apply(storage.changes(None), &mut records);
    records
}

fn apply(changes: Vec<Change>, records: &mut Records) {
    for change in changes {
        match change {
            Change::Put { key, value } => drop(records.insert(key, value)),
            Change::Remove { key } => assert!(records.remove(&key).is_some(), "{key:?} is there"),
        }
    }
}

fn restore(records: &Records) -> Result<Storage<Kv>, Damage> {
    Storage::restore(records.clone().into_iter().collect())
}

/// The record that `records` are said to be damaged in.
fn damaged(records: &Records) -> Option<String> {
    restore(records).err().map(|damage| damage.record)
}

fn name(key: Key) -> String {
    Storage::<Kv>::name(key)
}

/// How many records a save must touch: its own, and the entries that only one of the logs has.
fn differing(new: &Storage<Kv>, old: &Storage<Kv>) -> usize {
    let (own, theirs) = (new.log.behind(Index::ZERO), old.log.behind(Index::ZERO));
    let shared = own.zip(theirs).take_while(|(a, b)| a == b).count();
    let (length, before) = (new.log.last_index().0, old.log.last_index().0);
    let meta = (new.term, new.voted_for, length) != (old.term, old.voted_for, before);
    let promise = new.promise != old.promise;
    usize::from(meta) + usize::from(promise) + length.max(before) as usize - shared
}

proptest! {
    #![proptest_config(config(2_000))]

    #[test]
    fn records_kept_by_changes_restore_the_storage(history in histories()) {
        let mut records = Records::new();
        let mut since: Option<&Storage<Kv>> = None;
        for storage in &history {
            let changes = storage.changes(since);
            if let Some(since) = since {
                prop_assert_eq!(changes.len(), differing(storage, since));
            }
            apply(changes, &mut records);
            prop_assert_eq!(&records, &records_of(storage));
            prop_assert_eq!(restore(&records), Ok(storage.clone()));
            since = Some(storage);
        }
    }

    #[test]
    fn a_missing_or_truncated_record_is_damage(history in histories()) {
        let whole = records_of(history.last().expect("one at least"));
        for (key, bytes) in &whole {
            let mut records = whole.clone();
            records.remove(key);
            // Older stores have no number, and not all have promised. That one is gone shows in the
            // table of contents.
            let missing = ![STORE, PROMISE].contains(key);
            let missing = missing.then(|| name(*key));
            prop_assert_eq!(damaged(&records), missing);
            for length in 0..bytes.len() {
                records.insert(*key, bytes.slice(..length));
                prop_assert_eq!(damaged(&records), Some(name(*key)));
            }
        }
        prop_assert_eq!(damaged(&Records::new()), Some(name(META)));
    }

    #[test]
    fn an_extra_record_is_damage(history in histories(), payload in any_payload()) {
        let storage = history.last().expect("one at least");
        let entry = Entry { term: storage.term, payload };
        let bytes = Bytes::from(postcard::to_stdvec(&entry).expect("plain data"));
        let behind = entry_key(storage.log.last_index().0 + 1);
        let mut records = records_of(storage);
        records.insert(behind, bytes.clone());
        prop_assert_eq!(damaged(&records), Some(name(behind)));
        for (kind, number) in [(0, 1), (1, 0), (1, u64::MAX), (2, 0), (u8::MAX, u64::MAX)] {
            let mut records = records_of(storage);
            records.insert(Key { kind, number }, bytes.clone());
            prop_assert!(restore(&records).is_err(), "kind {} number {}", kind, number);
        }
    }

    #[test]
    fn a_garbled_record_never_costs_an_entry(
        history in histories(), record: Pick, at: Pick, byte: u8, noise in vec(any::<u8>(), 0..40),
    ) {
        let storage = history.last().expect("one at least");
        let whole = records_of(storage);
        let key = *record.get(&whole.keys().collect::<Vec<_>>());
        let mut altered = whole[key].to_vec();
        let at = at.index(altered.len());
        altered[at] = byte;
        for bytes in [altered, noise] {
            let mut records = whole.clone();
            records.insert(*key, bytes.into());
            // A checksum of the store's own tells one term from another; the count of entries is
            // told here.
            if let Ok(found) = restore(&records) {
                prop_assert_eq!(found.log.last_index(), storage.log.last_index());
            }
            records.insert(META, vec![0xff; 30].into());
            prop_assert_eq!(damaged(&records), Some(name(META)));
        }
    }
}

/// What one leader's log looks like on a disk, compacted to wherever.
fn compacted() -> impl Strategy<Value = (Storage<Kv>, Storage<Kv>)> {
    let cut = || (any::<Pick>(), any::<Pick>(), prop::option::of(any::<Pick>()));
    (leaders(), cut(), cut()).prop_map(|(leaders, one, other)| {
        let log: Log<Command> = leaders.last().expect("one").iter().cloned().collect();
        let storage = |(length, base, covers): (Pick, Pick, Option<Pick>)| {
            let length = length.index(log.last_index().0 as usize + 1);
            let mut log = log.clone();
            log.truncate_from(Index(length as u64 + 1));
            let mut storage = Storage { term: Term(9), log, ..Storage::default() };
            if let Some(covers) = covers {
                let last = Index(covers.index(length + 1) as u64);
                let term = storage.log.term_at(last).unwrap_or_default();
                let (last, config) = (Position { index: last, term }, Default::default());
                let (machine, sessions) = (Kv::default(), Sessions::default());
                storage.snapshot = Some(Snapshot::of(last, config, &machine, &sessions, 1));
                storage.log.compact_to(Index(base.index(last.index.0 as usize + 1) as u64));
            }
            storage
        };
        (storage(one), storage(other))
    })
}

proptest! {
    #![proptest_config(config(2_000))]

    /// A disk may be ahead of its server, and have compacted what that has not yet.
    #[test]
    fn changes_lead_from_any_compaction_to_any_other((old, new) in compacted()) {
        let mut records = records_of(&old);
        apply(new.changes(Some(&old)), &mut records);
        prop_assert_eq!(&records, &records_of(&new));
        prop_assert_eq!(restore(&records), Ok(new));
    }
}

#[test]
fn an_append_costs_two_records_however_long_the_log() {
    let mut storage = Storage::<Kv>::default();
    for number in 1..=300 {
        let old = storage.clone();
        storage.log.append(Entry { term: Term(1), payload: Payload::NoOp });
        let keys = storage.changes(Some(&old)).into_iter().map(|change| match change {
            Change::Put { key, .. } | Change::Remove { key } => key,
        });
        assert_eq!(keys.collect::<Vec<_>>(), [META, entry_key(number)]);
        assert_eq!(storage.changes(Some(&storage)), []);
    }
    assert_eq!(name(META), "term and vote");
    assert_eq!(name(entry_key(300)), "log entry 300");
}

/// What is compacted is removed, and the snapshot's pieces are written once.
#[test]
fn a_snapshot_costs_its_pieces_and_what_it_stands_for() {
    let mut log: Log<Command> = Log::default();
    (0..3).for_each(|_| log.append(Entry { term: Term(1), payload: Payload::NoOp }));
    let whole = Storage::<Kv> { term: Term(1), log, ..Storage::default() };
    let mut compacted = whole.clone();
    let config = (Index::ZERO, Config::default());
    let last = Position { index: Index(2), term: Term(1) };
    compacted.snapshot = Some(Snapshot::of(last, config, &Kv::default(), &Sessions::default(), 1));
    compacted.log.compact_to(Index(1));
    let changes = compacted.changes(Some(&whole));
    // The key says of which snapshot it is.
    let piece = |number: u64| Key { kind: 3, number: 2 << 24 | number };
    let put = [COVER, piece(0), piece(1)];
    let keys = changes.iter().map(|change| match change {
        Change::Put { key, .. } => (*key, true),
        Change::Remove { key } => (*key, false),
    });
    let expected = [(entry_key(1), false)].into_iter().chain(put.map(|key| (key, true)));
    assert_eq!(keys.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    let mut records = records_of(&whole);
    apply(changes, &mut records);
    assert_eq!(records, records_of(&compacted));
    assert_eq!(restore(&records), Ok(compacted.clone()));
    let later = Storage { term: Term(2), ..compacted.clone() };
    assert_eq!(later.changes(Some(&compacted)).len(), 1);
    for key in records.keys() {
        let mut fewer = records.clone();
        fewer.remove(key);
        let blamed = match *key {
            // Without it nobody knows where the log begins.
            COVER => entry_key(1),
            key => key,
        };
        assert_eq!(damaged(&fewer), Some(name(blamed)));
    }
    records.insert(piece(2), vec![0].into());
    assert_eq!(damaged(&records), Some(name(piece(2))));
    // That of another snapshot, which is not taken yet, is none.
    let mut records = records_of(&compacted);
    records.insert(Key { kind: 3, number: 3 << 24 }, vec![0].into());
    assert_eq!(restore(&records), Ok(compacted.clone()));
    let installed = Storage { log: Log::behind_base(last), ..compacted };
    let changes = installed.changes(Some(&whole));
    let mut records = records_of(&whole);
    apply(changes, &mut records);
    assert_eq!(restore(&records), Ok(installed));
    assert_eq!(name(piece(0)), "piece 0 of the snapshot");
    assert_eq!(name(COVER), "what the snapshot stands for");
}
