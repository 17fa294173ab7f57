//! The log: a persistent vector, so that a copy costs nothing.

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

/// The entries from index 1 on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Log<C: Clone>(Vector<Entry<C>>);

impl<C: Clone> Default for Log<C> {
    fn default() -> Self {
        Log(Vector::new())
    }
}

impl<C: Clone + fmt::Debug> fmt::Debug for Log<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl<C: Clone> FromIterator<Entry<C>> for Log<C> {
    fn from_iter<I: IntoIterator<Item = Entry<C>>>(entries: I) -> Self {
        Log(entries.into_iter().collect())
    }
}

impl<C: Clone> Log<C> {
    pub fn last_index(&self) -> Index {
        Index(self.0.len() as u64)
    }

    /// The last entry's position; before the first entry that is index 0 of term 0.
    pub fn last(&self) -> Position {
        let term = self.0.last().map_or(Term::ZERO, |entry| entry.term);
        Position { index: self.last_index(), term }
    }

    /// The entry at `index`, if the log reaches so far.
    pub fn get(&self, index: Index) -> Option<&Entry<C>> {
        self.0.get(usize::try_from(index.0.checked_sub(1)?).ok()?)
    }

    /// The term at `index`; index 0 has term 0 in every log.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        if index == Index::ZERO { Some(Term::ZERO) } else { self.get(index).map(|e| e.term) }
    }

    /// True if the log has the entry that `position` names.
    pub fn contains(&self, position: Position) -> bool {
        self.term_at(position.index) == Some(position.term)
    }

    /// The last entry at or before the index of `bound` whose term is not later than that of
    /// `bound`. Terms never go down within a log, so this costs a binary search.
    pub fn last_within(&self, bound: Position) -> Position {
        let (mut within, mut beyond) = (0, bound.index.min(self.last_index()).0 + 1);
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
        let skip = (index.0 as usize).min(self.0.len());
        let entries = self.0.focus().narrow(skip..).into_iter();
        entries.zip(skip as u64 + 1..).map(|(entry, index)| (Index(index), entry))
    }

    pub fn append(&mut self, entry: Entry<C>) {
        self.0.push_back(entry);
    }

    /// Removes the entry at `index` and all behind it.
    pub fn truncate_from(&mut self, index: Index) {
        self.0.truncate(index.0.saturating_sub(1) as usize);
    }

    /// True if the first entries of `self` are those of `prefix`.
    pub fn starts_with(&self, prefix: &Log<C>) -> bool
    where
        C: PartialEq,
    {
        self.0.len() >= prefix.0.len() && self.0.iter().zip(&prefix.0).all(|(a, b)| a == b)
    }
}
