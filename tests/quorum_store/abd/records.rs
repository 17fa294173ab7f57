//! The records of what a replica keeps on its disk: a save costs what changed, the records restore
//! what was saved, and damage is named.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use quorate_models::crash_vector::Life;
use quorate_models::durable::{Change, Damage, Durable, Key};
use quorate_models::kv::{Kv, Text};
use quorate_models::number::{Incarnation, Index};
use quorate_models::quorum_store::abd::state::Storage;
use quorate_models::quorum_store::register::{Tag, Tagged};
use quorate_models::service::Session;
use stateright::actor::Id;

use crate::support::arbitrary::config;
use crate::support::records::{self, Records, apply, records_of};

/// What may happen to a replica between two saves.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// A register of this number is written.
    Write(u8),
    /// A server has lost its disk once more.
    Lose(usize),
    Rejoin,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..8_u8).prop_map(Act::Write),
        1 => (0..3_usize).prop_map(Act::Lose),
        1 => Just(Act::Rejoin),
    ]
}

/// What these acts leave.
fn after(acts: &[Act]) -> Storage<Kv> {
    let mut storage = Storage::of(7);
    for (number, act) in (1..).zip(acts) {
        match act {
            Act::Write(register) => {
                let tag = Tag { number: Index(number), writer: Session(3) };
                let content = Some(Text::from(&*format!("value {number}")));
                let key = Text::from(&*format!("key {register}"));
                storage.registers.insert(key, Tagged { tag, content });
            }
            Act::Lose(server) => {
                let incarnation = Incarnation(number + 1);
                storage.crashes.learn(Id::from(*server), Life { incarnation, store: number });
            }
            Act::Rejoin => storage.has_rejoined = true,
        }
    }
    storage
}

fn restore(records: &Records) -> Result<Storage<Kv>, Damage> {
    records::restore(records)
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn records_kept_by_changes_restore_the_storage(acts in vec(act(), 1..30)) {
        let mut records = Records::new();
        let mut before: Option<Storage<Kv>> = None;
        for count in 0..=acts.len() {
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
            prop_assert!(restore(&missing).is_err());
            let mut cut = whole.clone();
            let bytes = cut[key].slice(..cut[key].len() - 1);
            cut.insert(*key, bytes);
            prop_assert!(restore(&cut).is_err());
            for more in [Key { number: key.number + 1_000, ..*key }, Key { kind: 7, ..*key }] {
                let mut many = whole.clone();
                many.insert(more, Bytes::from_static(b"x"));
                prop_assert!(restore(&many).is_err());
            }
        }
    }
}

/// A save of many registers costs the one that is written.
#[test]
fn a_save_costs_what_changed() {
    let writes: Vec<_> = (0..=200).map(Act::Write).collect();
    let before = after(&writes);
    let storage = after(&[&writes[..], &[Act::Write(7)]].concat());
    let keys: Vec<_> = storage.changes(Some(&before)).iter().map(name).collect();
    assert_eq!(keys, ["register 7"]);
}

fn name(change: &Change) -> String {
    match change {
        Change::Put { key, .. } | Change::Remove { key } => Storage::<Kv>::name(*key),
    }
}

#[test]
fn damage_names_the_record() {
    let whole = records_of(&after(&[Act::Write(1), Act::Write(2), Act::Write(3)]));
    let [meta, second] = [(0, 0), (1, 1)].map(|(kind, number)| Key { kind, number });
    for (key, named) in [(meta, "what says which store it is"), (second, "register 1")] {
        let mut records = whole.clone();
        assert!(records.remove(&key).is_some(), "{key:?}");
        let damage = restore(&records).expect_err(named);
        assert_eq!((damage.record.as_str(), damage.problem.as_str()), (named, "missing"));
    }
    let mut twice = whole.clone();
    let first = twice[&Key { kind: 1, number: 0 }].clone();
    twice.insert(second, first);
    let damage = restore(&twice).expect_err("one name stands there twice");
    assert_eq!(damage.problem, "has the name of another one");
}
