//! The contract between a protocol and its clients, the same for every protocol.
//!
//! A client opens a *session* and numbers its commands within it. A command that is sent again
//! keeps its number, so a server recognises it and lets it take effect once (Ongaro's thesis,
//! §6.3).

use std::fmt;

use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id};
use stateright::{Rewrite, RewritePlan};

use crate::state_machine::{StateMachine, Value};

/// One client's stream of commands: the number is also the client's [`Id`], to which replies go, so
/// it is unique for ever. A real client draws it at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Session(pub u64);

impl Session {
    /// The client whose session this is.
    pub fn client(self) -> Id {
        Id::from(self.0 as usize)
    }
}

/// The number of a command within its session: 1, 2, 3, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sequence(pub u32);

/// A client asks for `command`. Sent again, unchanged, until an [`Answer::Done`] arrives.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request<C> {
    pub session: Session,
    pub sequence: Sequence,
    pub command: C,
}

/// The answer to the [`Request`] of the same session and sequence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reply<O> {
    pub session: Session,
    pub sequence: Sequence,
    pub answer: Answer<O>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Answer<O> {
    /// The command is committed and took effect exactly once; this is what it returned.
    Done(O),
    /// This server is not the leader; `leader` is whom it believes to be. It says nothing about
    /// whether an earlier copy of the command took effect.
    Redirect { leader: Option<Id> },
}

/// What an operator wants to know of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Status {
    /// The field's name of the role: "leader", "follower", "candidate".
    pub role: String,
    pub term: u64,
    /// Whom this server believes to be the leader.
    pub leader: Option<Id>,
    /// The index up to which the log is known to be committed.
    pub commit: u64,
    /// The index of the last log entry.
    pub last: u64,
    /// What an operator must hear of, each in a sentence: another server has lost its storage.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// All that travels in a cluster: `P` is what servers say to each other, `C` a command, `O` what
/// it returns.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<P, C, O> {
    Peer(P),
    Request(Request<C>),
    Reply(Reply<O>),
}

/// As the message itself: its type says which one it is.
impl<P: fmt::Debug, C: fmt::Debug, O: fmt::Debug> fmt::Debug for Message<P, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Peer(message) => message.fmt(f),
            Message::Request(message) => message.fmt(f),
            Message::Reply(message) => message.fmt(f),
        }
    }
}

/// The servers of a protocol that answers clients.
pub trait Service: Actor<Msg = MessageOf<Self>, Timer: Ord> {
    /// What servers say to each other.
    type Peer: Value;
    /// What answers the commands.
    type Machine: StateMachine;
}

/// The messages of `A`'s clusters.
pub type MessageOf<A> = Message<<A as Service>::Peer, CommandOf<A>, OutputOf<A>>;
/// A command to `A`'s clusters.
pub type CommandOf<A> = <<A as Service>::Machine as StateMachine>::Command;
/// What a command returns.
pub type OutputOf<A> = <<A as Service>::Machine as StateMachine>::Output;

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

impl<P: Rewrite<Id>, C: Clone, O: Clone> Rewrite<Id> for Message<P, C, O> {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        match self {
            Message::Peer(message) => Message::Peer(message.rewrite(plan)),
            Message::Request(request) => Message::Request(request.rewrite(plan)),
            Message::Reply(reply) => Message::Reply(reply.rewrite(plan)),
        }
    }
}
