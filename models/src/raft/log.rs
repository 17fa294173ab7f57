//! The log: a persistent vector, so that a copy costs nothing. What it began with may be compacted:
//! a snapshot stands for it.

use std::fmt;

use imbl::Vector;
use serde::{Deserialize, Serialize};

use super::config::Config;
use crate::number::{Index, Term};
use crate::service::Request;

/// What a log entry is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Payload<C> {
    /// Opens a leader's term.
    NoOp,
    Command(Request<C>),
    /// Who takes part from here on.
    Config(Config),
}

/// An entry and the term of the leader that appended it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Entry<C> {
    pub term: Term,
    pub payload: Payload<C>,
}

impl<C: fmt::Debug> fmt::Debug for Entry<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.payload {
            Payload::NoOp => write!(f, "{:?}:NoOp", self.term),
            Payload::Command(request) => write!(f, "{:?}:{:?}", self.term, request.command),
            Payload::Config(config) => write!(f, "{:?}:{config:?}", self.term),
        }
    }
}

/// An index and the term of the entry there: it names an entry, and by log matching all before it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    pub index: Index,
    pub term: Term,
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}@{:?}", self.term, self.index)
    }
}

/// The entries behind the base, which is index 0 until entries are compacted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Log<C: Clone> {
    base: Position,
    entries: Vector<Entry<C>>,
}

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log::behind_base(Position::default())
    }
}

impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.base != Position::default() {
            write!(f, "{:?}+", self.base)?;
        }
        f.debug_list().entries(&self.entries).finish()
    }
}

impl<C: Clone> FromIterator<Entry<C>> for Log<C> {
    fn from_iter<I: IntoIterator<Item = Entry<C>>>(entries: I) -> Self {
        Log { base: Position::default(), entries: entries.into_iter().collect() }
    }
}

impl<C: Clone> Log<C> {
    /// A log of which all up to `base` is compacted, and which has no entry behind it.
    pub fn behind_base(base: Position) -> Self {
        Log { base, entries: Vector::new() }
    }

    /// The last entry that is compacted; index 0 of term 0 if none is.
    pub fn base(&self) -> Position {
        self.base
    }

    pub fn last_index(&self) -> Index {
        Index(self.base.index.0 + self.entries.len() as u64)
    }

    /// The last entry's position, though it be compacted; of a log that never had an entry that is
    /// index 0 of term 0.
    pub fn last(&self) -> Position {
        let term = self.entries.last().map_or(self.base.term, |entry| entry.term);
        Position { index: self.last_index(), term }
    }

    /// The entry at `index`, if the log reaches so far and it is not compacted.
    pub fn get(&self, index: Index) -> Option<&Entry<C>> {
        let behind = index.0.checked_sub(self.base.index.0)?;
        self.entries.get(usize::try_from(behind.checked_sub(1)?).ok()?)
    }

    /// The term at `index`, if that is known: not beyond the last entry, and not before the base.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// True if the log has the entry that `position` names.
    pub fn contains(&self, position: Position) -> bool {
        self.term_at(position.index) == Some(position.term)
    }

    /// The last entry at or before the index of `bound` whose term is not later than that of
    /// `bound`. Terms never go down within a log, so this costs a binary search. If that entry is
    /// before the base, what is known of it: it is not behind this index, nor of a later term.
    pub fn last_within(&self, bound: Position) -> Position {
        let base = self.base;
        if bound.index < base.index || bound.term < base.term {
            let before = Index(base.index.0.saturating_sub(1));
            return Position { index: bound.index.min(before), term: bound.term.min(base.term) };
        }
        let (mut within, mut beyond) = (base.index.0, bound.index.min(self.last_index()).0 + 1);
        while beyond - within > 1 {
            let middle = within + (beyond - within) / 2;
            if self.term_at(Index(middle)) <= Some(bound.term) {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        let index = Index(within);
        Position { index, term: self.term_at(index).unwrap_or_default() }
    }

    /// The entries behind `index`, in order, with their indexes.
    pub fn behind(&self, index: Index) -> impl Iterator<Item = (Index, &Entry<C>)> {
        let skip = (index.0.saturating_sub(self.base.index.0) as usize).min(self.entries.len());
        let entries = self.entries.focus().narrow(skip..).into_iter();
        let first = self.base.index.0.saturating_add(skip as u64 + 1);
        entries.zip(first..).map(|(entry, index)| (Index(index), entry))
    }

    pub fn append(&mut self, entry: Entry<C>) {
        self.entries.push_back(entry);
    }

    /// Removes the entry at `index` and all behind it. What is compacted stays so.
    pub fn truncate_from(&mut self, index: Index) {
        let kept = index.0.saturating_sub(1).saturating_sub(self.base.index.0);
        self.entries.truncate(kept as usize);
    }

    /// Compacts all up to `index`, if the log reaches so far and has not done so.
    pub fn compact_to(&mut self, index: Index) {
        if let Some(term) = self.get(index).map(|entry| entry.term) {
            let gone = index.0 - self.base.index.0;
            self.entries = self.entries.split_off(gone as usize);
            self.base = Position { index, term };
        }
    }

    /// True if `self` reaches as far as `prefix` and has its entries, as far as either is not
    /// compacted.
    pub fn starts_with(&self, prefix: &Log<C>) -> bool
    where
        C: PartialEq,
    {
        let from = self.base.index.max(prefix.base.index);
        if self.last_index() < prefix.last_index() {
            return false;
        }
        prefix.last_index() < from
            || (self.term_at(from) == prefix.term_at(from)
                && prefix.behind(from).all(|(index, entry)| self.get(index) == Some(entry)))
    }
}
