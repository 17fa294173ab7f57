//! The log: transactions in the order of their zxids. A copy costs nothing, and a zxid is found
//! without looking at all of them.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::zxid::Zxid;
use crate::service::Request;

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
    txns: Txns<C>,
}

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log::behind(Zxid::ZERO)
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
    /// One that is empty: all up to `base` is in a snapshot.
    pub fn behind(base: Zxid) -> Self {
        Log { base, txns: Vector::new() }
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

    /// The first transactions behind `zxid`, `most` of them.
    pub fn some_behind(&self, zxid: Zxid, most: usize) -> Txns<C> {
        let behind = self.txns.skip(self.count_up_to(zxid));
        behind.take(most.min(behind.len()))
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
        self.txns = self.txns.skip(self.count_up_to(zxid));
        self.base = zxid;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::{Epoch, Index};
    use crate::service::{Sequence, Session};

    fn zxid(epoch: u64, counter: u64) -> Zxid {
        Zxid { epoch: Epoch(epoch), counter }
    }

    fn log() -> Log<()> {
        let mut log = Log::behind(zxid(1, 1));
        for zxid in [zxid(1, 2), zxid(3, 1), zxid(3, 2)] {
            let (session, sequence) = (Session(9), Sequence(1));
            let request = Request { session, sequence, command: (), since: Index::ZERO };
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
        assert_eq!(log.some_behind(zxid(1, 2), 1)[0].zxid, zxid(3, 1));
        assert_eq!(log.some_behind(zxid(1, 1), 9).len(), 3);
        let last = [zxid(2, 7), zxid(3, 1), zxid(1, 1)].map(|zxid| log.last_up_to(zxid));
        assert_eq!(last, [zxid(1, 2), zxid(3, 1), zxid(1, 1)]);
    }

    #[test]
    fn both_ends_are_cut() {
        let mut log = log();
        log.cut_behind(zxid(3, 1));
        assert_eq!(log.last(), zxid(3, 1));
        log.cut_up_to(zxid(1, 2));
        assert_eq!((log.base(), log.len()), (zxid(1, 2), 1));
        log.cut_behind(zxid(1, 2));
        assert!(log.is_empty() && log.last() == zxid(1, 2));
    }
}
