//! The messages of Raft (figure 2).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::identity::StoreId;
use super::log::{Entry, Position};
use super::read::Question;
use crate::number::{Index, Term};
use crate::service;
use crate::state_machine::StateMachine;

/// A candidate asks for a vote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RequestVote {
    pub term: Term,
    /// The last entry of the candidate's log.
    pub last: Position,
    /// The leader wants it: who hears that leader votes all the same.
    pub is_heir: bool,
    /// The store that whoever is asked has by the candidate's configuration, if that says so.
    pub store: Option<StoreId>,
}

/// A server grants a [`RequestVote`]. A refusal is not sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VoteReply {
    pub term: Term,
}

/// A server asks whether it would get a vote, before it stands (thesis §9.6).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PreVote {
    /// The term in which it would stand, which is not its own yet.
    pub term: Term,
    /// The last entry of its log.
    pub last: Position,
    /// As that of a [`RequestVote`].
    pub store: Option<StoreId>,
}

/// A server answers a [`PreVote`]. A refusal is sent only to one that is of an older term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PreVoteReply {
    /// It would vote for the server in this term.
    Granted { term: Term },
    /// Its own term, which is not older than the one that was asked for.
    Behind { term: Term },
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
    /// How many rounds the leader has begun, to ask for reads whether it still leads.
    pub round: u64,
}

/// What a follower says to an [`AppendEntries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The entries do not fit behind the log, or the leader is out of date. The logs match up to
    /// this entry of the follower's at most.
    Refused { may_match: Position },
    /// The entries are stored, and the logs match up to this index.
    Stored { matched: Index },
    /// The follower lacks what it has acknowledged: its storage was lost, or an older one took its
    /// place.
    Lost,
}

/// A follower answers an [`AppendEntries`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AppendReply {
    pub term: Term,
    pub outcome: Outcome,
    /// That of the append.
    pub round: u64,
    /// The follower's store, where servers know each other by their stores.
    pub store: Option<StoreId>,
    /// For how long the follower votes for no other, where leaders hold leases.
    pub promise: Option<Duration>,
}

/// A leader wants this server to lead: it stands at once (thesis §3.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TimeoutNow {
    pub term: Term,
}

/// A follower asks its leader for what it takes to answer a read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReadIndex<C> {
    pub read: Question<C>,
}

/// A leader answers a [`ReadIndex`] once it knows that it led when it was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReadIndexReply<C> {
    pub read: Question<C>,
    /// Whoever has applied the log up to here may answer the read.
    pub index: Index,
}

/// A leader has a snapshot for a follower that lacks what is compacted, and sends a piece of it.
/// Without a piece it is a heartbeat, which asks for the next piece that the follower lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct InstallSnapshot {
    pub term: Term,
    /// The last entry that the snapshot stands for.
    pub last: Position,
    /// Who takes part there, and the index of the entry that says so.
    pub config: (Index, Config),
    /// How many pieces it has.
    pub pieces: u32,
    pub piece: Option<Piece>,
    /// The follower has told this leader, in this term, that it has all up to here.
    pub acknowledged: Index,
    /// As that of an [`AppendEntries`].
    pub round: u64,
}

/// A piece of an encoded snapshot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Piece {
    /// Which one it is, from 0.
    pub number: u32,
    pub bytes: Bytes,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.number, self.bytes.len())
    }
}

/// A follower says which piece of a snapshot it lacks. That it has all that the snapshot stands for
/// it says by an [`AppendReply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SnapshotReply {
    pub term: Term,
    /// The [`InstallSnapshot::last`] of the snapshot that it speaks of.
    pub last: Position,
    pub next: u32,
    /// That of the message that it answers.
    pub round: u64,
    /// As that of an [`AppendReply`].
    pub store: Option<StoreId>,
    /// As that of an [`AppendReply`].
    pub promise: Option<Duration>,
}

/// What Raft servers say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<C> {
    PreVote(PreVote),
    PreVoteReply(PreVoteReply),
    RequestVote(RequestVote),
    VoteReply(VoteReply),
    AppendEntries(AppendEntries<C>),
    AppendReply(AppendReply),
    TimeoutNow(TimeoutNow),
    ReadIndex(ReadIndex<C>),
    ReadIndexReply(ReadIndexReply<C>),
    InstallSnapshot(InstallSnapshot),
    SnapshotReply(SnapshotReply),
}

/// As the message itself: its type says which one it is.
impl<C: fmt::Debug> fmt::Debug for Message<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::PreVote(message) => message.fmt(f),
            Message::PreVoteReply(message) => message.fmt(f),
            Message::RequestVote(message) => message.fmt(f),
            Message::VoteReply(message) => message.fmt(f),
            Message::AppendEntries(message) => message.fmt(f),
            Message::AppendReply(message) => message.fmt(f),
            Message::TimeoutNow(message) => message.fmt(f),
            Message::ReadIndex(message) => message.fmt(f),
            Message::ReadIndexReply(message) => message.fmt(f),
            Message::InstallSnapshot(message) => message.fmt(f),
            Message::SnapshotReply(message) => message.fmt(f),
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
    /// The sender's term; `None` of what is about a term that may never be, or about none.
    pub fn term(&self) -> Option<Term> {
        match self {
            Message::PreVote(_)
            | Message::PreVoteReply(PreVoteReply::Granted { .. })
            | Message::ReadIndex(_)
            | Message::ReadIndexReply(_) => None,
            Message::PreVoteReply(PreVoteReply::Behind { term }) => Some(*term),
            Message::RequestVote(message) => Some(message.term),
            Message::VoteReply(message) => Some(message.term),
            Message::AppendEntries(message) => Some(message.term),
            Message::AppendReply(message) => Some(message.term),
            Message::TimeoutNow(message) => Some(message.term),
            Message::InstallSnapshot(message) => Some(message.term),
            Message::SnapshotReply(message) => Some(message.term),
        }
    }
}
