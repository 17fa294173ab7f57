//! The atomic register of Attiya, Bar-Noy and Dolev, with many writers: every server answers every
//! client, and what clients see is linearizable.
//!
//! Each write has a *tag*, which is later than that of all writes before. A server that a client
//! asks *coordinates*: it asks all *replicas*, itself among them, and goes on when a majority has
//! answered. Any two majorities share a replica, so a later operation hears of an earlier one.
//! Nobody leads, so nobody is elected, and a server that dies costs no time.
//!
//! Source: Attiya, Bar-Noy, Dolev, *Sharing Memory Robustly in Message-Passing Systems*, JACM 1995;
//! with many writers: Lynch, Shvartsman, *Robust Emulation of Shared Memory Using Dynamic
//! Quorum-Acknowledged Broadcasts*, FTCS 1997.
//!
//! ```text
//! C1            S1 (coordinates)      S2                S3
//!  |-- put x ----->|                   |                 |
//!  |               |-- Query x ------->|                 |
//!  |               |-- Query x --------|---------------->|
//!  |               |<-- Queried: 3 ----|                 |   two of three: no write before has
//!  |<--- Tag 4 ----|                   |                 |   a tag above 3
//!  |-- put x, 4 -->|                   |                 |   whoever is asked now, the tag is 4
//!  |               |-- Store x: 4 ---->|                 |
//!  |               |-- Store x: 4 -----|---------------->|
//!  |               |<-- Stored --------|                 |   two of three have it
//!  |<--- Reply ----|                   |                 |
//! ```
//!
//! A read asks in the same way, takes what has the highest tag, and has a majority store that
//! before it answers. Otherwise the next read could miss it. Where all of the majority that was
//! asked hold it already, nothing is left to store.
//!
//! | rule | where |
//! |---|---|
//! | which tag a write has | `coordinator.rs`: `handle_request`, `end_query` |
//! | what a read returns, and when | `coordinator.rs`: `end_query`, `end_store` |
//! | who counts for an operation | `coordinator.rs`: `handle_queried`, `handle_stored` |
//! | which write a replica keeps | `replica.rs`: `store` |
//! | which replicas take part | `replica.rs`: `takes_part` |
//! | how a server comes back that has lost its disk | `rejoin.rs` |
//! | what counts of what it said before | `state.rs`: `holding` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! Deviations. In the papers whoever writes is a process that coordinates its own operations. Here
//! clients come and go, and a client that is not answered asks another server. So the tag of a
//! write is told to its client, which sends it with every copy of the command: the same write has
//! one tag, whoever coordinates it.
//!
//! A command that is no plain read or write of one key is refused: it needs a log.

pub mod claims;
mod coordinator;
pub mod message;
pub mod protocol;
mod rejoin;
mod replica;
pub mod rules;
mod server;
pub mod specs;
pub mod state;
mod storage;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use super::register::Registers;
use crate::member::{self, Member};
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use crate::state_machine::StateMachine;
use message::Message;
use rules::Rule;
use server::Step;
use state::{State, Storage};

/// What the servers are made for: the machine whose registers they store, and the book of rules.
pub trait Params: crate::rules::Params<Rule, Machine: Registers> {}
impl<P: crate::rules::Params<Rule, Machine: Registers>> Params for P {}

/// The machine whose registers are stored.
pub type MachineOf<P> = <P as crate::rules::Params<Rule>>::Machine;

type Key<P> = <MachineOf<P> as Registers>::Key;
type Content<P> = <MachineOf<P> as Registers>::Content;
type PeerMessage<P> = Message<Key<P>, Content<P>>;

/// One of `servers`.
#[derive(Clone, Debug)]
pub struct Server<P: Params> {
    pub servers: Vec<Id>,
    /// Which store each server begins with. One that has another has lost its own.
    pub first_stores: BTreeMap<Id, u64>,
    pub timing: Timing,
    /// How much of what it holds a replica tells another one at a time, in bytes. A single register
    /// may be more.
    pub page: usize,
    pub rules: P::Rules,
}

/// A member of a system: a server or a client.
pub type Abd<P> = Member<Server<P>>;

/// A member's state.
pub type MemberState<M> = member::State<State<M>, <M as StateMachine>::Output>;

/// How long servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Until one that has lost its disk asks again.
    pub again: Range<Duration>,
}

/// Who coordinates waits for nothing: a client that is not answered asks again, and its server with
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A server that has lost its disk is to ask again.
    Again,
}

impl<P: Params> Service for Server<P> {
    type Peer = PeerMessage<P>;
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
        self.start(id, storage.as_ref(), out)
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
        match msg {
            Request(m) => coordinator::handle_request(&mut step, m),
            Read(m) => coordinator::handle_query(&mut step, m),
            Peer(Message::Query(m)) => replica::handle_query(&mut step, src, m),
            Peer(Message::Queried(m)) => coordinator::handle_queried(&mut step, src, m),
            Peer(Message::Store(m)) => replica::handle_store(&mut step, src, m),
            Peer(Message::Stored(m)) => coordinator::handle_stored(&mut step, src, m),
            Peer(Message::Count(m)) => rejoin::handle_count(&mut step, src, m),
            Peer(Message::Counted(m)) => rejoin::handle_counted(&mut step, src, m),
            Peer(Message::Copy(m)) => rejoin::handle_copy(&mut step, src, m),
            Peer(Message::Page(m)) => rejoin::handle_page(&mut step, src, m),
            Order(order) => step.refuse_order(&order),
            Reply(_) | OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Again => rejoin::send_again(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "atomic registers".to_owned()
    }
}
