//! The log: requests, each under its op-number. A copy costs nothing.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use crate::number::Index;
use crate::service::{Request, Sequence, Session};

/// Requests in the order of their op-numbers, the first of which is 1.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Log<C: Clone>(Vector<Request<C>>);

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log(Vector::new())
    }
}

/// As the commands: whose they are is no news.
impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|request| &request.command)).finish()
    }
}

impl<C: Clone> Log<C> {
    /// The op-number of the last request; 0 if there is none.
    pub fn last(&self) -> Index {
        Index(self.0.len() as u64)
    }

    /// The request of this op-number, if the log reaches so far.
    pub fn get(&self, op: Index) -> Option<&Request<C>> {
        self.0.get(usize::try_from(op.0.checked_sub(1)?).ok()?)
    }

    /// Gives a request the next op-number.
    pub fn push(&mut self, request: Request<C>) {
        self.0.push_back(request);
    }

    /// Drops what is behind `op`.
    pub fn cut_behind(&mut self, op: Index) {
        self.0.truncate((op.0 as usize).min(self.0.len()));
    }

    /// What is behind `op`.
    pub fn behind(&self, op: Index) -> Self {
        Log(self.0.skip((op.0 as usize).min(self.0.len())))
    }

    /// The log up to `op`, and `more` behind it.
    pub fn followed_by(&self, op: Index, more: &Self) -> Self {
        let mut log = self.clone();
        log.cut_behind(op);
        log.0.append(more.0.clone());
        log
    }

    /// Whether a request of this session that has this number, or a later one, is behind `op`.
    pub fn has_behind(&self, op: Index, session: Session, sequence: Sequence) -> bool {
        let mut behind = self.0.iter().skip(op.0 as usize);
        behind.any(|it| it.session == session && it.sequence >= sequence)
    }
}

impl<C: Clone + PartialEq> Log<C> {
    /// Whether both have the same requests up to `op`.
    pub fn agrees_up_to(&self, op: Index, other: &Self) -> bool {
        (1..=op.0).map(Index).all(|op| self.get(op) == other.get(op))
    }
}
