//! A server's storage as records: one for the term, the vote and the end of the log, one for each
//! entry, and of a server with a snapshot one for what that stands for, and one for each piece. One
//! more says which store it is, if it has a number, and one for how long its vote is promised.

use std::time::Duration;

use bytes::Bytes;
use imbl::Vector;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::config::Config;
use super::identity::StoreId;
use super::log::{Entry, Log, Position};
use super::snapshot::Snapshot;
use super::state::{ServerState, Storage};
use crate::durable::{Ahead, Change, Damage, Durable, Early, Key};
use crate::number::{Index, Term};
use crate::records::{PieceRecords, assert_end, damage, decode, find, put};
use crate::state_machine::StateMachine;

/// What an entry's record begins with. Before, it began with the term, which is never 0.
const SAYS_SINCE: u8 = 0;
const META: u8 = 0;
const ENTRY: u8 = 1;
const SNAPSHOT: u8 = 2;
const PIECE: u8 = 3;
const STORE: u8 = 4;
const PROMISE: u8 = 5;
const PIECES: PieceRecords = PieceRecords(PIECE);
const COVER_KEY: Key = Key { kind: SNAPSHOT, number: 0 };
const META_KEY: Key = Key { kind: META, number: 0 };
const STORE_KEY: Key = Key { kind: STORE, number: 0 };
const PROMISE_KEY: Key = Key { kind: PROMISE, number: 0 };

#[derive(PartialEq, Serialize, Deserialize)]
struct Meta {
    term: Term,
    voted_for: Option<Id>,
    last: Index,
}

/// What a snapshot stands for, and what is not in the log any more because of it.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Cover {
    base: Position,
    last: Position,
    config: (Index, Config),
    pieces: u64,
}

impl<M: StateMachine> From<&Storage<M>> for Meta {
    fn from(storage: &Storage<M>) -> Self {
        let Storage { term, voted_for, log, snapshot: _, store: _, promise: _ } = storage;
        Meta { term: *term, voted_for: *voted_for, last: log.last_index() }
    }
}

impl<M: StateMachine> From<&Storage<M>> for Option<Cover> {
    fn from(storage: &Storage<M>) -> Self {
        let snapshot = storage.snapshot.as_ref()?;
        let (base, pieces) = (storage.log.base(), snapshot.pieces.len() as u64);
        Some(Cover { base, last: snapshot.last, config: snapshot.config.clone(), pieces })
    }
}

impl<M: StateMachine> Durable for Storage<M> {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let empty = Log::default();
        let old = since.map_or(&empty, |since| &since.log);
        let (base, old_base) = (self.log.base().index, old.base().index);
        let shared = shared_length(&self.log, old);
        let mut changes = Vec::new();
        let meta = Meta::from(self);
        if since.is_none_or(|since| Meta::from(since) != meta) {
            changes.push(put(META_KEY, &meta));
        }
        // What the old storage has compacted is not among its records, though both know it.
        let lacking = self.log.behind(base).take_while(|(index, _)| *index <= old_base.min(shared));
        for (index, entry) in lacking.chain(self.log.behind(shared)) {
            changes.push(put(entry_key(index), &(SAYS_SINCE, entry)));
        }
        let compacted = old_base.next().0..=base.min(old.last_index()).0;
        let cut = self.log.last_index().max(old_base).next().0..=old.last_index().0;
        let gone = compacted.chain(cut).map(|index| entry_key(Index(index)));
        changes.extend(gone.map(|key| Change::Remove { key }));
        let cover = Option::<Cover>::from(self);
        if let Some(cover) = &cover
            && since.and_then(Option::<Cover>::from).as_ref() != Some(cover)
        {
            changes.push(put(COVER_KEY, cover));
        }
        if cover.is_none() && since.is_some_and(|since| since.snapshot.is_some()) {
            changes.push(Change::Remove { key: COVER_KEY });
        }
        if self.store != since.map_or_else(StoreId::default, |since| since.store) {
            changes.push(put(STORE_KEY, &self.store));
        }
        if let Some(promise) = self.promise
            && since.and_then(|since| since.promise) != self.promise
        {
            changes.push(put(PROMISE_KEY, &promise));
        }
        changes.extend(PIECES.changes(pieces(self), since.and_then(pieces)));
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let meta: Meta = match records.next() {
            Some((META_KEY, bytes)) => decode::<Storage<M>, _>(META_KEY, &bytes)?,
            _ => return Err(damage::<Self>(META_KEY, "missing")),
        };
        let (single, numbered): (Vec<_>, Vec<_>) =
            records.partition(|(key, _)| [COVER_KEY, STORE_KEY, PROMISE_KEY].contains(key));
        let cover = find::<Self, Cover>(&single, COVER_KEY)?;
        let (has_snapshot, cover) = (cover.is_some(), cover.unwrap_or_default());
        let store = find::<Self, StoreId>(&single, STORE_KEY)?.unwrap_or_default();
        let promise = find::<Self, Duration>(&single, PROMISE_KEY)?;
        let mut log = Log::behind_base(cover.base);
        let mut pieces = Vector::new();
        let own =
            numbered.into_iter().filter(|(key, _)| !PIECES.is_of_another(*key, cover.last.index));
        for (key, bytes) in own {
            let expected = match key.kind {
                ENTRY => entry_key(log.last_index().next()),
                PIECE => PIECES.key(cover.last.index, pieces.len() as u64),
                kind => Key { kind, number: 0 },
            };
            if ![ENTRY, PIECE].contains(&key.kind) || key < expected {
                return Err(damage::<Self>(key, "does not belong to a server's storage"));
            }
            if key != expected {
                return Err(damage::<Self>(expected, "missing"));
            }
            match key.kind {
                ENTRY => log.append(decode_entry::<M>(key, &bytes)?),
                _ => pieces.push_back(bytes),
            }
        }
        let end = entry_key(log.last_index().next());
        assert_end::<Self>(
            end,
            entry_key(Index(meta.last.0.saturating_add(1))),
            "behind the end of the log",
        )?;
        let end = PIECES.key(cover.last.index, pieces.len() as u64);
        let expected = PIECES.key(cover.last.index, cover.pieces);
        assert_end::<Self>(end, expected, "behind the end of the snapshot")?;
        if cover.base.index > cover.last.index || !log.contains(cover.last) {
            return Err(damage::<Self>(COVER_KEY, "does not fit the log"));
        }
        let snapshot =
            has_snapshot.then_some(Snapshot { last: cover.last, config: cover.config, pieces });
        if let Some(Err(error)) = snapshot.as_ref().map(Snapshot::decode::<M>) {
            return Err(damage::<Self>(
                PIECES.key(cover.last.index, 0),
                &format!("unreadable: {error}"),
            ));
        }
        Ok(Storage { term: meta.term, voted_for: meta.voted_for, log, snapshot, store, promise })
    }

    fn holds(&self, key: Key) -> bool {
        let last = self.snapshot.as_ref().map_or(Index::ZERO, |snapshot| snapshot.last.index);
        !PIECES.is_of_another(key, last)
    }

    fn name(key: Key) -> String {
        match key {
            META_KEY => "term and vote".to_owned(),
            Key { kind: ENTRY, number } => format!("log entry {number}"),
            COVER_KEY => "what the snapshot stands for".to_owned(),
            STORE_KEY => "number of the store".to_owned(),
            PROMISE_KEY => "length of the promise".to_owned(),
            Key { kind: PIECE, .. } => PieceRecords::name(key),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

/// The pieces of the snapshot, and the last index that it stands for.
fn pieces<M: StateMachine>(storage: &Storage<M>) -> Option<(Index, &Vector<Bytes>)> {
    storage.snapshot.as_ref().map(|snapshot| (snapshot.last.index, &snapshot.pieces))
}

/// The pieces of a snapshot that a server is sent, or takes itself.
pub(super) fn ahead<M: StateMachine>(state: &ServerState<M>) -> Ahead {
    let early = |last: Position, pieces, is_whole| {
        Ahead::Records(PIECES.early(last.index, pieces, is_whole))
    };
    match (&state.incoming, &state.taking) {
        (Some(incoming), _) => early(incoming.last, &incoming.pieces, false),
        (None, None) => Ahead::Nothing,
        (None, Some(taking)) => match &taking.pieces {
            Some(pieces) => early(taking.last, pieces, true),
            None => {
                let taking = taking.clone();
                Ahead::Unmade(Box::new(move || {
                    PIECES.early(taking.last.index, &taking.encode(), true)
                }))
            }
        },
    }
}

/// The pieces of the snapshot that a server takes are made.
pub(super) fn made<M: StateMachine>(state: &mut ServerState<M>, early: Early) {
    if let Some(taking) = &mut state.taking
        && PIECES.key(taking.last.index, 0) == early.first
    {
        taking.pieces = Some(early.values);
    }
}

/// The length of the part that two logs of one server share. By log matching, two entries of the
/// same index and term are one entry, and all before them are the same. What is compacted in one of
/// them counts as shared.
fn shared_length<C: Clone>(new: &Log<C>, old: &Log<C>) -> Index {
    let first = new.base().index.max(old.base().index);
    let mut index = new.last_index().min(old.last_index());
    while index > first && new.term_at(index) != old.term_at(index) {
        index = Index(index.0 - 1);
    }
    index.max(first)
}

fn entry_key(index: Index) -> Key {
    Key { kind: ENTRY, number: index.0 }
}

/// An entry. One of a store of before requests said [`crate::service::Request::since`] does not
/// begin with [`SAYS_SINCE`], and a command ends where that stands now.
fn decode_entry<M: StateMachine>(key: Key, bytes: &[u8]) -> Result<Entry<M::Command>, Damage> {
    if let [SAYS_SINCE, entry @ ..] = bytes {
        return decode::<Storage<M>, _>(key, entry);
    }
    let with_since = [bytes, &[0]].concat();
    let entry = decode::<Storage<M>, _>(key, bytes);
    if bytes.is_empty() {
        entry
    } else {
        entry.or_else(|_| decode::<Storage<M>, _>(key, &with_since))
    }
}
