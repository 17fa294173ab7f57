//! What replicas say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::crash_vector::CrashVector;
use super::log::Log;
use crate::number::{Incarnation, Index, ViewNumber};
use crate::service::Request;

/// The primary has given a request an op-number. A backup is to append it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Prepare<C> {
    pub view: ViewNumber,
    pub op: Index,
    pub request: Request<C>,
    /// The commit-number of the primary.
    pub commit: Index,
}

/// A backup has all requests of the view up to `op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PrepareOk {
    pub view: ViewNumber,
    pub op: Index,
}

/// The primary is there, and has committed so much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Commit {
    pub view: ViewNumber,
    pub commit: Index,
}

/// A replica wants this view to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StartViewChange {
    pub view: ViewNumber,
}

/// A replica tells the primary of a view that is to start what it has, and takes nothing of earlier
/// views any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct DoViewChange<C: Clone> {
    pub view: ViewNumber,
    pub log: Log<C>,
    /// The latest view in which it was normal.
    pub last_normal: ViewNumber,
    pub commit: Index,
    pub crashes: CrashVector,
}

/// A view has started, and its log is this one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct StartView<C: Clone> {
    pub view: ViewNumber,
    pub log: Log<C>,
    pub commit: Index,
}

/// A replica lacks what this view's log has behind `op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GetState {
    pub view: ViewNumber,
    pub op: Index,
}

/// What a view's log has behind `op`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct NewState<C: Clone> {
    pub view: ViewNumber,
    pub op: Index,
    pub log: Log<C>,
    pub commit: Index,
}

/// A replica has crashed, and asks what it has forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Recovery {
    /// How often it has started: no other recovery of it has this number.
    pub nonce: Incarnation,
}

/// The answer to a [`Recovery`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound(serialize = "C: Serialize", deserialize = "C: Deserialize<'de>"))]
pub struct RecoveryResponse<C: Clone> {
    pub view: ViewNumber,
    pub nonce: Incarnation,
    /// The log and the commit-number, of the primary of the view only.
    pub state: Option<(Log<C>, Index)>,
    pub crashes: CrashVector,
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
    Recovery(Recovery),
    RecoveryResponse(RecoveryResponse<C>),
}

impl<C: Clone> Message<C> {
    /// The view that it is of; `None` of what a replica says that is in no view.
    pub fn view(&self) -> Option<ViewNumber> {
        match self {
            Message::Prepare(m) => Some(m.view),
            Message::PrepareOk(m) => Some(m.view),
            Message::Commit(m) => Some(m.view),
            Message::StartViewChange(m) => Some(m.view),
            Message::DoViewChange(m) => Some(m.view),
            Message::StartView(m) => Some(m.view),
            Message::GetState(m) => Some(m.view),
            Message::NewState(m) => Some(m.view),
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
            Message::Recovery(message) => message.fmt(f),
            Message::RecoveryResponse(message) => message.fmt(f),
        }
    }
}
