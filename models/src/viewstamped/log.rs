//! The log: requests and reconfigurations, each under its op-number. A copy costs nothing.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::group::Group;
use crate::number::Index;
use crate::service::Request;
use crate::state_machine::StateMachine;
use crate::window;

/// What a reconfiguration weighs, in bytes.
const RECONFIGURATION: usize = 64;

/// What has an op-number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Entry<C> {
    Request(Request<C>),
    /// The epoch ends, and the next one has this group.
    Reconfiguration(Group),
}

impl<C> Entry<C> {
    /// The request; `None` of a reconfiguration.
    pub fn request(&self) -> Option<&Request<C>> {
        match self {
            Entry::Request(request) => Some(request),
            Entry::Reconfiguration(_) => None,
        }
    }

    /// The group of the next epoch; `None` of a request.
    pub fn group(&self) -> Option<&Group> {
        match self {
            Entry::Request(_) => None,
            Entry::Reconfiguration(group) => Some(group),
        }
    }

    /// Its weight, in bytes.
    pub fn weight<M: StateMachine<Command = C>>(&self) -> usize {
        self.request().map_or(RECONFIGURATION, window::weight::<M>)
    }
}

/// As the command, whose it is is no news, or the group.
impl<C: fmt::Debug> fmt::Debug for Entry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Request(request) => request.command.fmt(f),
            Entry::Reconfiguration(group) => group.fmt(f),
        }
    }
}

/// Entries in the order of their op-numbers, which begin behind a *base*.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Log<C: Clone> {
    base: Index,
    entries: Vector<Entry<C>>,
}

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log::behind_base(Index::ZERO)
    }
}

/// As the base, if there is one, and the entries.
impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base > Index::ZERO {
            write!(f, "behind {:?}: ", self.base)?;
        }
        f.debug_list().entries(&self.entries).finish()
    }
}

impl<C: Clone> Log<C> {
    /// One without an entry: the next one has the op-number behind `base`.
    pub fn behind_base(base: Index) -> Self {
        Log { base, entries: Vector::new() }
    }

    /// The op-number behind which the log begins.
    pub fn base(&self) -> Index {
        self.base
    }

    /// The op-number of the last entry; that of the base if there is none.
    pub fn last(&self) -> Index {
        Index(self.base.0 + self.entries.len() as u64)
    }

    /// Where the entries behind `op` begin.
    fn offset(&self, op: Index) -> usize {
        (op.0.saturating_sub(self.base.0) as usize).min(self.entries.len())
    }

    /// The entry of this op-number, if the log has it.
    pub fn get(&self, op: Index) -> Option<&Entry<C>> {
        let behind = op.0.checked_sub(self.base.0)?;
        self.entries.get(usize::try_from(behind.checked_sub(1)?).ok()?)
    }

    /// Its entries behind `op`, in their order.
    pub fn entries_behind(&self, op: Index) -> impl Iterator<Item = &Entry<C>> {
        self.entries.focus().narrow(self.offset(op)..).into_iter()
    }

    /// The requests among them.
    pub fn requests_behind(&self, op: Index) -> impl Iterator<Item = &Request<C>> {
        self.entries_behind(op).filter_map(Entry::request)
    }

    /// Gives an entry the next op-number.
    pub fn push(&mut self, entry: Entry<C>) {
        self.entries.push_back(entry);
    }

    /// Drops what is behind `op`.
    pub fn cut_behind(&mut self, op: Index) {
        self.entries.truncate(self.offset(op));
    }

    /// Drops the first entry, which is the base from now on.
    pub fn drop_first(&mut self) -> Option<Entry<C>> {
        let first = self.entries.pop_front()?;
        self.base = self.base.next();
        Some(first)
    }

    /// What is behind `op`, or behind the base if that is later.
    pub fn behind(&self, op: Index) -> Self {
        let entries = self.entries.skip(self.offset(op));
        Log { base: op.max(self.base).min(self.last()), entries }
    }

    /// Puts `more` in the place of what is behind its base. Both are the same up to there.
    ///
    /// # Panics
    /// If `more` begins behind the end of this log.
    pub fn put_behind(&mut self, more: &Self) {
        assert!(more.base <= self.last(), "a log has no holes");
        let from = more.base.max(self.base);
        self.cut_behind(from);
        self.entries.append(more.entries.skip(more.offset(from)));
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
            log.push(Entry::Request(Request { session, sequence, command, since: Index::ZERO }));
        }
        log
    }

    #[test]
    fn requests_have_the_numbers_behind_the_base() {
        let log = log(4..=6);
        assert_eq!((log.base(), log.last()), (Index(3), Index(6)));
        let commands = |log: &Log<u64>| -> Vec<u64> {
            (0..9).filter_map(|op| Some(log.get(Index(op))?.request()?.command)).collect()
        };
        assert_eq!(commands(&log), [4, 5, 6]);
        for (op, base) in [(0, 3), (3, 3), (5, 5), (6, 6), (8, 6)] {
            assert_eq!(log.behind(Index(op)).base(), Index(base), "behind {op}");
            assert_eq!(log.behind(Index(op)).last(), Index(6), "behind {op}");
        }
        let mut shorter = log.clone();
        assert_eq!(shorter.drop_first().and_then(|it| Some(it.request()?.command)), Some(4));
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
