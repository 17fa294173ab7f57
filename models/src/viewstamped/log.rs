//! The log: requests, each under its op-number. A copy costs nothing.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use crate::number::Index;
use crate::service::Request;

/// Requests in the order of their op-numbers, which begin behind a *base*.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Log<C: Clone> {
    base: Index,
    requests: Vector<Request<C>>,
}

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log::behind_base(Index::ZERO)
    }
}

/// As the base, if there is one, and the commands: whose they are is no news.
impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base > Index::ZERO {
            write!(f, "behind {:?}: ", self.base)?;
        }
        f.debug_list().entries(self.requests.iter().map(|request| &request.command)).finish()
    }
}

impl<C: Clone> Log<C> {
    /// One without a request: the next one has the op-number behind `base`.
    pub fn behind_base(base: Index) -> Self {
        Log { base, requests: Vector::new() }
    }

    /// The op-number behind which the log begins.
    pub fn base(&self) -> Index {
        self.base
    }

    /// The op-number of the last request; that of the base if there is none.
    pub fn last(&self) -> Index {
        Index(self.base.0 + self.requests.len() as u64)
    }

    /// Where the requests behind `op` begin.
    fn offset(&self, op: Index) -> usize {
        (op.0.saturating_sub(self.base.0) as usize).min(self.requests.len())
    }

    /// The request of this op-number, if the log has it.
    pub fn get(&self, op: Index) -> Option<&Request<C>> {
        let behind = op.0.checked_sub(self.base.0)?;
        self.requests.get(usize::try_from(behind.checked_sub(1)?).ok()?)
    }

    /// Its requests behind `op`, in their order.
    pub fn requests_behind(&self, op: Index) -> impl Iterator<Item = &Request<C>> {
        self.requests.iter().skip(self.offset(op))
    }

    /// Gives a request the next op-number.
    pub fn push(&mut self, request: Request<C>) {
        self.requests.push_back(request);
    }

    /// Drops what is behind `op`.
    pub fn cut_behind(&mut self, op: Index) {
        self.requests.truncate(self.offset(op));
    }

    /// Drops the first request, which is the base from now on.
    pub fn drop_first(&mut self) -> Option<Request<C>> {
        let first = self.requests.pop_front()?;
        self.base = self.base.next();
        Some(first)
    }

    /// What is behind `op`, or behind the base if that is later.
    pub fn behind(&self, op: Index) -> Self {
        let requests = self.requests.skip(self.offset(op));
        Log { base: op.max(self.base).min(self.last()), requests }
    }

    /// Puts `more` in the place of what is behind its base. Both are the same up to there.
    ///
    /// # Panics
    /// If `more` begins behind the end of this log.
    pub fn put_behind(&mut self, more: &Self) {
        assert!(more.base <= self.last(), "a log has no holes");
        let from = more.base.max(self.base);
        self.cut_behind(from);
        self.requests.append(more.requests.skip(more.offset(from)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::{Sequence, Session};

    /// A log of the numbers of this range, each as the command of its op-number.
    fn log(ops: std::ops::RangeInclusive<u64>) -> Log<u64> {
        let mut log = Log::behind_base(Index(ops.start() - 1));
        for command in ops {
            let (session, sequence) = (Session(command), Sequence(1));
            log.push(Request { session, sequence, command, since: Index::ZERO });
        }
        log
    }

    #[test]
    fn requests_have_the_numbers_behind_the_base() {
        let log = log(4..=6);
        assert_eq!((log.base(), log.last()), (Index(3), Index(6)));
        let commands = |log: &Log<u64>| -> Vec<u64> {
            (0..9).filter_map(|op| Some(log.get(Index(op))?.command)).collect()
        };
        assert_eq!(commands(&log), [4, 5, 6]);
        for (op, base) in [(0, 3), (3, 3), (5, 5), (6, 6), (8, 6)] {
            assert_eq!(log.behind(Index(op)).base(), Index(base), "behind {op}");
            assert_eq!(log.behind(Index(op)).last(), Index(6), "behind {op}");
        }
        let mut shorter = log.clone();
        assert_eq!(shorter.drop_first().map(|it| it.command), Some(4));
        assert_eq!(commands(&shorter), [5, 6]);
        shorter.cut_behind(Index(5));
        assert_eq!((commands(&shorter), shorter.base()), (vec![5], Index(4)));
    }

    #[test]
    fn what_is_put_behind_takes_the_place_of_what_was_there() {
        for (more, last) in [(log(5..=8), 8), (log(1..=5), 5), (log(7..=7), 7)] {
            let mut own = log(4..=6);
            own.put_behind(&more);
            assert_eq!((own.base(), own.last()), (Index(3), Index(last)), "{more:?}");
            let commands: Vec<_> = own.requests_behind(Index(3)).map(|it| it.command).collect();
            assert_eq!(commands, (4..=last).collect::<Vec<_>>(), "{more:?}");
        }
    }

    #[test]
    #[should_panic(expected = "no holes")]
    fn a_log_has_no_holes() {
        log(4..=6).put_behind(&log(8..=9));
    }
}
