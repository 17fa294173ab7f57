//! Primary and backup: two copies of a database, and a view service that says whose word counts.
//!
//! A primary answers clients, a backup has all that the primary has answered, and takes its place
//! when it dies. Two servers cannot tell by themselves whether the other one is dead or only not
//! heard. So a third party decides: the view service. It numbers its decisions, the *views*, and
//! every message between the servers names its view.
//!
//! Source: MIT course 6.824, Distributed Systems, lab 2, text of 2015. By its own word it is no
//! published protocol; it is what many pairs in production should have been.
//!
//! ```text
//! C1            S2 (primary)      S3 (backup)       S1 (view service)
//!  |-- Request -->|                 |                 |
//!  |              |-- Forward ----->|                 |
//!  |              |<---- Taken -----|                 |   both have it: done
//!  |<-- Reply ----|                 |                 |
//!  |              X                 |---- Ping ------>|   S2 is silent
//!  |              .                 |<--- View 2 -----|   S3 is primary of view 2
//!  |              .                 |---- Ping 2 ---->|   and acknowledges it
//! ```
//!
//! | rule | where |
//! |---|---|
//! | who is primary and backup in the next view | `view.rs`: `next_view` |
//! | who is heard, and which views are acknowledged | `service.rs`: `handle_ping` |
//! | which part a server takes, and what it forgets | `replica.rs`: `handle_view` |
//! | what a primary takes, forwards and answers | `primary.rs`: `handle_request`, `count` |
//! | when a primary acknowledges its view | `primary.rs`: `begin`, `count` |
//! | what a backup takes, and from whom | `backup.rs`: `is_backup_of`, `handle_forward` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! Deviations. The lab's server says "I have restarted" by the view number 0 in a ping, which a
//! late ping says as well; here a ping says how often its server has started, which is on disk. In
//! the lab the view service leaves no view that is not acknowledged; here only the *primary* of
//! such a view is not replaced, so that a backup that dies while the database is handed to it does
//! not hold up everything. The lab begins without a view; a cluster here may begin with a primary
//! and a backup, both empty. The view service keeps its view on disk.
//!
//! Not here: a view service that is replicated, and databases too large for one message.

mod backup;
pub mod claims;
pub mod message;
pub mod naive;
mod primary;
pub mod protocol;
mod replica;
pub mod rules;
mod server;
mod service;
pub mod specs;
pub mod state;
pub mod view;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::member::{self, Member};
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Sequence, Service, Session};
use crate::state_machine::StateMachine;
use message::Message;
use rules::Rule;
use server::Step;
use state::{State, Storage};
use view::View;

/// How long the view service and the servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two pings of a server.
    pub ping: Duration,
    /// Without a ping of a server, before it is taken for dead.
    pub dead: Range<Duration>,
}

/// What the servers are made for: the machine that they replicate, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is replicated.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// The view service or a server: the first of `members` is the view service.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    /// The view service, then all servers.
    pub members: Vec<Id>,
    /// The view in which all begin: without a primary, the first server that is heard is primary.
    pub first_view: View,
    pub timing: Timing,
    pub rules: P::Rules,
}

/// A member of a system with a view service: that, a server, or a client.
pub type PrimaryBackup<P> = Member<Server<P>>;

/// All that travels in a cluster that replicates `M`.
pub type Spoken<M> =
    crate::service::Message<Message<M>, <M as StateMachine>::Command, <M as StateMachine>::Output>;

/// A member's state.
pub type MemberState<M> = member::State<State<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A server is to say that it is there.
    Ping,
    /// The view service has not heard of this server for too long.
    Dead(Id),
}

impl<P: Params> Server<P> {
    /// The view service.
    pub fn view_service(&self) -> Id {
        self.members[0]
    }
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<P::Machine>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<Self>;
    type Timer = Timer;
    type State = State<P::Machine>;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> Self::State {
        if id == self.view_service() {
            State::Service(service::start(self, storage.as_ref(), out))
        } else {
            State::Server(replica::start(self, id, storage.as_ref(), out))
        }
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
        if id == self.view_service() {
            to_service(&mut step, src, msg);
        } else {
            to_replica(&mut step, src, msg);
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Ping => replica::handle_ping_timeout(&mut step),
            Timer::Dead(server) => service::handle_silence(&mut step, *server),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "primary and backup".to_owned()
    }
}

fn to_service<P: Params>(step: &mut Step<P>, from: Id, message: MessageOf<Server<P>>) {
    match message {
        Peer(Message::Ping(m)) => service::handle_ping(step, from, m),
        Order(order) => step.refuse_order(&order),
        Peer(_) | Reply(_) | OrderReply(_) => {}
        Request(m) => name_primary(step, m.session, m.sequence),
        Read(m) => name_primary(step, m.session, m.sequence),
    }
}

/// The service tells a client whom to ask.
fn name_primary<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    let view = step.service().view;
    step.redirect(session, sequence, view);
}

fn to_replica<P: Params>(step: &mut Step<P>, from: Id, message: MessageOf<Server<P>>) {
    match message {
        Peer(Message::View(m)) => replica::handle_view(step, m),
        Peer(Message::Transfer(m)) => backup::handle_transfer(step, from, m),
        Peer(Message::Forward(m)) => backup::handle_forward(step, from, m),
        Peer(Message::Taken(m)) => primary::handle_taken(step, from, m),
        Peer(Message::Refused(m)) => primary::handle_refused(step, m),
        Request(m) => primary::handle_request(step, m),
        Read(m) => primary::handle_request(step, m.plain()),
        Order(order) => step.refuse_order(&order),
        Peer(Message::Ping(_)) | Reply(_) | OrderReply(_) => {}
    }
}
