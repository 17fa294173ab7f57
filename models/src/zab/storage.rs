//! A server's storage as records: one for the epochs and the end of the log, one for each
//! transaction, and of a server with a snapshot one for what that stands for, and one for each
//! piece.

use bytes::Bytes;
use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::compaction::Taking;
use super::log::{Log, Txn};
use super::state::{Process, Snapshot, Storage};
use super::zxid::Zxid;
use crate::durable::{Ahead, Change, Damage, Durable, Early, Key};
use crate::number::{Epoch, Incarnation, Index};
use crate::records::{PieceRecords, assert_end, damage, decode, put};
use crate::state_machine::StateMachine;

const META: u8 = 0;
const TXN: u8 = 1;
const COVER: u8 = 2;
const PIECE: u8 = 3;
const PIECES: PieceRecords = PieceRecords(PIECE);
const META_KEY: Key = Key { kind: META, number: 0 };
const COVER_KEY: Key = Key { kind: COVER, number: 0 };

#[derive(PartialEq, Serialize, Deserialize)]
struct Meta {
    store: u64,
    accepted: Epoch,
    current: Epoch,
    begun: Incarnation,
    /// How many transactions there are.
    last: Index,
    /// How many of them are in the snapshot; 0 if there is none.
    covered: Index,
}

/// What a snapshot stands for, and what is not in the log any more because of it.
#[derive(Default, Serialize, Deserialize)]
struct Cover {
    base: (Zxid, Index),
    last: (Zxid, Index),
    pieces: u64,
    /// What the pieces have together.
    bytes: u64,
}

impl<M: StateMachine> From<&Storage<M>> for Meta {
    fn from(storage: &Storage<M>) -> Self {
        let Storage { store, accepted, current, begun, snapshot, log } = storage;
        let (store, accepted, current, begun) = (*store, *accepted, *current, *begun);
        let covered = snapshot.as_ref().map_or(Index::ZERO, |snapshot| snapshot.index);
        Meta { store, accepted, current, begun, last: log.last_index(), covered }
    }
}

/// The change of what a snapshot stands for, if it has changed.
fn cover_change<M: StateMachine>(new: &Storage<M>, old: Option<&Storage<M>>) -> Option<Change> {
    let about = |of: &Storage<M>| of.snapshot.as_ref().map(|it| (of.log.before(), it.index));
    if old.and_then(about) == about(new) {
        return None;
    }
    let Some(snapshot) = &new.snapshot else { return Some(Change::Remove { key: COVER_KEY }) };
    let base = (new.log.base(), new.log.before());
    let last = (snapshot.zxid, snapshot.index);
    let (pieces, bytes) = (snapshot.pieces.len() as u64, snapshot.size() as u64);
    Some(put(COVER_KEY, &Cover { base, last, pieces, bytes }))
}

impl<M: StateMachine> Durable for Storage<M> {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let mut changes = Vec::new();
        let meta = Meta::from(self);
        if since.is_none_or(|since| Meta::from(since) != meta) {
            changes.push(put(META_KEY, &meta));
        }
        let empty = Log::default();
        changes.extend(log_changes(&self.log, since.map_or(&empty, |since| &since.log)));
        changes.extend(cover_change(self, since));
        let old = since.and_then(|since| since.snapshot.as_ref());
        let pieces = |snapshot: &'_ Snapshot| snapshot.index;
        let [new, old] = [self.snapshot.as_ref(), old]
            .map(|snapshot| snapshot.map(|snapshot| (pieces(snapshot), &snapshot.pieces)));
        changes.extend(PIECES.changes(new, old));
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let meta: Meta = match records.next() {
            Some((META_KEY, bytes)) => decode::<Self, _>(META_KEY, &bytes)?,
            _ => return Err(damage::<Self>(META_KEY, "missing")),
        };
        let (covers, numbered): (Vec<_>, Vec<_>) = records.partition(|(key, _)| *key == COVER_KEY);
        let cover = covers.first().map(|(key, bytes)| decode::<Self, Cover>(*key, bytes));
        let cover = cover.transpose()?;
        if cover.is_none() && meta.covered > Index::ZERO {
            return Err(damage::<Self>(COVER_KEY, "missing"));
        }
        let (has_snapshot, cover) = (cover.is_some(), cover.unwrap_or_default());
        if cover.last.1 != meta.covered {
            return Err(damage::<Self>(COVER_KEY, "is another one than was saved"));
        }
        let mut rest = Rest::<M>::behind(cover.base, cover.last.1);
        for (key, bytes) in numbered {
            rest.take(key, bytes)?;
        }
        let Rest { log, pieces, .. } = rest.whole(meta.last, cover.pieces)?;
        if cover.base.1 > cover.last.1 || !log.has(cover.last.0) {
            return Err(damage::<Self>(COVER_KEY, "does not fit the log"));
        }
        if log.index_of(cover.last.0) != cover.last.1 {
            return Err(damage::<Self>(COVER_KEY, "counts other transactions than the log"));
        }
        if meta.current > meta.accepted {
            return Err(damage::<Self>(
                META_KEY,
                "has a history of an epoch that it never accepted",
            ));
        }
        let (zxid, index) = cover.last;
        let snapshot = has_snapshot.then_some(Snapshot { zxid, index, pieces });
        if snapshot.as_ref().is_some_and(|snapshot| snapshot.size() as u64 != cover.bytes) {
            let key = PIECES.key(index, 0);
            return Err(damage::<Self>(
                key,
                "has not as many bytes, with the others, as were saved",
            ));
        }
        let Meta { store, accepted, current, begun, last: _, covered: _ } = meta;
        let storage = Storage { store, accepted, current, begun, snapshot, log };
        if let Err(error) = storage.data() {
            let key = PIECES.key(index, 0);
            return Err(damage::<Self>(key, &format!("unreadable: {error}")));
        }
        Ok(storage)
    }

    fn holds(&self, key: Key) -> bool {
        let last = self.snapshot.as_ref().map_or(Index::ZERO, |snapshot| snapshot.index);
        !PIECES.is_of_another(key, last)
    }

    fn name(key: Key) -> String {
        match key {
            META_KEY => "epochs".to_owned(),
            COVER_KEY => "what the snapshot stands for".to_owned(),
            Key { kind: TXN, number } => format!("transaction {number}"),
            Key { kind: PIECE, .. } => PieceRecords::name(key),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

/// What is read one record after the other.
struct Rest<M: StateMachine> {
    log: Log<M::Command>,
    /// How far the snapshot goes.
    last: Index,
    pieces: Vector<Bytes>,
}

impl<M: StateMachine> Rest<M> {
    fn behind((base, before): (Zxid, Index), last: Index) -> Self {
        Rest { log: Log::behind(base, before), last, pieces: Vector::new() }
    }

    fn next_txn(&self) -> Key {
        txn_key(self.log.last_index().next())
    }

    fn next_piece(&self) -> Key {
        PIECES.key(self.last, self.pieces.len() as u64)
    }

    /// Takes the next record, unless it is of a snapshot that nothing speaks of.
    fn take(&mut self, key: Key, bytes: Bytes) -> Result<(), Damage> {
        let expected = match key.kind {
            TXN => self.next_txn(),
            PIECE if PIECES.is_of_another(key, self.last) => return Ok(()),
            PIECE => self.next_piece(),
            kind => Key { kind, number: 0 },
        };
        if ![TXN, PIECE].contains(&key.kind) || key < expected {
            return Err(damage::<Storage<M>>(key, "does not belong to a server's storage"));
        }
        if key != expected {
            return Err(damage::<Storage<M>>(expected, "missing"));
        }
        if key.kind == PIECE {
            self.pieces.push_back(bytes);
            return Ok(());
        }
        let txn: Txn<M::Command> = decode::<Storage<M>, _>(key, &bytes)?;
        if !self.log.last().is_followed_by(txn.zxid) {
            return Err(damage::<Storage<M>>(key, "does not follow the one before it"));
        }
        self.log.push(txn);
        Ok(())
    }

    /// Asks that the log ends at `last`, and that there are so many pieces.
    fn whole(self, last: Index, pieces: u64) -> Result<Self, Damage> {
        for (end, expected) in [
            (self.next_txn(), txn_key(Index(last.0.saturating_add(1)))),
            (self.next_piece(), PIECES.key(self.last, pieces)),
        ] {
            assert_end::<Storage<M>>(end, expected, "is behind the last one")?;
        }
        Ok(self)
    }
}

/// The changes from one log of a server to the next one.
fn log_changes<C: Clone + Serialize>(new: &Log<C>, old: &Log<C>) -> Vec<Change> {
    let (base, old_base) = (new.before(), old.before());
    let shared = shared_length(new, old);
    // What the old log has cut is not among its records, though both know it.
    let lacking = base.next().0..=old_base.min(shared).0;
    let added = shared.max(base).next().0..=new.last_index().0;
    let put = lacking
        .chain(added)
        .filter_map(|index| Some(put(txn_key(Index(index)), new.get(Index(index))?)));
    let cut_before = old_base.next().0..=base.min(old.last_index()).0;
    let cut_behind = shared.max(base).max(old_base).next().0..=old.last_index().0;
    let is_kept = |index: &u64| new.get(Index(*index)).is_some();
    let gone = cut_before.chain(cut_behind).filter(|index| !is_kept(index));
    let gone = gone.map(|index| Change::Remove { key: txn_key(Index(index)) });
    put.chain(gone).collect()
}

/// How far two logs of one server are the same: those that have one zxid at one place have the same
/// up to it. What is cut in one of them counts as the same.
fn shared_length<C: Clone>(new: &Log<C>, old: &Log<C>) -> Index {
    let first = new.before().max(old.before());
    let zxid = |log: &Log<C>, index| log.get(index).map(|txn| txn.zxid);
    let mut index = new.last_index().min(old.last_index());
    while index > first && zxid(new, index) != zxid(old, index) {
        index = Index(index.0 - 1);
    }
    index.max(first)
}

fn txn_key(index: Index) -> Key {
    Key { kind: TXN, number: index.0 }
}

/// The pieces of a snapshot that a server is sent, or takes itself.
pub(super) fn ahead<M: StateMachine>(known: &Process<M>) -> Ahead {
    let incoming = known.following().and_then(|own| own.incoming.as_ref());
    match (incoming, &known.taking) {
        (Some(Snapshot { index, pieces, .. }), _) => {
            Ahead::Records(PIECES.early(*index, pieces, false))
        }
        (None, None) => Ahead::Nothing,
        (None, Some(Taking { index, pieces: Some(pieces), .. })) => {
            Ahead::Records(PIECES.early(*index, pieces, true))
        }
        (None, Some(taking)) => {
            let taking = taking.clone();
            Ahead::Unmade(Box::new(move || PIECES.early(taking.index, &taking.encode(), true)))
        }
    }
}

/// The pieces of the snapshot that a server takes are made.
pub(super) fn made<M: StateMachine>(known: &mut Process<M>, early: Early) {
    if let Some(taking) = &mut known.taking
        && PIECES.key(taking.index, 0) == early.first
    {
        taking.pieces = Some(early.values);
    }
}
