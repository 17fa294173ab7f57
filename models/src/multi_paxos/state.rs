//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::ballot::Ballot;
use super::log::{Log, Value};
use super::snapshot::Snapshot;
use crate::number::Index;
use crate::service::Request;
use crate::session::{Last, Sessions};
use crate::state_machine::StateMachine;

/// What was proposed for a slot, and in which ballot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pvalue<C> {
    pub ballot: Ballot,
    pub value: Value<C>,
}

impl<C: fmt::Debug> fmt::Debug for Pvalue<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}:{:?}", self.ballot, self.value)
    }
}

/// What survives a crash, and only that: the acceptor, and what is chosen as far as that was known
/// when something was saved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Storage<C: Clone> {
    /// Nothing is accepted below this ballot.
    pub promised: Ballot,
    /// By slot behind the log, what was accepted last. There are few: see [`Limits`].
    ///
    /// [`Limits`]: super::Limits
    pub accepted: OrdMap<Index, Pvalue<C>>,
    /// What stands for the part of the log that is compacted, and for some behind it.
    pub snapshot: Option<Snapshot>,
    /// What is chosen.
    pub log: Log<C>,
    /// The server has lost what it had stored before, and with it what it had promised.
    pub is_wiped: bool,
}

/// What a server has stored when its cluster is founded.
impl<C: Clone> Default for Storage<C> {
    fn default() -> Self {
        Storage {
            promised: Ballot::none(),
            accepted: OrdMap::new(),
            snapshot: None,
            log: Log::default(),
            is_wiped: false,
        }
    }
}

impl<C: Clone> Storage<C> {
    /// What a server begins with that has lost what it had stored.
    pub fn wiped() -> Self {
        Storage { is_wiped: true, ..Storage::default() }
    }

    /// All slots up to this one are in the snapshot.
    pub fn snapshot_last(&self) -> Index {
        self.snapshot.as_ref().map_or(Index::ZERO, |snapshot| snapshot.last)
    }
}

/// A server's role beside that of an acceptor, with what only that role needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub enum Role<C: Clone> {
    Follower {
        /// Who leads, as far as it has heard.
        leader: Option<Id>,
    },
    /// It asks for promises for the ballot that it has promised itself.
    Scout {
        /// Who else has promised.
        promised_by: BTreeSet<Id>,
        /// By slot, what a promise reports of the highest ballot.
        reported: OrdMap<Index, Pvalue<C>>,
    },
    /// It proposes in the ballot that it has promised itself.
    Leader {
        /// By slot that is not known to be chosen, who else has accepted what is proposed for it.
        accepted_by: BTreeMap<Index, BTreeSet<Id>>,
        /// Commands that wait for a slot.
        waiting: Vector<Request<C>>,
    },
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct ServerState<M: StateMachine> {
    pub storage: Storage<M::Command>,
    pub role: Role<M::Command>,
    /// What the log makes of an empty machine.
    pub machine: M,
    /// The last command of each session that took effect, and what it returned.
    pub sessions: Sessions<M::Output>,
    /// The first pieces of a snapshot that this server is sent.
    pub incoming: Option<Snapshot>,
}

impl<M: StateMachine> ServerState<M> {
    /// A server that has this on its disk. By `once`, see [`Self::perform`].
    ///
    /// # Panics
    /// If the snapshot is none of this machine.
    pub fn of(storage: Storage<M::Command>, once: bool) -> Self {
        let role = Role::Follower { leader: None };
        let computed = storage.snapshot.as_ref().map(|snapshot| {
            snapshot.decode().expect("what was stored is a snapshot of this machine")
        });
        let (machine, sessions) = computed.unwrap_or_default();
        let (from, log) = (storage.snapshot_last(), storage.log.clone());
        let mut state = ServerState { storage, role, machine, sessions, incoming: None };
        let behind = log.iter().filter(|(slot, _)| *slot > from);
        behind.for_each(|(_, value)| state.perform(value, once));
        state
    }

    /// All slots up to this one are known to be chosen.
    pub fn chosen(&self) -> Index {
        self.storage.log.last()
    }

    pub fn promised(&self) -> Ballot {
        self.storage.promised
    }

    /// What this server has for `slot`: what is chosen for it, or else what it accepted last.
    pub fn held(&self, slot: Index) -> Option<&Value<M::Command>> {
        let accepted = || self.storage.accepted.get(&slot).map(|it| &it.value);
        self.storage.log.get(slot).or_else(accepted)
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// The next value of the log takes effect. If it is a command that did so before, `once` says
    /// that it does not again.
    pub fn perform(&mut self, value: &Value<M::Command>, once: bool) {
        let Some(request) = value.request() else { return };
        if once && self.sessions.has_done(request.session, request.sequence) {
            return;
        }
        let output = self.machine.apply(&request.command);
        let last = Last { sequence: request.sequence, index: Index::ZERO, output };
        self.sessions.record(request.session, last);
    }
}
