//! Fencing: a store takes writes of whoever was granted it last, and of nobody before.
//!
//! A *writer* has the database in memory and writes it to a *store* outside: a disk, a bucket, an
//! interface. A *grantor* says who writes. It cannot tell a dead writer from a slow one, so it
//! grants the store to another while the old one lives, and something that the old one has written
//! is still under way. Only the store can refuse that. So grants are numbered, each write names the
//! number of its grant, the *epoch*, and the store refuses what is older than it has seen.
//!
//! Source: Kleppmann, *How to do distributed locking*, 2016. The numbers are the sequencers of
//! Burrows, *The Chubby lock service*, OSDI 2006 §2.4.
//!
//! ```text
//! C1            S3 (writer)       S4 (writer)       S2 (store)        S1 (grantor)
//!  |              |<------------------------------------ Grant 1 -------|
//!  |              |-- Open 1 ------------------------->|
//!  |              |<------------------- Opened 1 ------|
//!  |-- Request -->|                 |                  |
//!  |              |-- Write 1 ----->.                  |   S3 is slow, or paused
//!  |              .                 |<----------------- Grant 2 -------|
//!  |              .                 |-- Open 2 ------->|
//!  |              .                 |<----- Opened 2 --|
//!  |              . . . . . . . . . . . . Write 1 ---->X   refused: 2 was opened
//! ```
//!
//! | rule | where |
//! |---|---|
//! | who may write, and in which epoch | `grantor.rs`: `handle_due` |
//! | what the store takes, and what it refuses | `store.rs`: `handle_open`, `handle_write` |
//! | which grant a writer takes | `writer.rs`: `handle_grant` |
//! | what a writer begins with | `writer.rs`: `handle_opened` |
//! | when a command is answered | `writer.rs`: `handle_request`, `handle_written` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! Deviations. The article's store compares numbers when something is written. Here it does so when
//! a writer *opens* it, too. The new writer begins with what the store holds, so nothing of the old
//! one may get there afterwards. A read is written to the store as every command is, because a
//! writer that was replaced may not know it.
//!
//! `fenced/checks-first` is the design without a fence: a writer writes only as long as it takes
//! itself for the one that may. What it has sent by then arrives later, and the store takes it.
//!
//! The backup of [`primary_backup`](crate::primary_backup) refuses old views in the same way. It is
//! a member of that protocol, and is told of each view. A store learns of a new epoch only from the
//! writer that opens it.
//!
//! Not here: what must happen in the end. Nothing is sent again but what a client asks for. A grant
//! has no lease, because the fence needs no clock.

pub mod claims;
mod grantor;
pub mod message;
pub mod rules;
mod server;
pub mod specs;
pub mod state;
mod store;
mod writer;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::member::{self, Member};
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use crate::state_machine::StateMachine;
use message::Message;
use rules::Rule;
use server::Step;
use state::{State, Storage};

/// What the servers are made for: the machine that they keep, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is kept.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// The grantor, the store, or a writer.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    /// The grantor, the store, then the writers.
    pub members: Vec<Id>,
    /// How long it takes until a writer is granted the store.
    pub due: Range<Duration>,
    pub rules: P::Rules,
}

/// A member of a system with a store: the grantor, the store, a writer, or a client.
pub type FencedMember<P> = Member<Server<P>>;

/// A member's state.
pub type MemberState<M> = member::State<State<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// This writer is to be granted the store: it asks for it, or the one before is not heard.
    Due(Id),
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<P::Machine>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<Self>;
    type Timer = Timer;
    type State = State<P::Machine>;
    type Storage = Storage<P::Machine>;
    type Random = ();

    fn on_start(
        &self,
        id: Id,
        storage: &Option<Self::Storage>,
        out: &mut Out<Self>,
    ) -> Self::State {
        if id == self.grantor() {
            grantor::start(self, out);
        }
        State::restored(storage.clone().unwrap_or_else(|| self.first_storage(id)))
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        src: Id,
        msg: Self::Msg,
        out: &mut Out<Self>,
    ) {
        let mut step = Step::new(self, id, state);
        match step.state() {
            State::Grantor(_) => {}
            State::Store(_) => to_store(&mut step, src, msg),
            State::Writer(_) => to_writer(&mut step, msg),
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        let Timer::Due(writer) = timer;
        grantor::handle_due(&mut step, *writer);
        step.finish(out);
    }

    fn name(&self) -> String {
        "fenced store".to_owned()
    }
}

fn to_store<P: Params>(step: &mut Step<P>, from: Id, message: MessageOf<Server<P>>) {
    match message {
        Peer(Message::Open(m)) => store::handle_open(step, from, m),
        Peer(Message::Write(m)) => store::handle_write(step, from, m),
        Peer(Message::Grant(_) | Message::Opened(_) | Message::Written(_))
        | Request(_)
        | Read(_)
        | Reply(_)
        | OrderReply(_) => {}
        Order(order) => step.refuse_order(&order),
    }
}

fn to_writer<P: Params>(step: &mut Step<P>, message: MessageOf<Server<P>>) {
    match message {
        Peer(Message::Grant(m)) => writer::handle_grant(step, m),
        Peer(Message::Opened(m)) => writer::handle_opened(step, m),
        Peer(Message::Written(m)) => writer::handle_written(step, m),
        Request(m) => writer::handle_request(step, m),
        Read(m) => writer::handle_request(step, m.plain()),
        Order(order) => step.refuse_order(&order),
        Peer(Message::Open(_) | Message::Write(_)) | Reply(_) | OrderReply(_) => {}
    }
}
