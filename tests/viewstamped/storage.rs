//! The records of what a replica keeps on its disk: a save costs what changed, the records restore
//! what was saved, and damage is named.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use quorate_models::crash_vector::CrashVector;
use quorate_models::data::Data;
use quorate_models::durable::{Change, Damage, Durable, Key};
use quorate_models::kv::{Command, Kv, put};
use quorate_models::number::{Epoch, Incarnation, Index};
use quorate_models::service::{Request, Sequence, Session};
use quorate_models::viewstamped::checkpoint::Checkpoint;
use quorate_models::viewstamped::group::{Group, View};
use quorate_models::viewstamped::log::{Entry, Log};
use quorate_models::viewstamped::state::{Known, Storage};
use stateright::actor::Id;

use crate::support::arbitrary::config;
use crate::support::records::{self, Records, apply, records_of};

/// What may happen to a replica between two saves.
#[derive(Clone, Copy, Debug)]
enum Act {
    Append(u64),
    Commit(u64),
    /// Another view's log takes the place of what is not committed.
    Replace(u64),
    /// A checkpoint stands for what is committed, and so much of the log goes.
    Drop(u64),
    /// The group is another one from now on.
    Reconfigure,
    /// It has lost its memory.
    Recover,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (1..4_u64).prop_map(Act::Append),
        3 => (1..4_u64).prop_map(Act::Commit),
        1 => (0..3_u64).prop_map(Act::Replace),
        1 => (1..4_u64).prop_map(Act::Drop),
        1 => Just(Act::Reconfigure),
        1 => Just(Act::Recover),
    ]
}

fn request(view: View, op: Index) -> Request<Command> {
    let command = put("x", &format!("{} in {}", op.0, view.number.0));
    Request { session: Session(op.0), sequence: Sequence(1), command, since: Index::ZERO }
}

fn perform(act: Act, storage: &mut Storage<Command>) {
    let known = storage.known.get_or_insert_with(|| Known {
        view: View::ZERO.next(),
        last_normal: View::ZERO.next(),
        log: Log::default(),
        commit: Index::ZERO,
        checkpoint: None,
        crashes: CrashVector::default(),
    });
    let append = |known: &mut Known<Command>, count| {
        for _ in 0..count {
            known.log.push(Entry::Request(request(known.view, known.log.last().next())));
        }
    };
    match act {
        Act::Append(count) => append(known, count),
        Act::Commit(count) => known.commit = Index(known.commit.0 + count).min(known.log.last()),
        Act::Replace(count) => {
            known.view = known.view.next();
            known.last_normal = known.view;
            known.log.cut_behind(known.commit);
            append(known, count);
        }
        Act::Drop(count) => {
            let mut data = Data::<Kv>::default();
            data.apply(&request(View::ZERO, known.commit));
            known.checkpoint = Some(Checkpoint::of(known.commit, &data, 7));
            for _ in known.log.base().0..known.commit.0.min(known.log.base().0 + count) {
                known.log.drop_first();
            }
        }
        Act::Reconfigure => {
            let epoch = storage.group.as_ref().map_or(Epoch::ZERO, |group| group.epoch).next();
            let replicas = vec![Id::from(epoch.0 as usize)];
            let group = Group { epoch, ..Group::of_founders(replicas, BTreeMap::new()) };
            known.log.push(Entry::Reconfiguration(group.clone()));
            storage.group = Some(group);
            storage.nonce.epoch = epoch;
        }
        Act::Recover => {
            storage.nonce.incarnation = storage.nonce.incarnation.next();
            storage.known = None;
        }
    }
}

fn restore(records: &Records) -> Result<Storage<Command>, Damage> {
    records::restore(records)
}

/// What these acts leave.
fn after(acts: &[Act]) -> Storage<Command> {
    let mut storage = Storage::of(7);
    storage.nonce.incarnation = Incarnation(1);
    acts.iter().for_each(|act| perform(*act, &mut storage));
    storage
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn records_kept_by_changes_restore_the_storage(acts in vec(act(), 1..30)) {
        let mut records = Records::new();
        let mut before: Option<Storage<Command>> = None;
        for count in 1..=acts.len() {
            let storage = after(&acts[..count]);
            apply(storage.changes(before.as_ref()), &mut records);
            prop_assert_eq!(&records, &records_of(&storage));
            prop_assert_eq!(restore(&records), Ok(storage.clone()));
            prop_assert!(storage.changes(Some(&storage)).is_empty());
            before = Some(storage);
        }
    }

    #[test]
    fn a_record_that_is_missing_or_cut_or_too_many_is_damage(acts in vec(act(), 1..30)) {
        let whole = records_of(&after(&acts));
        for key in whole.keys() {
            let mut missing = whole.clone();
            missing.remove(key);
            let has_no_more = whole.keys().all(|key| key.kind <= VIEWS.kind);
            prop_assert!(restore(&missing).is_err() || *key == VIEWS && has_no_more);
            let mut cut = whole.clone();
            let bytes = cut[key].slice(..cut[key].len() - 1);
            cut.insert(*key, bytes);
            let is_piece = key.kind == 3;
            prop_assert!(restore(&cut).is_err() || is_piece);
            let mut more = whole.clone();
            more.insert(Key { number: key.number + 1_000, ..*key }, Bytes::from_static(b"x"));
            prop_assert!(restore(&more).is_err());
        }
    }
}

const VIEWS: Key = Key { kind: 1, number: 0 };

/// A save of a long log costs what is new.
#[test]
fn a_save_costs_what_changed() {
    let mut storage = after(&[Act::Append(1_000), Act::Commit(999)]);
    let before = storage.clone();
    perform(Act::Append(1), &mut storage);
    perform(Act::Commit(1), &mut storage);
    let keys: Vec<_> = storage.changes(Some(&before)).iter().map(name).collect();
    assert_eq!(keys, ["view", "request 1001"]);
}

fn name(change: &Change) -> String {
    match change {
        Change::Put { key, .. } | Change::Remove { key } => Storage::<Command>::name(*key),
    }
}

#[test]
fn damage_names_the_record() {
    let whole = records_of(&after(&[Act::Append(3), Act::Commit(2), Act::Drop(1)]));
    for (key, named) in [
        (Key { kind: 0, number: 0 }, "number of starts"),
        (Key { kind: 2, number: 2 }, "request 2"),
        (Key { kind: 3, number: 2 << 24 }, "piece 0 of the snapshot"),
    ] {
        let mut records = whole.clone();
        assert!(records.remove(&key).is_some(), "{key:?}");
        let damage = restore(&records).expect_err(named);
        assert_eq!((damage.record.as_str(), damage.problem.as_str()), (named, "missing"));
    }
    let mut records = whole.clone();
    records.remove(&VIEWS);
    let damage = restore(&records).expect_err("nothing says how far the log goes");
    assert_eq!(damage.record, "request 2");
}
