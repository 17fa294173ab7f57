//! The log: transactions in the order of their zxids. A copy costs nothing, and a zxid is found
//! without looking at all of them.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::Flow;
use super::zxid::Zxid;
use crate::number::Index;
use crate::service::Request;
use crate::state_machine::StateMachine;
use crate::window::weight;

/// A transaction: what a leader has proposed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Txn<C> {
    pub zxid: Zxid,
    pub request: Request<C>,
}

/// As its zxid and its command.
impl<C: fmt::Debug> fmt::Debug for Txn<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.zxid, self.request.command)
    }
}

/// Transactions in a row, as a message carries them.
pub type Txns<C> = Vector<Txn<C>>;

/// What there is behind `base`, in the order of the zxids.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Log<C: Clone> {
    base: Zxid,
    /// How many transactions are not behind the base.
    before: Index,
    txns: Txns<C>,
}

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log::behind(Zxid::ZERO, Index::ZERO)
    }
}

impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base > Zxid::ZERO {
            write!(f, "..{:?} ", self.base)?;
        }
        self.txns.fmt(f)
    }
}

impl<C: Clone> Log<C> {
    /// One that is empty: all up to `base` is in a snapshot, which are `before` transactions.
    pub fn behind(base: Zxid, before: Index) -> Self {
        Log { base, before, txns: Vector::new() }
    }

    /// The last transaction of which there is a trace: the last in the log, or else in the
    /// snapshot.
    pub fn last(&self) -> Zxid {
        self.txns.last().map_or(self.base, |txn| txn.zxid)
    }

    /// Up to where the transactions are in the snapshot, and not in the log.
    pub fn base(&self) -> Zxid {
        self.base
    }

    /// How many transactions there have been up to the base.
    pub fn before(&self) -> Index {
        self.before
    }

    /// How many transactions there have been up to the last.
    pub fn last_index(&self) -> Index {
        Index(self.before.0 + self.txns.len() as u64)
    }

    /// How many transactions there have been up to `zxid`, as far as the log reaches.
    pub fn index_of(&self, zxid: Zxid) -> Index {
        Index(self.before.0 + self.count_up_to(zxid) as u64)
    }

    /// The transaction at `index`, if it is in the log.
    pub fn get(&self, index: Index) -> Option<&Txn<C>> {
        let behind = index.0.checked_sub(self.before.0)?.checked_sub(1)?;
        self.txns.get(usize::try_from(behind).ok()?)
    }

    /// How many transactions are in the log.
    pub fn len(&self) -> usize {
        self.txns.len()
    }

    /// Whether the log has no transaction.
    pub fn is_empty(&self) -> bool {
        self.txns.is_empty()
    }

    /// All transactions of the log.
    pub fn iter(&self) -> impl Iterator<Item = &Txn<C>> {
        self.txns.iter()
    }

    /// How many transactions of the log are not behind `zxid`.
    pub fn count_up_to(&self, zxid: Zxid) -> usize {
        match self.txns.binary_search_by(|txn| txn.zxid.cmp(&zxid)) {
            Ok(place) => place + 1,
            Err(place) => place,
        }
    }

    /// The first transaction behind `zxid`.
    pub fn first_behind(&self, zxid: Zxid) -> Option<&Txn<C>> {
        self.txns.get(self.count_up_to(zxid))
    }

    /// The transactions behind `zxid`, with the index of each.
    pub fn behind_zxid(&self, zxid: Zxid) -> impl Iterator<Item = (Index, &Txn<C>)> {
        let count = self.count_up_to(zxid);
        let txns = self.txns.focus().narrow(count..).into_iter();
        let first = self.before.0 + count as u64 + 1;
        (first..).map(Index).zip(txns)
    }

    /// The first transactions behind `zxid`, as many as go into one packet. One goes in any case.
    pub fn some_behind<M: StateMachine<Command = C>>(&self, zxid: Zxid, flow: Flow) -> Txns<C> {
        let mut bytes = 0;
        let fits = |(count, txn): &(usize, &Txn<C>)| {
            bytes += weight::<M>(&txn.request);
            *count == 0 || bytes <= flow.bytes
        };
        let behind = self.behind_zxid(zxid).map(|(_, txn)| txn).take(flow.txns).enumerate();
        behind.take_while(fits).map(|(_, txn)| txn.clone()).collect()
    }

    /// The transaction behind which those up to `zxid` weigh no more than `most`.
    pub fn first_kept<M: StateMachine<Command = C>>(&self, zxid: Zxid, most: usize) -> Zxid {
        let (mut index, mut kept) = (self.index_of(zxid), 0);
        while let Some(txn) = self.get(index) {
            kept += weight::<M>(&txn.request);
            if kept > most {
                return txn.zxid;
            }
            index = Index(index.0 - 1);
        }
        self.base
    }

    /// The last transaction that is not behind `zxid`, as far as the log reaches back.
    pub fn last_up_to(&self, zxid: Zxid) -> Zxid {
        match self.count_up_to(zxid) {
            0 => self.base,
            count => self.txns[count - 1].zxid,
        }
    }

    /// Whether this transaction is in the log, or the log begins right behind it.
    pub fn has(&self, zxid: Zxid) -> bool {
        self.last_up_to(zxid) == zxid
    }

    /// Adds a transaction.
    pub fn push(&mut self, txn: Txn<C>) {
        self.txns.push_back(txn);
    }

    /// Drops what is behind `zxid`.
    pub fn cut_behind(&mut self, zxid: Zxid) {
        self.txns.truncate(self.count_up_to(zxid));
    }

    /// Drops what is not behind `zxid`, which is in a snapshot from now on.
    pub fn cut_up_to(&mut self, zxid: Zxid) {
        let count = self.count_up_to(zxid);
        self.before = Index(self.before.0 + count as u64);
        self.txns = self.txns.skip(count);
        self.base = zxid;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::{Command, Kv, put};
    use crate::number::Epoch;
    use crate::service::{Sequence, Session};

    fn zxid(epoch: u64, counter: u64) -> Zxid {
        Zxid { epoch: Epoch(epoch), counter }
    }

    fn log() -> Log<Command> {
        let mut log = Log::behind(zxid(1, 1), Index(4));
        for zxid in [zxid(1, 2), zxid(3, 1), zxid(3, 2)] {
            let (session, sequence) = (Session(9), Sequence(1));
            let request = Request { session, sequence, command: put("x", "1"), since: Index::ZERO };
            log.push(Txn { zxid, request });
        }
        log
    }

    #[test]
    fn a_place_is_found_by_its_zxid() {
        let log = log();
        assert_eq!((log.last(), log.base(), log.len()), (zxid(3, 2), zxid(1, 1), 3));
        assert_eq!(log.first_behind(zxid(1, 1)).unwrap().zxid, zxid(1, 2));
        assert_eq!(log.first_behind(zxid(2, 7)).unwrap().zxid, zxid(3, 1));
        assert!(log.first_behind(zxid(3, 2)).is_none());
        assert_eq!((log.last_index(), log.index_of(zxid(2, 7))), (Index(7), Index(5)));
        assert_eq!(log.get(Index(5)).map(|txn| txn.zxid), Some(zxid(1, 2)));
        assert!(log.get(Index(4)).is_none() && log.get(Index(8)).is_none());
        let last = [zxid(2, 7), zxid(3, 1), zxid(1, 1)].map(|zxid| log.last_up_to(zxid));
        assert_eq!(last, [zxid(1, 2), zxid(3, 1), zxid(1, 1)]);
    }

    #[test]
    fn a_packet_takes_no_more_than_it_may() {
        let (log, one) = (log(), weight::<Kv>(&log().get(Index(5)).unwrap().request));
        let some = |zxid, txns, bytes| {
            let flow = Flow { txns, bytes, ..Flow::NARROW };
            log.some_behind::<Kv>(zxid, flow).iter().map(|txn| txn.zxid).collect::<Vec<_>>()
        };
        assert_eq!(some(zxid(1, 2), 1, 9 * one), [zxid(3, 1)]);
        assert_eq!(some(zxid(1, 1), 9, 9 * one).len(), 3);
        assert_eq!(some(zxid(1, 1), 9, 2 * one), [zxid(1, 2), zxid(3, 1)]);
        assert_eq!(some(zxid(1, 1), 9, 0), [zxid(1, 2)]);
        assert_eq!(some(zxid(3, 2), 9, 9 * one), []);
        let kept = |most| log.first_kept::<Kv>(zxid(3, 1), most);
        assert_eq!([kept(0), kept(one), kept(2 * one)], [zxid(3, 1), zxid(1, 2), zxid(1, 1)]);
    }

    #[test]
    fn both_ends_are_cut() {
        let mut log = log();
        log.cut_behind(zxid(3, 1));
        assert_eq!(log.last(), zxid(3, 1));
        log.cut_up_to(zxid(1, 2));
        assert_eq!((log.base(), log.before(), log.len()), (zxid(1, 2), Index(5), 1));
        log.cut_behind(zxid(1, 2));
        assert!(log.is_empty() && log.last() == zxid(1, 2));
    }
}
