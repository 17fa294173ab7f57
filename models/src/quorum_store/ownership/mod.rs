//! Who owns a key, when servers come and go: it moves to its new owner, and no write of it is lost.
//!
//! Each epoch has a [ring](super::ring), and by that each key one owner, which alone reads and
//! writes it. So what clients see is linearizable, as long as nobody else does. Which ring is the
//! next is decided elsewhere, by a log; servers are told at different times. Who has heard of a
//! ring goes over to it: it serves no longer what that gives to others. Its new owner copies the
//! key before it serves it, and who is asked for the copy has gone over first.
//!
//! ```text
//! C1           S1 (owns x)           S3 (is to own x)
//!  |-- put x ---->|                     |      epoch 1
//!  |<-- stored ---|                     |
//!  |              |<--- Copy, 2 --------|      S3 has heard of the ring of epoch 2
//!  |              |---- Page: x ------->|      S1 has gone over, and serves x no more
//!  |-- get x ---->|                     |
//!  |<-- ask S3 ---|                     |
//!  |-- get x -------------------------->|
//!  |<-- x ------------------------------|      S3 holds all that was written
//! ```
//!
//! Sources: DeCandia et al., *Dynamo*, SOSP 2007, §4.9 and §6.2, for rings and the copy that comes
//! first. That an old owner stops is what makes it safe: the paper has replicas and hints for that.
//!
//! | rule | where |
//! |---|---|
//! | who serves a key | `server.rs`: `serves` |
//! | what clients are told | `serve.rs`: `handle_request` |
//! | when a server goes over to another ring | `copy.rs`: `handle_next_ring`, `handle_copy` |
//! | what is copied, and when that is all | `copy.rs`: `handle_copy`, `handle_page`, `end` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! Deviations. A key has one owner; with N homes each of them would copy from one that was. What a
//! server owned before stays on its disk.
//!
//! Not here: sessions. A copy of a write that its client has sent again may take effect once more,
//! when another write has come between. What a server knows of sessions would have to move too.

pub mod claims;
mod copy;
pub mod message;
pub mod rules;
mod serve;
mod server;
pub mod specs;
pub mod state;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use super::ring::Ring;
use crate::kv::Kv;
use crate::member::Member;
use crate::rules::RuleBook;
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use message::Message;
use rules::Rule;
use server::Step;
use state::{State, Storage};

/// One of the servers of a ring, or of one that comes later.
#[derive(Clone, Debug)]
pub struct Server<R> {
    /// By epoch, who is on the ring: at least one ring, none of them empty.
    pub rings: Vec<Ring>,
    pub timing: Timing,
    pub rules: R,
}

/// A member of a system: a server or a client.
pub type Ownership<R> = Member<Server<R>>;

/// How long servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Until a server is told of the next ring.
    pub ring: Range<Duration>,
    /// Until one that copies asks again.
    pub again: Range<Duration>,
}

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It is told of the next ring.
    NextRing,
    /// It is to ask again for what it copies.
    Again,
}

impl<R: RuleBook<Rule>> Service for Server<R> {
    type Peer = Message;
    type Machine = Kv;
}

impl<R: RuleBook<Rule>> Actor for Server<R> {
    type Msg = MessageOf<Self>;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> State {
        self.start(storage.as_ref(), out)
    }

    fn on_msg(&self, id: Id, state: &mut Cow<State>, src: Id, msg: Self::Msg, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match msg {
            Request(m) => serve::handle_request(&mut step, m),
            Read(m) => serve::handle_request(&mut step, m.plain()),
            Peer(Message::Copy(m)) => copy::handle_copy(&mut step, src, m),
            Peer(Message::Page(m)) => copy::handle_page(&mut step, src, m),
            Order(order) => step.refuse_order(&order),
            Reply(_) | OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::NextRing => copy::handle_next_ring(&mut step),
            Timer::Again => copy::handle_again(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "owners on a ring".to_owned()
    }
}
