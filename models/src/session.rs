//! Sessions: the last outcome of each, so that a command takes effect once (Ongaro's thesis, §6.3).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

use crate::number::Index;
use crate::service::{Sequence, Session};

/// The last command of a session that took effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Last<O> {
    pub sequence: Sequence,
    /// Where it stands in the log; [`Index::ZERO`] in a protocol whose sessions do not end.
    pub index: Index,
    /// What it returned.
    pub output: O,
}

/// Of every session the last command that took effect. Replicated state: it is part of whatever one
/// server hands over to another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Sessions<O> {
    last: BTreeMap<Session, Last<O>>,
    /// The same sessions, in the order of their last commands.
    #[serde(skip)]
    by_age: BTreeSet<(Index, Session)>,
}

impl<O> Default for Sessions<O> {
    fn default() -> Self {
        Sessions { last: BTreeMap::new(), by_age: BTreeSet::new() }
    }
}

impl<O> FromIterator<(Session, Last<O>)> for Sessions<O> {
    fn from_iter<T: IntoIterator<Item = (Session, Last<O>)>>(sessions: T) -> Self {
        let last: BTreeMap<_, _> = sessions.into_iter().collect();
        let by_age = last.iter().map(|(session, last)| (last.index, *session)).collect();
        Sessions { last, by_age }
    }
}

impl<'de, O: Deserialize<'de>> Deserialize<'de> for Sessions<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::deserialize(deserializer)?.into_iter().collect())
    }
}

impl<O: fmt::Debug> fmt::Debug for Sessions<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.last.fmt(f)
    }
}

impl<O> Sessions<O> {
    /// The session's last command.
    pub fn last(&self, session: Session) -> Option<&Last<O>> {
        self.last.get(&session)
    }

    /// True if the command of this number took effect, or a later one of its session did.
    pub fn has_done(&self, session: Session, sequence: Sequence) -> bool {
        self.last(session).is_some_and(|last| last.sequence >= sequence)
    }

    /// A command of the session took effect.
    pub fn record(&mut self, session: Session, last: Last<O>) {
        self.by_age.insert((last.index, session));
        if let Some(before) = self.last.insert(session, last)
            && self.last[&session].index != before.index
        {
            self.by_age.remove(&(before.index, session));
        }
    }

    /// Forgets the sessions whose last commands stand before `index`. It takes time for those, and
    /// hardly any for the others.
    pub fn end_before(&mut self, index: Index) {
        while let Some(&(last, session)) = self.by_age.first()
            && last < index
        {
            self.by_age.pop_first();
            self.last.remove(&session);
        }
    }

    /// Where the last command stands of the session that has been still for longest.
    pub fn oldest(&self) -> Option<Index> {
        self.by_age.first().map(|(index, _)| *index)
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }
}

impl<O: Clone> Rewrite<Id> for Sessions<O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let sessions = self.last.iter();
        sessions.map(|(session, last)| (session.rewrite(plan), last.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(sequence: u32, index: u64) -> Last<()> {
        Last { sequence: Sequence(sequence), index: Index(index), output: () }
    }

    #[test]
    fn a_session_ends_by_its_last_command() {
        let mut sessions = Sessions::default();
        sessions.record(Session(7), last(1, 3));
        sessions.record(Session(8), last(1, 4));
        sessions.record(Session(7), last(2, 5));
        assert_eq!((sessions.len(), sessions.oldest()), (2, Some(Index(4))));
        sessions.end_before(Index(4));
        assert_eq!(sessions.len(), 2);
        sessions.end_before(Index(5));
        assert_eq!((sessions.len(), sessions.oldest()), (1, Some(Index(5))));
        assert!(sessions.has_done(Session(7), Sequence(1)) && sessions.last(Session(8)).is_none());
        sessions.end_before(Index(6));
        assert!(sessions.is_empty() && sessions.oldest().is_none());
    }

    #[test]
    fn sessions_without_a_log_do_not_end_each_other() {
        let mut sessions = Sessions::default();
        sessions.record(Session(7), last(1, 0));
        sessions.record(Session(8), last(1, 0));
        sessions.record(Session(7), last(2, 0));
        sessions.end_before(Index::ZERO);
        assert_eq!((sessions.len(), sessions.oldest()), (2, Some(Index::ZERO)));
    }

    #[test]
    fn who_reads_them_knows_their_order() {
        let mut sessions = Sessions::default();
        sessions.record(Session(7), last(1, 5));
        sessions.record(Session(8), last(1, 4));
        let bytes = postcard::to_stdvec(&sessions).unwrap();
        assert_eq!(postcard::from_bytes::<Sessions<()>>(&bytes).unwrap(), sessions);
    }
}
