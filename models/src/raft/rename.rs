//! What Raft's values are called when servers, or clients, change places. Commands, machines and
//! outputs name nobody.

use stateright::actor::Id;
use stateright::{Rewrite, RewritePlan};

use super::ghost::{Committed, Ghost, Precedence};
use super::log::{Entry, Log, Payload};
use super::message::Message;
use super::state::{Applied, Role, ServerState, Storage};
use super::{State, Timer};
use crate::client::ClientState;
use crate::number::Index;
use crate::service::{Answer, Reply, Request, Session};
use crate::state_machine::StateMachine;

impl Rewrite<Id> for Timer {
    fn rewrite<S>(&self, _: &RewritePlan<Id, S>) -> Self {
        *self
    }
}

impl Rewrite<Id> for Session {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Session(usize::from(plan.rewrite(&self.client())) as u64)
    }
}

impl<C: Clone> Rewrite<Id> for Request<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        Request { session: self.session.rewrite(plan), ..self.clone() }
    }
}

impl<O: Clone> Rewrite<Id> for Reply<O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let answer = match &self.answer {
            Answer::Done(output) => Answer::Done(output.clone()),
            Answer::Redirect { leader } => Answer::Redirect { leader: leader.rewrite(plan) },
        };
        Reply { session: self.session.rewrite(plan), sequence: self.sequence, answer }
    }
}

impl<C: Clone> Rewrite<Id> for Entry<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let payload = match &self.payload {
            Payload::NoOp => Payload::NoOp,
            Payload::Command(request) => Payload::Command(request.rewrite(plan)),
        };
        Entry { term: self.term, payload }
    }
}

impl<C: Clone> Rewrite<Id> for Log<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let mut log = Log::default();
        self.behind(Index::ZERO).for_each(|(_, entry)| log.append(entry.rewrite(plan)));
        log
    }
}

impl<C: Clone> Rewrite<Id> for Storage<C> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let (voted_for, log) = (self.voted_for.rewrite(plan), self.log.rewrite(plan));
        Storage { term: self.term, voted_for, log }
    }
}

impl Rewrite<Id> for Role {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Role::Follower { leader } => Role::Follower { leader: leader.rewrite(plan) },
            Role::TakenOut { leader } => Role::TakenOut { leader: leader.rewrite(plan) },
            Role::Candidate { votes } => Role::Candidate { votes: votes.rewrite(plan) },
            Role::Leader { followers } => Role::Leader {
                followers: followers.iter().map(|(id, it)| (id.rewrite(plan), *it)).collect(),
            },
        }
    }
}

impl<M: StateMachine> Rewrite<Id> for ServerState<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let sessions = self.applied.sessions.iter();
        ServerState {
            storage: self.storage.rewrite(plan),
            role: self.role.rewrite(plan),
            commit: self.commit,
            applied: Applied {
                sessions: sessions.map(|(id, last)| (id.rewrite(plan), last.clone())).collect(),
                ..self.applied.clone()
            },
        }
    }
}

impl<O: Clone> Rewrite<Id> for ClientState<O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        ClientState { target: self.target.rewrite(plan), ..self.clone() }
    }
}

impl<M: StateMachine> Rewrite<Id> for State<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            State::Server(server) => State::Server(server.rewrite(plan)),
            State::Client(client) => State::Client(client.rewrite(plan)),
        }
    }
}

impl<C: Clone, O: Clone> Rewrite<Id> for Message<C, O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self.clone() {
            Message::AppendEntries(mut message) => {
                message.entries = message.entries.rewrite(plan);
                Message::AppendEntries(message)
            }
            Message::Request(request) => Message::Request(request.rewrite(plan)),
            Message::Reply(reply) => Message::Reply(reply.rewrite(plan)),
            nameless @ (Message::RequestVote(_)
            | Message::VoteReply(_)
            | Message::AppendReply(_)) => nameless,
        }
    }
}

impl<M: StateMachine> Rewrite<Id> for Ghost<M> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let committed = self.committed.iter();
        let precedence = |before: &Precedence| {
            before.iter().map(|(client, count)| (client.rewrite(plan), *count)).collect()
        };
        let returned = self
            .returned
            .iter()
            .map(|(client, all)| (client.rewrite(plan), all.iter().map(precedence).collect()));
        Ghost {
            winners: self.winners.iter().map(|(term, ids)| (*term, ids.rewrite(plan))).collect(),
            committed: committed
                .map(|it| Committed { term: it.term, entry: it.entry.rewrite(plan) })
                .collect(),
            returned: returned.collect(),
            ..self.clone()
        }
    }
}
