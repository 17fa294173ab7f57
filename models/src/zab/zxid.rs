//! Zxids: which transaction of which epoch.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::number::Epoch;

/// The number of a transaction: the epoch of the leader that proposed it, and which of that
/// leader's transactions it is. The first of an epoch has counter 1.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Zxid {
    pub epoch: Epoch,
    pub counter: u64,
}

impl Zxid {
    /// Before the first transaction.
    pub const ZERO: Zxid = Zxid { epoch: Epoch::ZERO, counter: 0 };

    /// The transaction that the leader of `epoch` proposes next, who has all up to this one.
    pub fn next_in(self, epoch: Epoch) -> Zxid {
        let counter = if self.epoch == epoch { self.counter } else { 0 };
        Zxid { epoch, counter: counter + 1 }
    }

    /// Whether `next` may stand right behind this one: the next of the same leader, or the first of
    /// a later one.
    pub fn is_followed_by(self, next: Zxid) -> bool {
        next.epoch >= self.epoch && next == self.next_in(next.epoch)
    }
}

/// As "1.2": the second transaction of epoch 1.
impl fmt::Debug for Zxid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}.{}", self.epoch, self.counter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zxid(epoch: u64, counter: u64) -> Zxid {
        Zxid { epoch: Epoch(epoch), counter }
    }

    #[test]
    fn counters_begin_anew_in_each_epoch() {
        assert_eq!(zxid(1, 3).next_in(Epoch(1)), zxid(1, 4));
        assert_eq!(zxid(1, 3).next_in(Epoch(3)), zxid(3, 1));
        assert!(zxid(1, 3).is_followed_by(zxid(1, 4)) && zxid(1, 3).is_followed_by(zxid(3, 1)));
        assert!(!zxid(1, 3).is_followed_by(zxid(1, 5)) && !zxid(2, 1).is_followed_by(zxid(1, 1)));
        assert!(!zxid(1, 3).is_followed_by(zxid(2, 2)) && Zxid::ZERO < zxid(1, 1));
    }
}
