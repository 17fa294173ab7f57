//! A server's storage as records: one for what it has promised and for what others there are, one
//! for each slot, and one for each piece of the snapshot.
//!
//! A slot's record is written when something is accepted for it. Once it is known that this is
//! chosen it stays as it is, for how far that is known is in the first record.

use std::cmp::Ordering;
use std::time::Duration;

use bytes::Bytes;
use imbl::Vector;
use imbl::ordmap::DiffItem;
use serde::{Deserialize, Serialize};

use super::ballot::Ballot;
use super::config::Changes;
use super::log::Log;
use super::open::{Open, Pvalue};
use super::snapshot::Snapshot;
use super::state::{ServerState, Storage};
use crate::durable::{Ahead, Change, Damage, Durable, Early, Key};
use crate::number::Index;
use crate::records::{PieceRecords, assert_end, damage, decode, put};
use crate::state_machine::StateMachine;

const META: u8 = 0;
const SLOT: u8 = 1;
const PIECE: u8 = 2;
const PIECES: PieceRecords = PieceRecords(PIECE);
const META_KEY: Key = Key { kind: META, number: 0 };

#[derive(PartialEq, Serialize, Deserialize)]
struct Meta {
    store: u64,
    promised: Ballot,
    lease: Duration,
    /// All slots up to this one are compacted.
    base: Index,
    /// All slots up to this one are known to be chosen.
    chosen: Index,
    /// For so many slots behind that something is accepted.
    open: u64,
    /// The last slot that the snapshot stands for; 0 without one.
    covers: Index,
    /// As in [`Snapshot::changes`]; none without one.
    changes: Changes,
    /// How many pieces the snapshot has.
    pieces: u64,
}

impl<M: StateMachine> From<&Storage<M>> for Meta {
    fn from(storage: &Storage<M>) -> Self {
        let Storage { store, promised, lease, accepted, snapshot, log } = storage;
        Meta {
            store: *store,
            promised: *promised,
            lease: *lease,
            base: log.base(),
            chosen: log.last(),
            open: accepted.len() as u64,
            covers: storage.snapshot_last(),
            changes: snapshot.as_ref().map(|it| it.changes.clone()).unwrap_or_default(),
            pieces: snapshot.as_ref().map_or(0, |it| it.pieces.len() as u64),
        }
    }
}

impl<M: StateMachine> Durable for Storage<M> {
    /// A later storage of a server knows all to be chosen that an earlier one knew.
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let mut changes = Vec::new();
        let meta = Meta::from(self);
        if since.is_none_or(|since| Meta::from(since) != meta) {
            changes.push(put(META_KEY, &meta));
        }
        let nothing = Storage::of(0);
        let old = since.unwrap_or(&nothing);
        chosen_changes(self, old, &mut changes);
        accepted_changes(self, old, &mut changes);
        changes.extend(PIECES.changes(pieces(self), pieces(old)));
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let mut records = records.into_iter();
        let meta: Meta = match records.next() {
            Some((META_KEY, bytes)) => decode::<Self, _>(META_KEY, &bytes)?,
            _ => return Err(damage::<Self>(META_KEY, "missing")),
        };
        if meta.base > meta.covers || meta.changes.last() > meta.covers || meta.covers > meta.chosen
        {
            return Err(damage::<Self>(META_KEY, "contradicts itself"));
        }
        let mut found = Found::<M>::behind(meta.base);
        for (key, bytes) in records.filter(|(key, _)| !PIECES.is_of_another(*key, meta.covers)) {
            found.take(key, bytes, &meta)?;
        }
        found.assert_whole(&meta)?;
        let Found { log, accepted, pieces } = found;
        let Meta { store, promised, lease, covers, changes, .. } = meta;
        let snapshot = (covers > Index::ZERO).then_some(Snapshot { last: covers, changes, pieces });
        if let Some(Err(error)) = snapshot.as_ref().map(Snapshot::decode::<M>) {
            let first = PIECES.key(covers, 0);
            return Err(damage::<Self>(first, &format!("unreadable: {error}")));
        }
        Ok(Storage { store, promised, lease, accepted, snapshot, log })
    }

    fn holds(&self, key: Key) -> bool {
        !PIECES.is_of_another(key, self.snapshot_last())
    }

    fn name(key: Key) -> String {
        match key {
            META_KEY => "promise".to_owned(),
            Key { kind: SLOT, number } => format!("slot {number}"),
            Key { kind: PIECE, .. } => PieceRecords::name(key),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

/// What is found of a storage, record by record.
struct Found<M: StateMachine> {
    log: Log<M::Command>,
    accepted: Open<M::Command>,
    pieces: Vector<Bytes>,
}

impl<M: StateMachine> Found<M> {
    fn behind(base: Index) -> Self {
        Found { log: Log::behind_base(base), accepted: Open::default(), pieces: Vector::new() }
    }

    /// Takes the record that comes next.
    fn take(&mut self, key: Key, bytes: Bytes, meta: &Meta) -> Result<(), Damage> {
        let is_chosen = key.kind == SLOT && key.number <= meta.chosen.0;
        let expected = match key.kind {
            SLOT if self.log.last() < meta.chosen => slot_key(self.log.last().next()),
            SLOT => slot_key(meta.chosen.next()).max(key),
            PIECE => PIECES.key(meta.covers, self.pieces.len() as u64),
            kind => Key { kind, number: 0 },
        };
        if ![SLOT, PIECE].contains(&key.kind) || key < expected {
            return Err(damage::<Storage<M>>(key, "does not belong to a server's storage"));
        }
        if key != expected {
            return Err(damage::<Storage<M>>(expected, "missing"));
        }
        if key.kind == PIECE {
            self.pieces.push_back(bytes);
            return Ok(());
        }
        let pvalue: Pvalue<M::Command> = decode::<Storage<M>, _>(key, &bytes)?;
        if pvalue.ballot > meta.promised {
            return Err(damage::<Storage<M>>(key, "is of a ballot above the promise"));
        }
        if is_chosen {
            self.log.push(pvalue.value);
        } else {
            self.accepted.accept::<M>(Index(key.number), pvalue);
        }
        Ok(())
    }

    /// Asks that there be as many records as there should be.
    fn assert_whole(&self, meta: &Meta) -> Result<(), Damage> {
        if self.log.last() != meta.chosen {
            return Err(damage::<Storage<M>>(slot_key(self.log.last().next()), "missing"));
        }
        let mut behind = (meta.chosen.0.saturating_add(1)..=u64::MAX).map(Index);
        let gap = behind.find(|slot| !self.accepted.contains_key(slot)).unwrap_or(meta.chosen);
        let last = self.accepted.get_max().map_or(gap, |(slot, _)| *slot);
        match (self.accepted.len() as u64).cmp(&meta.open) {
            Ordering::Less => return Err(damage::<Storage<M>>(slot_key(gap), "missing")),
            Ordering::Greater => {
                return Err(damage::<Storage<M>>(slot_key(last), "behind what is accepted"));
            }
            Ordering::Equal => {}
        }
        let end = PIECES.key(meta.covers, self.pieces.len() as u64);
        let expected = PIECES.key(meta.covers, meta.pieces);
        assert_end::<Storage<M>>(end, expected, "behind the end of the snapshot")
    }
}

/// What was chosen since: it is written unless it was accepted before. And what was compacted.
fn chosen_changes<M: StateMachine>(new: &Storage<M>, old: &Storage<M>, changes: &mut Vec<Change>) {
    for (slot, value) in new.log.behind(old.log.last()) {
        if old.accepted.get(&slot).is_none_or(|known| known.value != *value) {
            let pvalue = Pvalue { ballot: Ballot::none(), value: value.clone() };
            changes.push(put(slot_key(slot), &pvalue));
        }
    }
    let (base, last) = (new.log.base(), old.log.last());
    let compacted = old.log.base().next().0..=base.min(last).0;
    changes.extend(compacted.map(|slot| Change::Remove { key: slot_key(Index(slot)) }));
}

/// What was accepted since. What is not open any more is chosen, and its record stays, or it is
/// compacted.
fn accepted_changes<M: StateMachine>(
    new: &Storage<M>,
    old: &Storage<M>,
    changes: &mut Vec<Change>,
) {
    let (base, last) = (new.log.base(), new.log.last());
    for item in old.accepted.diff(&new.accepted) {
        match item {
            DiffItem::Add(slot, pvalue) | DiffItem::Update { new: (slot, pvalue), .. } => {
                changes.push(put(slot_key(*slot), pvalue));
            }
            DiffItem::Remove(slot, _) if base < *slot && *slot <= last => {}
            DiffItem::Remove(slot, _) => changes.push(Change::Remove { key: slot_key(*slot) }),
        }
    }
}

/// The pieces of the snapshot, and the last slot that it stands for.
fn pieces<M: StateMachine>(storage: &Storage<M>) -> Option<(Index, &Vector<Bytes>)> {
    storage.snapshot.as_ref().map(|snapshot| (snapshot.last, &snapshot.pieces))
}

/// The pieces of a snapshot that a server is sent, or takes itself.
pub(super) fn ahead<M: StateMachine>(state: &ServerState<M>) -> Ahead {
    let early = |last, pieces, is_whole| Ahead::Records(PIECES.early(last, pieces, is_whole));
    match (&state.incoming, &state.taking) {
        (Some(incoming), _) => early(incoming.last, &incoming.pieces, false),
        (None, None) => Ahead::Nothing,
        (None, Some(taking)) => match &taking.pieces {
            Some(pieces) => early(taking.last, pieces, true),
            None => {
                let taking = taking.clone();
                let early = move || PIECES.early(taking.last, &taking.encode(), true);
                Ahead::Unmade(Box::new(early))
            }
        },
    }
}

/// The pieces of the snapshot that a server takes are made.
pub(super) fn made<M: StateMachine>(state: &mut ServerState<M>, early: Early) {
    if let Some(taking) = &mut state.taking
        && PIECES.key(taking.last, 0) == early.first
    {
        taking.pieces = Some(early.values);
    }
}

fn slot_key(slot: Index) -> Key {
    Key { kind: SLOT, number: slot.0 }
}
