//! A replica's storage as records: one for its nonce, one for its group if that is not the first,
//! and where disks keep more one for its views
//! and how far its log goes, one for each request, and one for each piece of the checkpoint.

use bytes::Bytes;
use imbl::Vector;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::group::{Group, View};
use super::log::{Entry, Log};
use super::state::{Known, Nonce, Storage};
use crate::crash_vector::CrashVector;
use crate::durable::{Change, Damage, Durable, Key};
use crate::number::{Epoch, Index};
use crate::records::{PieceRecords, assert_end, damage, decode, find, put};
use crate::state_machine::Value;

const REQUEST: u8 = 2;
const NONCE_KEY: Key = Key { kind: 0, number: 0 };
const VIEWS_KEY: Key = Key { kind: 1, number: 0 };
const GROUP_KEY: Key = Key { kind: 0, number: 1 };
const PIECES: PieceRecords = PieceRecords(3);

/// All that is known beside requests and pieces.
#[derive(PartialEq, Serialize, Deserialize)]
struct Views {
    view: View,
    last_normal: View,
    base: Index,
    last: Index,
    commit: Index,
    /// The op-number of the checkpoint, and how many pieces it has.
    checkpoint: Option<(Index, u64)>,
    /// The group of its checkpoint, if that is not the first.
    group: Option<Group>,
    crashes: CrashVector,
}

impl<C: Clone> From<&Known<C>> for Views {
    fn from(known: &Known<C>) -> Self {
        Views {
            view: known.view,
            last_normal: known.last_normal,
            base: known.log.base(),
            last: known.log.last(),
            commit: known.commit,
            checkpoint: known.checkpoint.as_ref().map(|it| (it.op, it.pieces.len() as u64)),
            group: known.checkpoint.as_ref().and_then(|it| it.group.clone()),
            crashes: known.crashes.clone(),
        }
    }
}

impl<C: Value + Serialize + DeserializeOwned> Durable for Storage<C> {
    fn changes(&self, since: Option<&Self>) -> Vec<Change> {
        let mut changes = Vec::new();
        if since.is_none_or(|since| since.nonce != self.nonce) {
            changes.push(put(NONCE_KEY, &self.nonce));
        }
        let old = since.and_then(|since| since.group.as_ref());
        if self.group.as_ref() != old {
            changes.push(match &self.group {
                Some(group) => put(GROUP_KEY, group),
                None => Change::Remove { key: GROUP_KEY },
            });
        }
        let (new, old) = (self.known.as_ref(), since.and_then(|since| since.known.as_ref()));
        let views = new.map(Views::from);
        if views != old.map(Views::from) {
            changes.push(match &views {
                Some(views) => put(VIEWS_KEY, views),
                None => Change::Remove { key: VIEWS_KEY },
            });
        }
        changes.extend(changes_of_logs(new, old));
        changes.extend(PIECES.changes(new.and_then(pieces), old.and_then(pieces)));
        changes
    }

    fn restore(records: Vec<(Key, Bytes)>) -> Result<Self, Damage> {
        let is_single = |(key, _): &(Key, _)| [NONCE_KEY, GROUP_KEY, VIEWS_KEY].contains(key);
        let (single, numbered): (Vec<_>, Vec<_>) = records.into_iter().partition(is_single);
        let nonce = find::<Self, Nonce>(&single, NONCE_KEY)?;
        let nonce = nonce.ok_or_else(|| damage::<Self>(NONCE_KEY, "missing"))?;
        let group = find::<Self, Group>(&single, GROUP_KEY)?;
        if group.as_ref().map_or(Epoch::ZERO, |group| group.epoch) != nonce.epoch {
            return Err(damage::<Self>(GROUP_KEY, "missing, or of another epoch"));
        }
        let known = match find::<Self, Views>(&single, VIEWS_KEY)? {
            Some(views) => Some(restored::<C>(views, numbered)?),
            None => match numbered.first() {
                Some((key, _)) => {
                    return Err(damage::<Self>(*key, "nothing says what it belongs to"));
                }
                None => None,
            },
        };
        Ok(Storage { nonce, group, known })
    }

    fn name(key: Key) -> String {
        match key {
            NONCE_KEY => "number of starts".to_owned(),
            GROUP_KEY => "group".to_owned(),
            VIEWS_KEY => "view".to_owned(),
            Key { kind: REQUEST, number } => format!("request {number}"),
            Key { kind, .. } if kind == PIECES.0 => PieceRecords::name(key),
            Key { kind, number } => format!("record {number} of unknown kind {kind}"),
        }
    }
}

/// The pieces of the checkpoint, and its op-number.
fn pieces<C: Clone>(known: &Known<C>) -> Option<(Index, &Vector<Bytes>)> {
    known.checkpoint.as_ref().map(|checkpoint| (checkpoint.op, &checkpoint.pieces))
}

fn request_key(op: Index) -> Key {
    Key { kind: REQUEST, number: op.0 }
}

/// What turns the records of the one log into those of the other.
fn changes_of_logs<C: Value + Serialize>(
    new: Option<&Known<C>>,
    old: Option<&Known<C>>,
) -> Vec<Change> {
    let shared = new.zip(old).map_or(Index::ZERO, |(new, old)| shared(new, old));
    let empty = Log::default();
    let [new, old] = [new, old].map(|known| known.map_or(&empty, |known| &known.log));
    let put = (shared.max(new.base()).0 + 1..=new.last().0).map(Index);
    let put = put.filter_map(|op| Some(self::put(request_key(op), new.get(op)?)));
    let dropped = old.base().0 + 1..=new.base().0.min(old.last().0);
    let cut = new.last().max(old.base()).0 + 1..=old.last().0;
    let gone = dropped.chain(cut).map(|op| Change::Remove { key: request_key(Index(op)) });
    put.chain(gone).collect()
}

/// How far two logs of one replica are the same. What was committed is; of the rest there is no
/// more than a window.
fn shared<C: Clone + PartialEq>(new: &Known<C>, old: &Known<C>) -> Index {
    let committed = old.commit.max(old.log.base()).max(new.log.base());
    let is_same = |op: &Index| new.log.get(*op).is_some() && new.log.get(*op) == old.log.get(*op);
    let more = (committed.0 + 1..).map(Index).take_while(is_same).last();
    more.unwrap_or(committed).min(new.log.last())
}

/// What a replica knew, by its views and the other records.
fn restored<C: Value + DeserializeOwned + Serialize>(
    views: Views,
    numbered: Vec<(Key, Bytes)>,
) -> Result<Known<C>, Damage> {
    let Views { view, last_normal, base, last, commit, checkpoint, group, crashes } = views;
    let misfit = || damage::<Storage<C>>(VIEWS_KEY, "does not fit together");
    let op = checkpoint.map_or(Index::ZERO, |(op, _)| op);
    if view < last_normal || base > op || op > commit || commit > last {
        return Err(misfit());
    }
    let mut log = Log::behind_base(base);
    let mut pieces = Vector::new();
    for (key, bytes) in numbered {
        let expected = match key.kind {
            REQUEST => request_key(log.last().next()),
            _ => PIECES.key(op, pieces.len() as u64),
        };
        if key.kind != expected.kind || key < expected {
            return Err(damage::<Storage<C>>(key, "does not belong to a replica's storage"));
        }
        if key != expected {
            return Err(damage::<Storage<C>>(expected, "missing"));
        }
        match key.kind {
            REQUEST => log.push(decode::<Storage<C>, Entry<C>>(key, &bytes)?),
            _ => pieces.push_back(bytes),
        }
    }
    let (end, expected) = (request_key(log.last().next()), request_key(last.next()));
    assert_end::<Storage<C>>(end, expected, "behind the end of the log")?;
    let expected = PIECES.key(op, checkpoint.map_or(0, |(_, count)| count));
    let end = PIECES.key(op, pieces.len() as u64);
    assert_end::<Storage<C>>(end, expected, "behind the end of the checkpoint")?;
    let checkpoint = checkpoint.map(|(op, _)| Checkpoint { op, group, pieces });
    Ok(Known { view, last_normal, log, commit, checkpoint, crashes })
}
