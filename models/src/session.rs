//! Sessions: the last outcome of each, so that a command takes effect once (Ongaro's thesis, §6.3).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

use crate::service::{Sequence, Session};

/// Of every session the last command that took effect, and what it returned. Replicated state: it
/// is part of whatever one server hands over to another.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sessions<O>(BTreeMap<Session, (Sequence, O)>);

impl<O> Default for Sessions<O> {
    fn default() -> Self {
        Sessions(BTreeMap::new())
    }
}

impl<O: fmt::Debug> fmt::Debug for Sessions<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<O> Sessions<O> {
    /// The number of the session's last command, and what it returned.
    pub fn last(&self, session: Session) -> Option<&(Sequence, O)> {
        self.0.get(&session)
    }

    /// True if the command of this number took effect, or a later one of its session did.
    pub fn has_done(&self, session: Session, sequence: Sequence) -> bool {
        self.last(session).is_some_and(|(last, _)| *last >= sequence)
    }

    /// The command of this number took effect.
    pub fn record(&mut self, session: Session, sequence: Sequence, output: O) {
        self.0.insert(session, (sequence, output));
    }
}

impl<O: Clone> Rewrite<Id> for Sessions<O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let sessions = self.0.iter();
        Sessions(sessions.map(|(id, last)| (id.rewrite(plan), last.clone())).collect())
    }
}
