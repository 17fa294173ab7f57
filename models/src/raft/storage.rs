//! A server's storage as records: one for the term, the vote and the end of the log, one for each
//! entry, and of a server with a snapshot one for what that stands for, and one for each piece. One
//! more says which store it is, if it has a number, and one for how long its vote is promised.

use std::cmp::Ordering;
use std::time::Duration;

use bytes::Bytes;
use imbl::Vector;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::config::Config;
use super::identity::StoreId;
use super::log::{Entry, Log, Position};
use super::snapshot::Snapshot;
use super::state::{ServerState, Storage};
use crate::durable::{Ahead, Change, Damage, Durable, Early, Key};
use crate::number::{Index, Term};
use crate::state_machine::StateMachine;

/// What an entry's record begins with. Before, it began with the term, which is never 0.
const SAYS_SINCE: u8 = 0;
const META: u8 = 0;
const ENTRY: u8 = 1;
const SNAPSHOT: u8 = 2;
const PIECE: u8 = 3;
const STORE: u8 = 4;
const PROMISE: u8 = 5;
/// How many bits of a piece's key say which piece it is. With pieces of 1 MiB that is enough for a
/// snapshot of 16 TiB. The others hold the lower bits of the index of the last entry that it stands
/// for, so that one snapshot has other keys than the next.
const PIECE_BITS: u32 = 24;
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
        let old = since.and_then(|since| since.snapshot.as_ref());
        changes.extend(snapshot_changes(self.snapshot.as_ref(), old));
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let meta: Meta = match records.next() {
            Some((META_KEY, bytes)) => decode::<M, _>(META_KEY, &bytes)?,
            _ => return Err(damage::<M>(META_KEY, "missing")),
        };
        let (single, numbered): (Vec<_>, Vec<_>) =
            records.partition(|(key, _)| [COVER_KEY, STORE_KEY, PROMISE_KEY].contains(key));
        let cover = find::<M, Cover>(&single, COVER_KEY)?;
        let (has_snapshot, cover) = (cover.is_some(), cover.unwrap_or_default());
        let store = find::<M, StoreId>(&single, STORE_KEY)?.unwrap_or_default();
        let promise = find::<M, Duration>(&single, PROMISE_KEY)?;
        let mut log = Log::behind_base(cover.base);
        let mut pieces = Vector::new();
        let own = numbered.into_iter().filter(|(key, _)| !is_of_another(*key, cover.last));
        for (key, bytes) in own {
            let expected = match key.kind {
                ENTRY => entry_key(log.last_index().next()),
                PIECE => piece_key(cover.last, pieces.len() as u64),
                kind => Key { kind, number: 0 },
            };
            if ![ENTRY, PIECE].contains(&key.kind) || key < expected {
                return Err(damage::<M>(key, "does not belong to a server's storage"));
            }
            if key != expected {
                return Err(damage::<M>(expected, "missing"));
            }
            match key.kind {
                ENTRY => log.append(decode_entry::<M>(key, &bytes)?),
                _ => pieces.push_back(bytes),
            }
        }
        let end = entry_key(log.last_index().next());
        assert_end::<M>(
            end,
            entry_key(Index(meta.last.0.saturating_add(1))),
            "behind the end of the log",
        )?;
        let end = piece_key(cover.last, pieces.len() as u64);
        let expected = piece_key(cover.last, cover.pieces);
        assert_end::<M>(end, expected, "behind the end of the snapshot")?;
        if cover.base.index > cover.last.index || !log.contains(cover.last) {
            return Err(damage::<M>(COVER_KEY, "does not fit the log"));
        }
        let snapshot =
            has_snapshot.then_some(Snapshot { last: cover.last, config: cover.config, pieces });
        if let Some(Err(error)) = snapshot.as_ref().map(Snapshot::decode::<M>) {
            return Err(damage::<M>(piece_key(cover.last, 0), &format!("unreadable: {error}")));
        }
        Ok(Storage { term: meta.term, voted_for: meta.voted_for, log, snapshot, store, promise })
    }

    fn holds(&self, key: Key) -> bool {
        let last = self.snapshot.as_ref().map(|snapshot| snapshot.last);
        !is_of_another(key, last.unwrap_or_default())
    }

    fn name(key: Key) -> String {
        match key {
            META_KEY => "term and vote".to_owned(),
            Key { kind: ENTRY, number } => format!("log entry {number}"),
            COVER_KEY => "what the snapshot stands for".to_owned(),
            STORE_KEY => "number of the store".to_owned(),
            PROMISE_KEY => "length of the promise".to_owned(),
            Key { kind: PIECE, number } => {
                format!("piece {} of the snapshot", number & ((1 << PIECE_BITS) - 1))
            }
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

/// The pieces of a snapshot that a server is sent, or takes itself.
pub(super) fn ahead<M: StateMachine>(state: &ServerState<M>) -> Ahead {
    let early = |last, values, is_whole| Ahead::Records(early_of(last, values, is_whole));
    match (&state.incoming, &state.taking) {
        (Some(incoming), _) => early(incoming.last, &incoming.pieces, false),
        (None, None) => Ahead::Nothing,
        (None, Some(taking)) => match &taking.pieces {
            Some(pieces) => early(taking.last, pieces, true),
            None => {
                let taking = taking.clone();
                Ahead::Unmade(Box::new(move || early_of(taking.last, &taking.encode(), true)))
            }
        },
    }
}

/// The pieces of the snapshot that a server takes are made.
pub(super) fn made<M: StateMachine>(state: &mut ServerState<M>, early: Early) {
    if let Some(taking) = &mut state.taking
        && piece_key(taking.last, 0) == early.first
    {
        taking.pieces = Some(early.values);
    }
}

fn early_of(last: Position, values: &Vector<Bytes>, is_whole: bool) -> Early {
    Early { first: piece_key(last, 0), values: values.clone(), is_whole }
}

/// The record at `key`, if there is one among these.
fn find<M: StateMachine, T: DeserializeOwned>(
    records: &[(Key, Bytes)],
    key: Key,
) -> Result<Option<T>, Damage> {
    let found = records.iter().find(|(it, _)| *it == key);
    found.map(|(_, bytes)| decode::<M, T>(key, bytes)).transpose()
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

/// Of two snapshots of one server that stand for the same entries, the pieces are the same.
fn snapshot_changes(new: Option<&Snapshot>, old: Option<&Snapshot>) -> Vec<Change> {
    if new.map(|it| it.last) == old.map(|it| it.last) {
        return Vec::new();
    }
    let keys = |snapshot: &Snapshot| {
        let last = snapshot.last;
        (0..snapshot.pieces.len() as u64).map(move |number| piece_key(last, number))
    };
    let put = new.into_iter().flat_map(|it| keys(it).zip(it.pieces.iter().cloned()));
    let put = put.map(|(key, value)| Change::Put { key, value });
    let gone = old.into_iter().flat_map(keys).map(|key| Change::Remove { key });
    put.chain(gone).collect()
}

/// Asks that the records of a kind end before `expected`.
fn assert_end<M: StateMachine>(end: Key, expected: Key, behind: &str) -> Result<(), Damage> {
    match end.cmp(&expected) {
        Ordering::Less => Err(damage::<M>(end, "missing")),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(damage::<M>(expected, behind)),
    }
}

fn entry_key(index: Index) -> Key {
    Key { kind: ENTRY, number: index.0 }
}

/// The key of a piece, or of the first behind the last one, of the snapshot that stands for the
/// entries up to `last`. It tells the pieces of that from those of the snapshot before.
fn piece_key(last: Position, number: u64) -> Key {
    Key { kind: PIECE, number: last.index.0 << PIECE_BITS | number }
}

/// Is this a piece of another snapshot than that which stands for the entries up to `last`? That
/// was about to be taken or sent when the server stopped, and nothing speaks of it.
fn is_of_another(key: Key, last: Position) -> bool {
    key.kind == PIECE && key.number >> PIECE_BITS != piece_key(last, 0).number >> PIECE_BITS
}

fn put(key: Key, record: &impl Serialize) -> Change {
    let value = postcard::to_stdvec(record).expect("plain data always encodes").into();
    Change::Put { key, value }
}

fn decode<M: StateMachine, T: DeserializeOwned>(key: Key, bytes: &[u8]) -> Result<T, Damage> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(damage::<M>(key, &format!("{} bytes too long", rest.len()))),
        Err(error) => Err(damage::<M>(key, &format!("unreadable: {error}"))),
    }
}

/// An entry. One of a store of before requests said [`crate::service::Request::since`] does not
/// begin with [`SAYS_SINCE`], and a command ends where that stands now.
fn decode_entry<M: StateMachine>(key: Key, bytes: &[u8]) -> Result<Entry<M::Command>, Damage> {
    if let [SAYS_SINCE, entry @ ..] = bytes {
        return decode::<M, _>(key, entry);
    }
    let with_since = [bytes, &[0]].concat();
    let entry = decode::<M, _>(key, bytes);
    if bytes.is_empty() { entry } else { entry.or_else(|_| decode::<M, _>(key, &with_since)) }
}

fn damage<M: StateMachine>(key: Key, problem: &str) -> Damage {
    Damage { record: Storage::<M>::name(key), problem: problem.to_owned() }
}
