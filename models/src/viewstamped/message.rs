//! What replicas say to each other.

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::group::{Group, View};
use super::log::{Entry, Log};
use super::state::Nonce;
use crate::crash_vector::CrashVector;
use crate::number::Index;

/// The primary has given an entry an op-number. A backup is to append it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prepare<C> {
    pub view: View,
    pub op: Index,
    pub entry: Entry<C>,
    /// The commit-number of the primary.
    pub commit: Index,
}

/// A backup has all requests of the view up to `op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrepareOk {
    pub view: View,
    pub op: Index,
}

/// The primary is there, and has committed so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Commit {
    pub view: View,
    pub commit: Index,
}

/// A replica wants this view to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StartViewChange {
    pub view: View,
}

/// A replica tells the primary of a view that is to start what it has, and takes nothing of earlier
/// views any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct DoViewChange<C: Clone> {
    pub view: View,
    /// Its log, or the end of it.
    pub log: Log<C>,
    /// The latest view in which it was normal.
    pub last_normal: View,
    pub commit: Index,
    pub crashes: CrashVector,
}

/// A view has started, and this is its log, or the end of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct StartView<C: Clone> {
    pub view: View,
    pub log: Log<C>,
    pub commit: Index,
}

/// A replica lacks what this view's log has behind `op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GetState {
    pub view: View,
    pub op: Index,
    /// The op-number of the checkpoint of which it has so many pieces.
    pub has: Option<(Index, u32)>,
}

/// All that a view's log has behind the base of this.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct NewState<C: Clone> {
    pub view: View,
    pub log: Log<C>,
    pub commit: Index,
}

/// Requests that are committed, where all that was asked for is too much for one message, or where
/// who was asked is not normal in that view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct Committed<C: Clone> {
    /// The view that was asked for.
    pub view: View,
    pub log: Log<C>,
}

/// A piece of a checkpoint, where a log does not reach back to what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Piece {
    /// The view that was asked for.
    pub view: View,
    /// The op-number of the checkpoint.
    pub op: Index,
    /// How many pieces it has.
    pub count: u32,
    /// Which one this is, counted from 0.
    pub number: u32,
    pub bytes: Bytes,
    /// The group of the epoch in which it was made, if that is not the first.
    pub group: Option<Group>,
}

/// A replica has crashed, and asks what it has forgotten. One of no group says that it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Recovery {
    /// Which store it has, and how often it has started: no other recovery of it has these numbers.
    pub nonce: Nonce,
}

/// The answer to a [`Recovery`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct RecoveryResponse<C: Clone> {
    pub view: View,
    pub nonce: Nonce,
    /// The log, or the end of it, and the commit-number, of the primary of the view only.
    pub state: Option<(Log<C>, Index)>,
    pub crashes: CrashVector,
}

/// An epoch has started: who is of an earlier one is to get what it lacks, and to take part if it
/// is of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StartEpoch {
    /// Before the first of that epoch.
    pub view: View,
}

/// A replica of the group takes part in the epoch. Who was replaced may go when enough do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EpochStarted {
    /// Before the first of that epoch.
    pub view: View,
}

/// What replicas say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub enum Message<C: Clone> {
    Prepare(Prepare<C>),
    PrepareOk(PrepareOk),
    Commit(Commit),
    StartViewChange(StartViewChange),
    DoViewChange(DoViewChange<C>),
    StartView(StartView<C>),
    GetState(GetState),
    NewState(NewState<C>),
    Committed(Committed<C>),
    Piece(Piece),
    Recovery(Recovery),
    RecoveryResponse(RecoveryResponse<C>),
    StartEpoch(StartEpoch),
    EpochStarted(EpochStarted),
}

impl<C: Clone> Message<C> {
    /// The view that it is of; `None` of what a replica says that is in no view.
    pub fn view(&self) -> Option<View> {
        match self {
            Message::Prepare(m) => Some(m.view),
            Message::PrepareOk(m) => Some(m.view),
            Message::Commit(m) => Some(m.view),
            Message::StartViewChange(m) => Some(m.view),
            Message::DoViewChange(m) => Some(m.view),
            Message::StartView(m) => Some(m.view),
            Message::GetState(m) => Some(m.view),
            Message::NewState(m) => Some(m.view),
            Message::Committed(m) => Some(m.view),
            Message::Piece(m) => Some(m.view),
            Message::StartEpoch(m) => Some(m.view),
            Message::EpochStarted(m) => Some(m.view),
            Message::Recovery(_) | Message::RecoveryResponse(_) => None,
        }
    }
}

/// As the message itself: its type says which one it is.
impl<C: Clone + fmt::Debug> fmt::Debug for Message<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Prepare(message) => message.fmt(f),
            Message::PrepareOk(message) => message.fmt(f),
            Message::Commit(message) => message.fmt(f),
            Message::StartViewChange(message) => message.fmt(f),
            Message::DoViewChange(message) => message.fmt(f),
            Message::StartView(message) => message.fmt(f),
            Message::GetState(message) => message.fmt(f),
            Message::NewState(message) => message.fmt(f),
            Message::Committed(message) => message.fmt(f),
            Message::Piece(message) => message.fmt(f),
            Message::Recovery(message) => message.fmt(f),
            Message::RecoveryResponse(message) => message.fmt(f),
            Message::StartEpoch(message) => message.fmt(f),
            Message::EpochStarted(message) => message.fmt(f),
        }
    }
}
