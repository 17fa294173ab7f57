//! The records of a storage: what a save costs, that they restore it, and that damage is named.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use quorate_models::data::Data;
use quorate_models::durable::{Change, Damage, Durable, Key};
use quorate_models::kv::{Command, Kv, put};
use quorate_models::number::{Epoch, Incarnation, Index};
use quorate_models::pieces;
use quorate_models::service::{Request, Sequence, Session};
use quorate_models::zab::log::{Log, Txn};
use quorate_models::zab::state::{Snapshot, Storage};
use quorate_models::zab::zxid::Zxid;

use crate::support::records::{self, Records, apply, records_of};

const META: Key = Key { kind: 0, number: 0 };
const COVER: Key = Key { kind: 2, number: 0 };

fn txn_key(number: u64) -> Key {
    Key { kind: 1, number }
}

/// A transaction, which is known by its zxid.
fn txn(epoch: u64, counter: u64) -> Txn<Command> {
    let (session, sequence) = (Session(epoch), Sequence(counter as u32));
    let command = put("x", if counter.is_multiple_of(2) { "1" } else { "2" });
    let request = Request { session, sequence, command, since: Index::ZERO };
    Txn { zxid: Zxid { epoch: Epoch(epoch), counter }, request }
}

/// The histories of the leaders of epochs 1, 2, ...: each begins as one of those before it did, up
/// to some transaction, and goes on with its own.
fn histories() -> impl Strategy<Value = Vec<Vec<Txn<Command>>>> {
    vec((any::<Pick>(), any::<Pick>(), 0..6_u64), 1..6).prop_map(|reigns| {
        let mut histories = vec![Vec::new()];
        for (epoch, (earlier, keep, count)) in (1..).zip(reigns) {
            let earlier: &Vec<Txn<Command>> = earlier.get(&histories);
            let mut history = earlier[..keep.index(earlier.len() + 1)].to_vec();
            history.extend((1..=count).map(|counter| txn(epoch, counter)));
            histories.push(history);
        }
        histories
    })
}

/// A storage that has so many transactions of a history, of which so many are in the snapshot, and
/// so many of those not in the log.
fn storage(history: &[Txn<Command>], covered: usize, cut: usize, begun: u64) -> Storage<Kv> {
    let (mut log, mut data, mut last) = (Log::default(), Data::<Kv>::default(), Zxid::ZERO);
    for (number, txn) in history.iter().enumerate() {
        if number < covered {
            data.apply(&txn.request);
            last = txn.zxid;
        }
        log.push(txn.clone());
    }
    if let Some(txn) = history[..cut].last() {
        log.cut_up_to(txn.zxid);
    }
    let index = Index(covered as u64);
    let snapshot = Snapshot { zxid: last, index, pieces: pieces::encode(&data, 8) };
    Storage {
        store: 7,
        accepted: Epoch(9),
        current: Epoch(begun),
        begun: Incarnation(begun),
        snapshot: (covered > 0).then_some(snapshot),
        log,
    }
}

/// What one server saved, in turn: its log grows, shrinks and has its end replaced, and snapshots
/// come and go, which is more than a server does. What is in a snapshot is the same in all.
fn saves() -> impl Strategy<Value = Vec<Storage<Kv>>> {
    let save = (any::<Pick>(), any::<Pick>(), any::<Pick>(), any::<Pick>(), 0..3_u64);
    (histories(), vec(save, 1..10)).prop_map(|(histories, saves)| {
        let common = |a: &[Txn<Command>], b: &[Txn<Command>]| {
            a.iter().zip(b).take_while(|(a, b)| a == b).count()
        };
        let mut all = Vec::new();
        let (mut before, mut before_covered) = (Vec::new(), 0);
        for (which, length, covered, cut, begun) in saves {
            let history = which.get(&histories);
            let history = history[..length.index(history.len() + 1)].to_vec();
            // A snapshot holds what is never replaced.
            if common(&history, &before) < before_covered {
                continue;
            }
            let covered = before_covered.max(covered.index(history.len() + 1));
            let cut = cut.index(covered + 1);
            all.push(storage(&history, covered, cut, begun));
            (before, before_covered) = (history, covered);
        }
        all
    })
}

fn restore(records: &Records) -> Result<Storage<Kv>, Damage> {
    records::restore(records)
}

/// The record that `records` are said to be damaged in.
fn damaged(records: &Records) -> Option<String> {
    restore(records).err().map(|damage| damage.record)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn records_kept_by_changes_restore_the_storage(saves in saves()) {
        let mut records = Records::new();
        let mut since: Option<&Storage<Kv>> = None;
        for storage in &saves {
            apply(storage.changes(since), &mut records);
            prop_assert_eq!(&records, &records_of(storage));
            prop_assert_eq!(restore(&records), Ok(storage.clone()));
            prop_assert!(storage.changes(Some(storage)).is_empty());
            since = Some(storage);
        }
    }

    #[test]
    fn a_missing_or_truncated_record_is_damage(saves in saves()) {
        let Some(storage) = saves.last() else { return Ok(()) };
        let whole = records_of(storage);
        for (key, bytes) in &whole {
            let mut records = whole.clone();
            records.remove(key);
            prop_assert!(damaged(&records).is_some(), "{:?} is missed", key);
            for length in 0..bytes.len() {
                records.insert(*key, bytes.slice(..length));
                prop_assert!(damaged(&records).is_some(), "{:?} is cut to {}", key, length);
            }
            records.insert(*key, [&bytes[..], &[0]].concat().into());
            prop_assert!(damaged(&records).is_some(), "{:?} is too long", key);
        }
    }
}

#[test]
fn damage_is_named() {
    let history: Vec<_> = (1..=4).map(|counter| txn(1, counter)).collect();
    let whole = records_of(&storage(&history, 2, 1, 1));
    let without = |key| {
        let mut records = whole.clone();
        records.remove(&key).expect("it is there");
        damaged(&records)
    };
    assert_eq!(damaged(&Records::new()), Some("epochs".to_owned()));
    assert_eq!(without(META), Some("epochs".to_owned()));
    assert_eq!(without(txn_key(3)), Some("transaction 3".to_owned()));
    assert_eq!(without(txn_key(4)), Some("transaction 4".to_owned()));
    assert_eq!(without(COVER), Some("what the snapshot stands for".to_owned()));
    let with = |key, value: &Bytes| {
        let mut records = whole.clone();
        records.insert(key, value.clone());
        damaged(&records)
    };
    let fourth = &whole[&txn_key(4)];
    assert_eq!(with(txn_key(5), fourth), Some("transaction 5".to_owned()));
    assert_eq!(with(txn_key(3), fourth), Some("transaction 3".to_owned()));
    assert_eq!(with(txn_key(1), fourth), Some("transaction 1".to_owned()));
    let stranger = Key { kind: 9, number: 3 };
    assert_eq!(with(stranger, fourth), Some("record 3 of unknown kind 9".to_owned()));
}

/// Pieces that were written ahead of a save that did not come are no damage.
#[test]
fn pieces_of_another_snapshot_are_none_of_this_one() {
    let history: Vec<_> = (1..=4).map(|counter| txn(1, counter)).collect();
    let [one, other] = [2, 3].map(|covered| storage(&history, covered, 1, 1));
    let mut records = records_of(&one);
    let pieces = records_of(&other).into_iter().filter(|(key, _)| key.kind == 3);
    let pieces: Vec<_> = pieces.collect();
    assert!(!pieces.is_empty() && pieces.iter().all(|(key, _)| !one.holds(*key)));
    assert!(records.keys().all(|key| one.holds(*key)));
    records.extend(pieces);
    assert_eq!(restore(&records), Ok(one));
}

/// A save costs what changed.
#[test]
fn a_transaction_costs_two_records() {
    let history: Vec<_> = (1..=999).map(|counter| txn(1, counter)).collect();
    let [old, new] = [998, 999].map(|length| storage(&history[..length], 500, 400, 1));
    let keys = |changes: Vec<Change>| -> Vec<Key> {
        let key = |change: &Change| match change {
            Change::Put { key, .. } | Change::Remove { key } => *key,
        };
        changes.iter().map(key).collect()
    };
    assert_eq!(keys(new.changes(Some(&old))), [META, txn_key(999)]);
    assert_eq!(keys(old.changes(Some(&new))), [META, txn_key(999)]);
}
