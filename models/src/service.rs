//! The contract between a protocol and its clients, the same for every protocol.
//!
//! A client opens a *session* and numbers its commands within it. A command that is sent again
//! keeps its number, so a server recognises it and lets it take effect once (Ongaro's thesis,
//! §6.3).

use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id};

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

/// A protocol that serves clients: how the node and its clients put requests into the protocol's
/// messages and take replies out of them.
pub trait Service: Actor {
    type Command: Clone;
    type Output: Clone;

    fn request(request: Request<Self::Command>) -> Self::Msg;

    /// The session that `msg` names if it is a request. The node hears a request from the client of
    /// that session alone, and what is no request from servers alone.
    fn session(msg: &Self::Msg) -> Option<Session>;

    /// The reply that `msg` carries, if it carries one.
    fn reply(msg: Self::Msg) -> Option<Reply<Self::Output>>;

    fn status(&self, id: Id, state: &Self::State) -> Status;

    /// Why the server must not go on, in a sentence, if it must not. What it has said by then is
    /// still sent; then its node stops.
    fn gives_up(&self, state: &Self::State) -> Option<String>;
}
