//! What a server knows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use stateright::actor::Id;

use super::ballot::Ballot;
use super::compaction::Taking;
use super::config::Changes;
use super::lease::Leases;
use super::log::{Log, Value};
use super::membership::Changing;
use super::open::{Open, Slots};
use super::snapshot::Snapshot;
use crate::data::Data;
use crate::number::Index;
use crate::state_machine::StateMachine;
use crate::window::Window;

/// What survives a crash, and only that: the acceptor, and what is chosen as far as that was known
/// when something was saved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Storage<M: StateMachine> {
    /// Which store this is: drawn when it is made.
    pub store: u64,
    /// Nothing is accepted below this ballot.
    pub promised: Ballot,
    /// For how long it has promised a leader that it promises nobody else's ballot: that may last
    /// when it starts again. Zero if it never has.
    pub lease: Duration,
    /// By slot behind the log, what was accepted last. There is little: see [`Limits`].
    ///
    /// [`Limits`]: super::Limits
    pub accepted: Open<M::Command>,
    /// What stands for the part of the log that is compacted, and for some behind it.
    pub snapshot: Option<Snapshot>,
    /// What is chosen.
    pub log: Log<M::Command>,
}

impl<M: StateMachine> Storage<M> {
    /// Of a server that has never started.
    pub fn of(store: u64) -> Self {
        Storage {
            store,
            promised: Ballot::none(),
            lease: Duration::ZERO,
            accepted: Open::default(),
            snapshot: None,
            log: Log::default(),
        }
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
        reported: Slots<C>,
    },
    Leader(Box<Leader<C>>),
}

/// It proposes in the ballot that it has promised itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "C: Serialize")]
pub struct Leader<C: Clone> {
    /// By slot that is not known to be chosen, who else has accepted what is proposed for it.
    pub accepted_by: BTreeMap<Index, BTreeSet<Id>>,
    /// The last slot for which something is proposed.
    pub last: Index,
    /// By slot behind that, what was reported, and is to be proposed first.
    pub reported: Slots<C>,
    /// The last slot for which something was proposed when it last said what is needed.
    pub said: Index,
    pub window: Window<C>,
    pub leases: Leases,
    pub changing: Changing,
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct ServerState<M: StateMachine> {
    pub storage: Storage<M>,
    /// The server is a voter and has lost what it had stored before, and with it what it had
    /// promised.
    pub is_wiped: bool,
    /// It has promised a leader that it promises nobody else's ballot, and that is not over.
    pub is_bound: bool,
    pub role: Role<M::Command>,
    /// What the log makes of nothing.
    pub data: Data<M>,
    /// Who takes part by the log.
    pub changes: Changes,
    /// What the slots weigh that no snapshot of this server stands for, in bytes.
    pub since_snapshot: usize,
    /// The snapshot that is being taken.
    pub taking: Option<Taking<M>>,
    /// The first pieces of a snapshot that this server is sent.
    pub incoming: Option<Snapshot>,
    /// The last slot of a snapshot that this server was sent and cannot read.
    pub unreadable: Option<Index>,
    /// Some of what it lacks has come since it last heard how much that is, and it has asked for
    /// the rest.
    pub is_fresh: bool,
}

impl<M: StateMachine> ServerState<M> {
    /// A server that has this on its disk, where a change takes effect `delay` slots behind its
    /// own. By `once`, see [`Self::perform`].
    ///
    /// # Panics
    /// If the snapshot is none of this machine.
    pub fn of(storage: Storage<M>, once: bool, delay: u64) -> Self {
        let data = storage.snapshot.as_ref().map(|snapshot| {
            snapshot.decode().expect("what was stored is a snapshot of this machine")
        });
        let (from, log) = (storage.snapshot_last(), storage.log.clone());
        let changes = storage.snapshot.as_ref().map(|snapshot| snapshot.changes.clone());
        let mut state = ServerState {
            storage,
            is_wiped: false,
            is_bound: false,
            role: Role::Follower { leader: None },
            data: data.unwrap_or_default(),
            changes: changes.unwrap_or_default(),
            since_snapshot: 0,
            taking: None,
            incoming: None,
            unreadable: None,
            is_fresh: false,
        };
        log.behind(from).for_each(|(slot, value)| state.perform(slot, value, once));
        state.changes.forget_before(log.last(), delay);
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
        self.leader().is_some()
    }

    /// What it knows as a leader, if it is one.
    pub fn leader(&self) -> Option<&Leader<M::Command>> {
        match &self.role {
            Role::Leader(leader) => Some(leader),
            Role::Follower { .. } | Role::Scout { .. } => None,
        }
    }

    /// The same, to change it.
    pub fn leader_mut(&mut self) -> Option<&mut Leader<M::Command>> {
        match &mut self.role {
            Role::Leader(leader) => Some(leader),
            Role::Follower { .. } | Role::Scout { .. } => None,
        }
    }

    /// The next value of the log, that of `slot`, takes effect. If it is a command that did so
    /// before, `once` says that it does not again.
    pub fn perform(&mut self, slot: Index, value: &Value<M::Command>, once: bool) {
        self.since_snapshot += value.weight::<M>();
        if let Value::Change(config) = value {
            self.changes.push(slot, config.clone());
        }
        let Some(request) = value.request() else { return };
        if !once || !self.data.sessions.has_done(request.session, request.sequence) {
            self.data.apply(request);
        }
    }
}
