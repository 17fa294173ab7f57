//! Chain replication: the servers stand in a row, and every command passes all of them.
//!
//! The first server of the chain, the *head*, puts the commands in order. Each server takes them in
//! that order and forwards them to the next one. All servers have taken what the last one, the
//! *tail*, has taken, so the tail answers. A *master* watches the servers, and takes a server that
//! is silent out of the chain.
//!
//! Source: van Renesse and Schneider, *Chain Replication for Supporting High Throughput and
//! Availability*, OSDI 2004.
//!
//! ```text
//! C1           S2 (head)        S3             S4 (tail)      S1 (master)
//!  |-- Request ->|               |               |               |
//!  |             |-- Forward --->|               |               |
//!  |             |               |-- Forward --->|               |   all have it: done
//!  |<------------------- Reply ------------------|               |
//!  |             |               |<---- Ack -----|               |
//!  |             |<---- Ack -----|               |               |
//!  |             |               X               |               |   S3 is silent
//!  |             |<----------------- Chain 2: S2, S4 ------------|
//!  |             |-- Forward ------------------->|               |   what S3 may have kept
//! ```
//!
//! | rule | where |
//! |---|---|
//! | who orders commands, and when a retry is answered | `head.rs`: `handle_request` |
//! | which commands a server takes, and in which order | `hop.rs`: `handle_forward` |
//! | when a command is done, and who answers it | `hop.rs`: `take`, `handle_ack` |
//! | what a server sends again, and when | `hop.rs`: `send_again`; `replica.rs` |
//! | what becomes of the commands under way when a server dies | `replica.rs`: `handle_chain` |
//! | who is taken out of the chain, and who is told | `master.rs` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! Deviations. The paper assumes that the master never takes a live server for dead, and that a
//! link keeps its order. Here the master may be wrong, and the network keeps no order. So every
//! forward names its chain and its place, and a server takes only what is sent in its own chain.
//!
//! In the paper the tail answers a read alone. An old tail that is cut off from the master does not
//! know that the chain goes on without it, and answers with an old value. Here a read passes the
//! chain as every command does: with its forward each server says that it knows of no newer chain.
//! This is the simplest repair. It needs no clock, as a lease would, and no message of its own; a
//! read costs as much as a write.
//!
//! `chain/paper` holds under the paper's assumption. Without it both rules are needed, and each has
//! a spec that lacks it alone: in `chain/false-suspicion` no hop names its chain, and in
//! `chain/tail-reads` the tail answers reads alone. The same bounds hold with all rules in force:
//! they are `chain/suspicion` and `chain/cut-off`.
//!
//! Not here: servers that join at the tail, a master that is replicated. A server that crashes
//! takes no further part.

pub mod claims;
mod head;
mod hop;
mod master;
pub mod message;
mod replica;
pub mod rules;
mod server;
pub mod specs;
pub mod state;

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

/// How long the master and the servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two pings of a server.
    pub ping: Duration,
    /// Without a ping of a server, before the master takes it for dead.
    pub dead: Range<Duration>,
}

/// What the servers are made for: the machine that they replicate, and the book of rules.
pub trait Params: crate::rules::Params<Rule> {}
impl<P: crate::rules::Params<Rule>> Params for P {}

/// The machine that is replicated.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Command<P> = <MachineOf<P> as StateMachine>::Command;

/// The master or a server: the first of `members` is the master.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    /// The master, then all servers in the order of the first chain.
    pub members: Vec<Id>,
    pub timing: Timing,
    pub rules: P::Rules,
}

/// A member of a system with a chain: the master, a server, or a client.
pub type ChainMember<P> = Member<Server<P>>;

/// A member's state.
pub type MemberState<M> = member::State<State<M>, <M as StateMachine>::Output>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A server is to say that it is there.
    Ping,
    /// The master has not heard of this server for too long.
    Dead(Id),
}

impl<P: Params> Service for Server<P> {
    type Peer = Message<Command<P>>;
    type Machine = P::Machine;
}

impl<P: Params> Actor for Server<P> {
    type Msg = MessageOf<Self>;
    type Timer = Timer;
    type State = State<P::Machine>;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> Self::State {
        if id == self.master() {
            master::start(self, storage.as_ref(), out)
        } else {
            replica::start(self, storage.as_ref(), out)
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
        match step.state() {
            State::Master(_) => to_master(&mut step, src, msg),
            State::Server(_) => to_replica(&mut step, src, msg),
            State::Retired => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Ping => replica::handle_ping_timeout(&mut step),
            Timer::Dead(server) => master::handle_silence(&mut step, *server),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "chain replication".to_owned()
    }
}

fn to_master<P: Params>(step: &mut Step<P>, from: Id, message: MessageOf<Server<P>>) {
    match message {
        Peer(Message::Ping(m)) => master::handle_ping(step, from, m),
        Order(order) => step.refuse_order(&order),
        Peer(_) | Request(_) | Read(_) | Reply(_) | OrderReply(_) => {}
    }
}

fn to_replica<P: Params>(step: &mut Step<P>, from: Id, message: MessageOf<Server<P>>) {
    match message {
        Peer(Message::Chain(m)) => replica::handle_chain(step, m),
        Peer(Message::Forward(m)) => hop::handle_forward(step, from, m),
        Peer(Message::Ack(m)) => hop::handle_ack(step, m),
        Request(m) => head::handle_request(step, m),
        Read(m) => head::handle_request(step, m.plain()),
        Order(order) => step.refuse_order(&order),
        Peer(Message::Ping(_)) | Reply(_) | OrderReply(_) => {}
    }
}
