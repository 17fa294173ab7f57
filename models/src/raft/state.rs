//! What a Raft server knows (figure 2, "State").

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use stateright::actor::Id;

use super::compaction::Taking;
use super::config::{Config, Configs};
use super::identity::StoreId;
use super::log::{Log, Payload, Position};
use super::own_disk::Unwritten;
use super::read::{Reads, Round};
use super::snapshot::{Incoming, Snapshot};
use super::transfer::Transfer;
use crate::number::{Index, Term};
use crate::service::{Sequence, Session};
use crate::session::Sessions;
use crate::state_machine::StateMachine;

/// What survives a crash, and only that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Storage<M: StateMachine> {
    /// The latest term this server has seen.
    pub term: Term,
    /// Whom it voted for in that term.
    pub voted_for: Option<Id>,
    /// The entries that are not compacted. All that are stand in the snapshot.
    pub log: Log<M::Command>,
    pub snapshot: Option<Snapshot>,
    /// Which store this is. It stays as long as there is anything else here.
    pub store: StoreId,
    /// For how long this server has last promised its vote to a leader, if it ever has.
    pub promise: Option<Duration>,
}

impl<M: StateMachine> Default for Storage<M> {
    fn default() -> Self {
        Storage::of(StoreId::default())
    }
}

impl<M: StateMachine> Storage<M> {
    /// A new store, which holds nothing.
    pub fn of(store: StoreId) -> Self {
        Storage {
            term: Term::ZERO,
            voted_for: None,
            log: Log::default(),
            snapshot: None,
            store,
            promise: None,
        }
    }
}

/// What a leader knows of a follower's log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Progress {
    /// The next entry to send. Those before it are on their way, or known to be there.
    pub next: Index,
    /// The follower's log is known to match up to here.
    pub matched: Index,
    /// The last entries of the appends that are on their way, in the order of sending.
    pub in_flight: Vec<Index>,
    /// The leader has heard the follower since it last counted whom it hears.
    pub is_heard: bool,
    /// The follower has lost what it acknowledged in this term: it takes no further part.
    pub is_lost: bool,
    /// The round in which it became a member, if that was in this term. What it said to earlier
    /// ones it said as the member that it was before.
    pub since: u64,
    /// It has another store than the configuration says, or that says nothing of it yet: what it
    /// says does not count.
    pub has_other_store: bool,
}

impl Progress {
    /// Of a follower whose log may match up to `last`.
    pub fn behind(last: Index) -> Self {
        Progress {
            next: last.next(),
            matched: Index::ZERO,
            in_flight: Vec::new(),
            is_heard: false,
            is_lost: false,
            since: 0,
            has_other_store: false,
        }
    }
}

/// A server's part in its term, with what only that part needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Role {
    Follower {
        leader: Option<Id>,
    },
    /// It asks whether it would be elected.
    PreCandidate {
        votes: BTreeSet<Id>,
    },
    Candidate {
        votes: BTreeSet<Id>,
    },
    Leader {
        followers: BTreeMap<Id, Progress>,
        round: Round,
        /// To whom it is handing over.
        transfer: Option<Transfer>,
        /// What its own disk may lack, where it sends entries on before.
        unwritten: Option<Unwritten>,
    },
    /// It lacks what it has acknowledged to this leader. Its vote may be lost as well, so it takes
    /// no further part until it is started again.
    TakenOut {
        leader: Id,
    },
}

impl Role {
    /// The field's name for it.
    pub fn name(&self) -> &'static str {
        match self {
            Role::Follower { .. } => "follower",
            Role::PreCandidate { .. } => "pre-candidate",
            Role::Candidate { .. } => "candidate",
            Role::Leader { .. } => "leader",
            Role::TakenOut { .. } => "taken out",
        }
    }
}

/// What a server has computed from the entries it applied, which is what a snapshot of it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Applied<M: StateMachine> {
    /// The last entry applied.
    pub index: Index,
    pub machine: M,
    /// Every session's last command and what it returned, so that a retry is recognised.
    pub sessions: Sessions<M::Output>,
}

impl<M: StateMachine> Default for Applied<M> {
    fn default() -> Self {
        Applied { index: Index::ZERO, machine: M::default(), sessions: Sessions::default() }
    }
}

/// A server's state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ServerState<M: StateMachine> {
    pub storage: Storage<M>,
    pub role: Role,
    /// Who takes part, by the log.
    pub configs: Configs,
    /// The last entry known to be committed.
    pub commit: Index,
    pub applied: Applied<M>,
    pub reads: Reads<M::Command>,
    /// The weight of what was applied since the last snapshot, of a server that takes them.
    pub since_snapshot: usize,
    /// What becomes this server's snapshot, where that is taken aside.
    pub taking: Option<Taking<M>>,
    /// What has come of a snapshot that the leader sends.
    pub incoming: Option<Incoming>,
    /// The leader's term, and the last entry, of a snapshot that cannot be decoded.
    pub unreadable: Option<(Term, Position)>,
    /// A leader may count on it that this server votes for nobody else. Where there are leases.
    pub has_promised: bool,
}

impl<M: StateMachine> ServerState<M> {
    /// A server that starts, of a cluster that began with `first`: a follower that has applied
    /// nothing yet but for its snapshot.
    ///
    /// # Panics
    /// If the snapshot is not one that a server has taken.
    pub fn starting_from(storage: Option<Storage<M>>, first: Config) -> Self {
        let storage = storage.unwrap_or_default();
        let decode = |snapshot: &Snapshot| snapshot.decode::<M>().expect("checked before");
        let applied = storage.snapshot.as_ref().map(decode).unwrap_or_default();
        let known = storage.snapshot.as_ref().map(|it| it.config.clone());
        let (since, first) = known.unwrap_or((Index::ZERO, first));
        let mut configs = Configs::starting_at(since, first);
        for (index, entry) in storage.log.behind(since) {
            if let Payload::Config(config) = &entry.payload {
                configs.push(index, config.clone());
            }
        }
        ServerState {
            storage,
            role: Role::Follower { leader: None },
            configs,
            reads: Reads::default(),
            commit: applied.index,
            applied,
            since_snapshot: 0,
            taking: None,
            incoming: None,
            unreadable: None,
            has_promised: false,
        }
    }

    pub fn term(&self) -> Term {
        self.storage.term
    }

    pub fn log(&self) -> &Log<M::Command> {
        &self.storage.log
    }

    /// Who takes part now.
    pub fn config(&self) -> &Config {
        self.configs.latest().1
    }

    pub fn is_taken_out(&self) -> bool {
        matches!(self.role, Role::TakenOut { .. })
    }

    /// True if this server leads, or has heard a leader for less than the least election timeout,
    /// in a cluster that minds it.
    pub fn hears_a_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. } | Role::Follower { leader: Some(_) })
    }

    /// How many rounds this server has begun if it leads, see [`Round`].
    pub fn round(&self) -> u64 {
        match &self.role {
            Role::Leader { round, .. } => round.number,
            _ => 0,
        }
    }

    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// That this leader is handing over; `None` if it is not, or does not lead.
    pub fn hands_over(&self) -> Option<Transfer> {
        match &self.role {
            Role::Leader { transfer, .. } => *transfer,
            _ => None,
        }
    }

    /// True if a command of this number is in the log, or was overtaken by a later one of its
    /// session.
    pub fn knows(&self, session: Session, sequence: Sequence) -> bool {
        self.applied.sessions.has_done(session, sequence)
            || self.log().behind(self.applied.index).any(|(_, entry)| match &entry.payload {
                Payload::Command(r) => r.session == session && r.sequence >= sequence,
                Payload::NoOp | Payload::Config(_) => false,
            })
    }
}
