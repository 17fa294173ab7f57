//! The records of a storage: what a save costs, that they restore it, and that damage is named.

use std::slice;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use quorate_models::data::Data;
use quorate_models::durable::{Change, Damage, Durable, Key};
use quorate_models::kv::{Kv, put};
use quorate_models::multi_paxos::ballot::Ballot;
use quorate_models::multi_paxos::config::{Changes, Config};
use quorate_models::multi_paxos::log::{Log, Value};
use quorate_models::multi_paxos::open::Pvalue;
use quorate_models::multi_paxos::snapshot::Snapshot;
use quorate_models::multi_paxos::state::Storage;
use quorate_models::number::{Index, Round};
use quorate_models::pieces;
use quorate_models::service::{Request, Sequence, Session};
use stateright::actor::Id;

use crate::support::arbitrary::config;
use crate::support::records::{Records, apply};

type Held = Storage<Kv>;
const META: Key = Key { kind: 0, number: 0 };

fn slot_key(number: u64) -> Key {
    Key { kind: 1, number }
}

fn value(number: u32) -> Value<quorate_models::kv::Command> {
    let (session, sequence) = (Session(1), Sequence(number));
    if number.is_multiple_of(10) {
        return Value::Change(members());
    }
    let command = put("x", if number.is_multiple_of(2) { "even" } else { "odd" });
    Value::Command(Request { session, sequence, command, since: Index::ZERO })
}

fn members() -> Config {
    let (voters, learners) = ([Id::from(1)].into(), [Id::from(2)].into());
    Config { voters, learners, stores: [(Id::from(1), 7)].into() }
}

/// What happens to a storage.
#[derive(Clone, Debug)]
enum Event {
    Promise,
    /// Of what is accepted so many slots behind what is chosen.
    Accept(u64, u32),
    /// What is accepted for the next slot is chosen, or another value.
    Choose(bool, u32),
    /// A snapshot of all that is chosen, beside which some stays.
    Compact(Pick),
    /// A snapshot that goes further.
    Install(u64),
    /// All that happened is saved.
    Save,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        1 => Just(Event::Promise),
        4 => (1..4_u64, 0..100_u32).prop_map(|(ahead, number)| Event::Accept(ahead, number)),
        4 => (any::<bool>(), 0..100_u32).prop_map(|(own, number)| Event::Choose(own, number)),
        1 => any::<Pick>().prop_map(Event::Compact),
        1 => (1..4_u64).prop_map(Event::Install),
        4 => Just(Event::Save),
    ];
    vec(event, 1..40)
}

/// With a change of the servers, if `last` is even.
fn snapshot(last: Index) -> Snapshot {
    let mut changes = Changes::default();
    if last.0.is_multiple_of(2) {
        changes.push(last, members());
    }
    Snapshot { last, changes, pieces: pieces::encode(&Data::<Kv>::default(), 1) }
}

/// The storage after `event`.
fn after(mut held: Held, event: &Event) -> Held {
    let last = held.log.last();
    match event {
        Event::Promise => held.promised = held.promised.next(Id::from(1)),
        Event::Accept(ahead, number) => {
            let pvalue = Pvalue { ballot: held.promised, value: value(*number) };
            held.accepted.accept::<Kv>(Index(last.0 + ahead), pvalue);
        }
        Event::Choose(own, number) => {
            let known = held.accepted.get(&last.next()).filter(|_| *own);
            let chosen = known.map_or(value(*number), |known| known.value.clone());
            held.accepted.close::<Kv>(last.next());
            held.log.push(chosen);
        }
        Event::Compact(_) if last == Index::ZERO => {}
        Event::Compact(kept) => {
            held.snapshot = Some(snapshot(last));
            let kept = kept.index((last.0 - held.log.base().0 + 1) as usize) as u64;
            held.log.compact_to(Index(last.0 - kept));
        }
        Event::Install(ahead) => {
            let last = Index(last.0 + ahead);
            held.log = Log::behind_base(last);
            held.snapshot = Some(snapshot(last));
            held.accepted.close_to::<Kv>(last);
        }
        Event::Save => {}
    }
    held
}

/// What was saved in turn while these events happened.
fn saved(events: &[Event]) -> Vec<Held> {
    let mut held = Held::of(7);
    let mut saved = vec![held.clone()];
    for event in events {
        held = after(held, event);
        if matches!(event, Event::Save) {
            saved.push(held.clone());
        }
    }
    saved.push(held);
    saved
}

/// The records of the last of these, each saved after the one before.
fn records_of(saved: &[Held]) -> Records {
    let mut records = Records::new();
    let mut since = None;
    for held in saved {
        apply(held.changes(since), &mut records);
        since = Some(held);
    }
    records
}

fn restore(records: &Records) -> Result<Held, Damage> {
    Held::restore(records.clone().into_iter().collect())
}

/// The record that `records` are said to be damaged in.
fn damaged(records: &Records) -> Option<String> {
    restore(records).err().map(|damage| damage.record)
}

fn name(key: Key) -> String {
    Held::name(key)
}

proptest! {
    #![proptest_config(config(500))]

    #[test]
    fn records_kept_by_changes_restore_the_storage(events in events()) {
        let saved = saved(&events);
        for count in 1..=saved.len() {
            let records = records_of(&saved[..count]);
            let held = &saved[count - 1];
            prop_assert_eq!(restore(&records), Ok(held.clone()));
            let anew = records_of(slice::from_ref(held));
            prop_assert!(records.keys().eq(anew.keys()));
            prop_assert_eq!(held.changes(Some(held)), []);
        }
    }

    #[test]
    fn a_missing_or_truncated_record_is_damage(events in events()) {
        let whole = records_of(&saved(&events));
        for (key, bytes) in &whole {
            let mut records = whole.clone();
            records.remove(key);
            prop_assert!(damaged(&records).is_some(), "without {:?}", key);
            for length in 0..bytes.len() {
                records.insert(*key, bytes.slice(..length));
                prop_assert!(damaged(&records).is_some(), "{:?} of {} bytes", key, length);
            }
            records.insert(*key, [&bytes[..], &[0]].concat().into());
            prop_assert!(damaged(&records).is_some(), "{:?} with one more byte", key);
        }
        prop_assert_eq!(damaged(&Records::new()), Some(name(META)));
    }

    #[test]
    fn an_extra_record_is_damage(events in events(), ahead in 1..4_u64) {
        let saved = saved(&events);
        let held = saved.last().expect("one at least");
        let pvalue = Pvalue { ballot: Ballot::none(), value: value(1) };
        let bytes = Bytes::from(postcard::to_stdvec(&pvalue).expect("plain data"));
        let last = held.accepted.get_max().map_or(held.log.last(), |(slot, _)| *slot);
        for (kind, number) in [(0, 1), (1, 0), (1, last.0 + ahead), (3, 0), (u8::MAX, u64::MAX)] {
            let mut records = records_of(&saved);
            records.insert(Key { kind, number }, bytes.clone());
            prop_assert!(restore(&records).is_err(), "kind {} number {}", kind, number);
        }
    }
}

/// What is chosen was accepted before: its record stays, and only the first says that it is chosen.
#[test]
fn a_command_costs_its_record_once_however_long_the_log() {
    let mut held = Held::of(7);
    held.promised = Ballot { round: Round(1), server: Id::from(1) };
    for number in 1..=300 {
        let keys = |changes: Vec<Change>| {
            let keys = changes.into_iter().map(|change| match change {
                Change::Put { key, .. } | Change::Remove { key } => key,
            });
            keys.collect::<Vec<_>>()
        };
        let old = held.clone();
        let pvalue = Pvalue { ballot: held.promised, value: value(number) };
        held.accepted.accept::<Kv>(Index(number.into()), pvalue);
        assert_eq!(keys(held.changes(Some(&old))), [META, slot_key(number.into())]);
        let old = held.clone();
        held = after(held, &Event::Choose(true, 0));
        assert_eq!(keys(held.changes(Some(&old))), [META]);
    }
    assert_eq!(held.log.last(), Index(300));
}

#[test]
fn each_damage_names_its_record() {
    let mut held = Held::of(7);
    held.promised = Ballot { round: Round(1), server: Id::from(1) };
    let accepts = |held, ahead| after(held, &Event::Accept(ahead, 1));
    let mut saved = vec![held.clone()];
    for _ in 0..3 {
        held = after(accepts(held, 1), &Event::Choose(true, 0));
    }
    held.snapshot = Some(snapshot(Index(2)));
    held.log.compact_to(Index(1));
    held = accepts(accepts(held, 1), 2);
    saved.push(held.clone());
    let records = records_of(&saved);
    // The key says of which snapshot it is.
    let piece = |number: u64| Key { kind: 2, number: 2 << 24 | number };
    let slots = [2, 3, 4, 5].map(slot_key);
    let keys = [META].into_iter().chain(slots).chain([piece(0), piece(1)]);
    assert!(records.keys().copied().eq(keys), "{records:?}");
    for (gone, blamed) in [
        (META, "promise"),
        (slot_key(2), "slot 2"),
        (slot_key(3), "slot 3"),
        (slot_key(4), "slot 4"),
        (slot_key(5), "slot 5"),
        (piece(0), "piece 0 of the snapshot"),
        (piece(1), "piece 1 of the snapshot"),
    ] {
        let mut fewer = records.clone();
        fewer.remove(&gone);
        assert_eq!(damaged(&fewer).as_deref(), Some(blamed), "without {gone:?}");
    }
    let mut above = records.clone();
    let ballot = Ballot { round: Round(2), server: Id::from(0) };
    let bytes = postcard::to_stdvec(&Pvalue { ballot, value: value(1) }).expect("plain data");
    above.insert(slot_key(5), bytes.into());
    let problem = restore(&above).unwrap_err().to_string();
    assert_eq!(problem, "slot 5: is of a ballot above the promise");
    if let Some(known) = &mut held.snapshot {
        known.changes.push(Index(3), members());
    }
    let problem = restore(&records_of(&[held])).unwrap_err().to_string();
    assert_eq!(problem, "promise: contradicts itself", "a change behind the snapshot");
    // That of another snapshot, which is not taken yet, is none.
    let mut more = records.clone();
    more.insert(Key { kind: 2, number: 3 << 24 }, vec![0].into());
    assert_eq!(restore(&more), restore(&records));
}
