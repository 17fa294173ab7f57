//! The contract between a protocol and its clients, the same for every protocol.
//!
//! A client opens a *session* and numbers its commands within it. A command that is sent again
//! keeps its number, so a server recognises it and lets it take effect once (Ongaro's thesis,
//! §6.3).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stateright::actor::{Actor, Id};
use stateright::{Rewrite, RewritePlan};

use crate::consistency::Query;
use crate::number::Index;
use crate::order::{Order, Outcome};
use crate::state_machine::{StateMachine, Value};

/// One client's stream of commands: the number is also the client's [`Id`], to which replies go, so
/// it is unique for ever. A real client draws it at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Session(pub u64);

impl Session {
    /// The session of this client, or of an operator.
    pub fn of(client: Id) -> Self {
        Session(usize::from(client) as u64)
    }

    /// The client whose session this is.
    pub fn client(self) -> Id {
        Id::from(self.0 as usize)
    }
}

/// The number of a command within its session: 1, 2, 3, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sequence(pub u32);

/// A client asks for `command`, or an operator gives this order. It is sent again, unchanged, until
/// an answer arrives that is not about whom to ask, or where to begin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Request<C> {
    pub session: Session,
    pub sequence: Sequence,
    pub command: C,
    /// How far the client knew the log to be committed when it first sent the command: its copies
    /// that take effect stand behind that. 0: it knows nothing. Where sessions end a command is
    /// taken as long as the log is not much longer. Where there is no log it is the number of a
    /// write, see [`Answer::Tag`].
    pub since: Index,
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
    /// The command is committed and took effect exactly once. Of an order it is what became of it.
    Done {
        /// What it returned.
        output: O,
        /// Where it stands in the log, or how far that was when it was answered; 0 of what stands
        /// in none, and where no client needs to know.
        index: Index,
    },
    /// This server is not the leader; `leader` is whom it believes to be. It says nothing about
    /// whether an earlier copy of the command took effect.
    Redirect { leader: Option<Id> },
    /// What a read returned by the log up to `index`, to a client that wants to know how far that
    /// is: see [`Query`].
    Read { output: O, index: Index },
    /// This copy of the command had no [`Request::since`], was not taken, and never will be. The
    /// log is committed up to `index`: the client may send the command with that, unless it has
    /// sent it with another one.
    Begin { index: Index },
    /// No copy of the command takes effect from now on. One may have taken effect before, which is
    /// forgotten with the session. The log is committed up to `index`.
    Ended { index: Index },
    /// This server is no member of its cluster: it was removed, or is not added yet. It carries out
    /// nothing and reads nothing for anybody.
    NoMember,
    /// This copy of the command was not taken, and never will be: its node has more on its hands
    /// than it holds. The client may send it again, after this while at the earliest.
    Busy { after: Duration },
    /// This copy of a write was not carried out, and never will be. The write is to have this
    /// number: the client sends it again with that as [`Request::since`], unless it has sent it
    /// with another one.
    Tag { number: Index },
}

impl<O> Answer<O> {
    /// Of what stands in no log, or where sessions do not end.
    pub fn done(output: O) -> Self {
        Answer::Done { output, index: Index::ZERO }
    }
}

/// The role of a server that is no member of its cluster, whatever the protocol.
pub const NO_MEMBER: &str = "no member";

/// What an operator wants to know of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Status {
    /// The field's name of the role: "leader", "follower", "candidate".
    pub role: String,
    /// Whom this server believes to be the leader: itself, if it leads.
    pub leader: Option<Id>,
    /// How far this server is. The first number, if there is any, counts the periods for which
    /// roles are given: terms, views.
    pub numbers: Vec<Number>,
    /// Sizes and queues, which metrics show and tables do not.
    pub measures: Vec<Number>,
    /// By follower, how many entries of this server's log it is not known to have. None, unless
    /// this server leads. A leader that is new knows of no entry that others have it.
    pub lags: BTreeMap<Id, u64>,
    /// What an operator must hear of, each in a sentence: another server has lost its storage.
    pub warnings: Vec<String>,
    /// The cluster's members as far as this server knows, by their numbers; none if the protocol
    /// keeps the members that it began with.
    pub members: BTreeMap<Id, Part>,
    /// Those of the members that count for nothing, having lost what they stored, as far as this
    /// server knows.
    pub voteless: BTreeSet<Id>,
    /// Which stores there are, if the protocol tells one store of a server from another.
    pub stores: Option<Stores>,
}

/// Which stores the servers of a cluster have. A store has a number of its own, drawn when it is
/// made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stores {
    /// The number of the store that this server has.
    pub own: u64,
    /// By server, the number of the store that is on record as far as this server knows.
    pub recorded: BTreeMap<Id, u64>,
    /// How new that record is: the greater, the newer.
    pub as_of: (u64, u64),
}

/// The part that a server has in a cluster whose members change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// It has a vote.
    Voter,
    /// It has a vote until the change that is under way is done, and is no member then.
    Leaving,
    /// It stores what the others store, and has no vote.
    Learner,
}

impl Part {
    /// Whether it has a vote.
    pub fn has_vote(self) -> bool {
        self != Part::Learner
    }
}

/// In a word.
impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Voter => "voter",
            Part::Leaving => "leaving",
            Part::Learner => "learner",
        })
    }
}

impl Status {
    /// The period for which this server has its role, if the protocol has such periods.
    pub fn period(&self) -> Option<&Number> {
        self.numbers.first()
    }

    /// The value of the number of this name, if the protocol has one.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.numbers.iter().find(|number| number.name == name).map(|number| number.value)
    }
}

/// A number that a server shows of itself, under a name of its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Number {
    /// What `/status`, the page and the tables call it: "commit".
    pub name: &'static str,
    /// What it is the number of, which metrics have behind the name: "index". Empty if nothing is
    /// to be added.
    pub unit: &'static str,
    /// What it says, in a sentence.
    pub meaning: &'static str,
    pub value: u64,
}

/// All that travels in a cluster: `P` is what servers say to each other, `C` a command, `O` what
/// it returns. Written down, requests, orders and replies are the same whatever `P` is, so a client
/// need not know the protocol.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message<P, C, O> {
    Peer(P),
    Request(Request<C>),
    Reply(Reply<O>),
    /// An operator asks for something beside commands.
    Order(Request<Order>),
    /// The answer to an order.
    OrderReply(Reply<Outcome>),
    /// A client asks for a read and says what it needs. Its answer is a [`Reply`] like any other.
    Read(Request<Query<C>>),
}

/// As the message itself: its type says which one it is.
impl<P: fmt::Debug, C: fmt::Debug, O: fmt::Debug> fmt::Debug for Message<P, C, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Peer(message) => message.fmt(f),
            Message::Request(message) => message.fmt(f),
            Message::Reply(message) => message.fmt(f),
            Message::Read(message) => message.fmt(f),
            Message::Order(message) => message.fmt(f),
            Message::OrderReply(message) => message.fmt(f),
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
        Session::of(plan.rewrite(&self.client()))
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
            Answer::Redirect { leader } => Answer::Redirect { leader: leader.rewrite(plan) },
            nameless @ (Answer::Done { .. }
            | Answer::Read { .. }
            | Answer::NoMember
            | Answer::Busy { .. }
            | Answer::Begin { .. }
            | Answer::Tag { .. }
            | Answer::Ended { .. }) => nameless.clone(),
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
            Message::Read(request) => Message::Read(request.rewrite(plan)),
            Message::Order(order) => {
                let command = order.command.rewrite(plan);
                Message::Order(Request { command, ..order.rewrite(plan) })
            }
            Message::OrderReply(reply) => {
                let mut reply = reply.rewrite(plan);
                if let Answer::Done { output: Err(refusal), .. } = &mut reply.answer {
                    *refusal = refusal.rewrite(plan);
                }
                Message::OrderReply(reply)
            }
        }
    }
}
