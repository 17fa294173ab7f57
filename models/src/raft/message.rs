//! The messages of Raft (figure 2).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::log::{Entry, Position};
use crate::number::{Index, Term};
use crate::service;
use crate::state_machine::StateMachine;

/// A candidate asks for a vote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestVote {
    pub term: Term,
    /// The last entry of the candidate's log.
    pub last: Position,
}

/// A server grants a [`RequestVote`]. A refusal is not sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VoteReply {
    pub term: Term,
}

/// A leader sends the entries behind `previous`; none at all is a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AppendEntries<C> {
    pub term: Term,
    pub previous: Position,
    pub entries: Vec<Entry<C>>,
    /// The leader's commit index.
    pub commit: Index,
    /// Of a heartbeat: the follower has told this leader, in this term, that it has all up to
    /// `previous`.
    pub acknowledged: bool,
}

/// What a follower says to an [`AppendEntries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The entries do not fit behind the log, or the leader is out of date.
    Refused,
    /// The entries are stored.
    Stored,
    /// The follower lacks what it has acknowledged: its storage was lost, or an older one took its
    /// place.
    Lost,
}

/// A follower answers an [`AppendEntries`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AppendReply {
    pub term: Term,
    pub outcome: Outcome,
    /// If the entries are stored, the last index that now matches the leader's log; otherwise the
    /// last index at which it may match.
    pub index: Index,
}

/// What Raft servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<C> {
    RequestVote(RequestVote),
    VoteReply(VoteReply),
    AppendEntries(AppendEntries<C>),
    AppendReply(AppendReply),
}

/// As the message itself: its type says which one it is.
impl<C: fmt::Debug> fmt::Debug for Message<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::RequestVote(message) => message.fmt(f),
            Message::VoteReply(message) => message.fmt(f),
            Message::AppendEntries(message) => message.fmt(f),
            Message::AppendReply(message) => message.fmt(f),
        }
    }
}

/// All that travels in a cluster that replicates `M`.
pub type MessageOf<M> = service::Message<
    Message<<M as StateMachine>::Command>,
    <M as StateMachine>::Command,
    <M as StateMachine>::Output,
>;

impl<C> Message<C> {
    /// The sender's term.
    pub fn term(&self) -> Term {
        match self {
            Message::RequestVote(message) => message.term,
            Message::VoteReply(message) => message.term,
            Message::AppendEntries(message) => message.term,
            Message::AppendReply(message) => message.term,
        }
    }
}
