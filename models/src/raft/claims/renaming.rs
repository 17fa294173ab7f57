//! What Raft's values are called when servers, or clients, change places. Commands, machines and
//! outputs name nobody.

use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

use super::ghost::{Committed, Ghost};
use crate::number::Index;
use crate::raft::Timer;
use crate::raft::compaction::Taking;
use crate::raft::config::{Config, Configs};
use crate::raft::log::{Entry, Log, Payload};
use crate::raft::message::{Message, ReadIndex, ReadIndexReply};
use crate::raft::read::{Question, Read, Reads, Round};
use crate::raft::state::{Applied, Role, ServerState, Storage};
use crate::raft::transfer::Transfer;
use crate::state_machine::StateMachine;

impl Rewrite<Id> for Timer {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

impl<C: Clone> Rewrite<Id> for Entry<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let payload = match &self.payload {
            Payload::NoOp => Payload::NoOp,
            Payload::Command(request) => Payload::Command(request.rewrite(plan)),
            Payload::Config(config) => Payload::Config(config.rewrite(plan)),
        };
        Entry { term: self.term, payload }
    }
}

impl<C: Clone> Rewrite<Id> for Log<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let mut log = Log::behind_base(self.base());
        self.behind(Index::ZERO).for_each(|(_, entry)| log.append(entry.rewrite(plan)));
        log
    }
}

/// # Panics
/// If clients change places of which a snapshot tells: what is encoded keeps its names.
impl<M: StateMachine> Rewrite<Id> for Storage<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let (voted_for, log) = (self.voted_for.rewrite(plan), self.log.rewrite(plan));
        if let Some(snapshot) = &self.snapshot {
            let sessions = snapshot.decode::<M>().expect("a snapshot of this machine").sessions;
            assert!(sessions.rewrite(plan) == sessions, "a snapshot's clients are not renamed");
        }
        let mut snapshot = self.snapshot.clone();
        if let Some(snapshot) = &mut snapshot {
            snapshot.config.1 = snapshot.config.1.rewrite(plan);
        }
        Storage {
            term: self.term,
            voted_for,
            log,
            snapshot,
            store: self.store,
            promise: self.promise,
        }
    }
}

impl Rewrite<Id> for Role {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Role::Follower { leader } => Role::Follower { leader: leader.rewrite(plan) },
            Role::TakenOut { leader } => Role::TakenOut { leader: leader.rewrite(plan) },
            Role::PreCandidate { votes } => Role::PreCandidate { votes: votes.rewrite(plan) },
            Role::Candidate { votes } => Role::Candidate { votes: votes.rewrite(plan) },
            Role::Leader { followers, round, transfer, unwritten } => Role::Leader {
                transfer: transfer.as_ref().map(|it| Transfer {
                    to: it.to.rewrite(plan),
                    session: it.session.rewrite(plan),
                    sequence: it.sequence,
                }),
                round: Round { heard: round.heard.rewrite(plan), ..round.clone() },
                unwritten: *unwritten,
                followers: followers
                    .iter()
                    .map(|(id, it)| (id.rewrite(plan), it.clone()))
                    .collect(),
            },
        }
    }
}

impl Rewrite<Id> for Config {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Config {
            voters: self.voters.rewrite(plan),
            outgoing: self.outgoing.rewrite(plan),
            learners: self.learners.rewrite(plan),
            stores: self.stores.iter().map(|(id, store)| (id.rewrite(plan), *store)).collect(),
        }
    }
}

impl Rewrite<Id> for Configs {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        self.renamed(|config| config.rewrite(plan))
    }
}

impl<C: Clone> Rewrite<Id> for Read<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Read { follower: self.follower.rewrite(plan), question: self.question.rewrite(plan) }
    }
}

impl<C: Clone> Rewrite<Id> for Question<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Question { request: self.request.rewrite(plan), ..self.clone() }
    }
}

impl<M: StateMachine> Rewrite<Id> for Applied<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Applied { sessions: self.sessions.rewrite(plan), ..self.clone() }
    }
}

impl<M: StateMachine> Rewrite<Id> for Taking<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let (since, config) = &self.config;
        let config = (*since, config.rewrite(plan));
        Taking { config, applied: self.applied.rewrite(plan), pieces: None, ..self.clone() }
    }
}

impl<M: StateMachine> Rewrite<Id> for ServerState<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        ServerState {
            storage: self.storage.rewrite(plan),
            role: self.role.rewrite(plan),
            configs: self.configs.rewrite(plan),
            commit: self.commit,
            since_snapshot: self.since_snapshot,
            incoming: self.incoming.clone(),
            unreadable: self.unreadable,
            taking: self.taking.as_ref().map(|it| it.rewrite(plan)),
            applied: self.applied.rewrite(plan),
            reads: Reads {
                asked: self.reads.asked.rewrite(plan),
                waiting: self.reads.waiting.rewrite(plan),
                held: self.reads.held.iter().map(|(at, it)| (*at, it.rewrite(plan))).collect(),
            },
            has_promised: self.has_promised,
        }
    }
}

impl<C: Clone> Rewrite<Id> for Message<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self.clone() {
            Message::AppendEntries(mut message) => {
                message.entries = message.entries.rewrite(plan);
                Message::AppendEntries(message)
            }
            Message::ReadIndex(ReadIndex { read }) => {
                Message::ReadIndex(ReadIndex { read: read.rewrite(plan) })
            }
            Message::ReadIndexReply(ReadIndexReply { read, index }) => {
                Message::ReadIndexReply(ReadIndexReply { read: read.rewrite(plan), index })
            }
            Message::InstallSnapshot(mut message) => {
                message.config.1 = message.config.1.rewrite(plan);
                Message::InstallSnapshot(message)
            }
            nameless @ (Message::PreVote(_)
            | Message::PreVoteReply(_)
            | Message::RequestVote(_)
            | Message::VoteReply(_)
            | Message::AppendReply(_)
            | Message::TimeoutNow(_)
            | Message::SnapshotReply(_)) => nameless,
        }
    }
}

impl<M: StateMachine> Rewrite<Id> for Ghost<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let committed = self.committed.iter();
        Ghost {
            winners: self.winners.iter().map(|(term, ids)| (*term, ids.rewrite(plan))).collect(),
            committed: committed
                .map(|it| Committed { term: it.term, entry: it.entry.rewrite(plan) })
                .collect(),
            returned: self.returned.rewrite(plan),
            ..self.clone()
        }
    }
}
