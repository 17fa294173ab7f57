//! Dynamo's store: every server takes writes, whatever it can reach, and what was written at once
//! stays side by side until a client has read it and writes again.
//!
//! The servers stand on a [ring](super::ring). The first N behind the place of a key are its
//! *homes*. Any server *coordinates* a read: it asks the homes, answers when R of them have told
//! what they hold, and repairs those that are behind. A home coordinates a write: it gives it a
//! [dot](version::Dot), has all homes store it, and answers when W have. A write supersedes what
//! its client has read; what is written by clients that have not read each other's stays as
//! *siblings*.
//!
//! For a home that does not answer a *fallback*, the next server on the ring, keeps the write as a
//! *hint*, and hands it off later. A quorum is *sloppy* if that counts as if the home had it.
//!
//! Source: DeCandia et al., *Dynamo: Amazon's Highly Available Key-value Store*, SOSP 2007; for
//! versions see [`version`].
//!
//! ```text
//! C1             S1 (home)        S2 (home)        S3 (home, down)    S4
//!  |-- put x ------>|                |                  |              |
//!  |                |-- Store ------>|                  |              |
//!  |                |-- Store ------------------------->:              |
//!  |                |<-- Stored -----|                  :              |
//!  |<-- stored -----|                |                  :              |   W = 2
//!  |                |-- Hint for S3 --------------------:------------->|   S3 is late
//!  |                |<-- Hinted --------------------------------------|
//!  |                |                |                  |<-- Handoff --|   S3 is back
//!  |                |                |                  |--- Handed -->|
//! ```
//!
//! | rule | where |
//! |---|---|
//! | what a write is called | `write.rs`: `begin` |
//! | what a write supersedes | `version.rs`: `supersede` |
//! | what becomes of two replicas' versions | `version.rs`: `join`; `server.rs`: `learn` |
//! | when a write is answered | `write.rs`: `handle_stored`, `end` |
//! | what a read returns, and when | `read.rs`: `handle_queried`, `end` |
//! | what a read repairs | `read.rs`: `repair` |
//! | who keeps what for whom | `hint.rs`: `give`, `hand_off`, `handle_handed` |
//! | how homes come to hold the same | `exchange.rs` |
//! | when a deletion is forgotten | `sweep.rs` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! What a setting promises is in [`claims::promises`], and every entry is checked.
//!
//! Deviations. Writes are named by dotted version vectors, where the paper's version vectors could
//! call two writes of one server, by clients that have not read each other's, one after the other.
//! Stores are compared key by key; the paper has Merkle trees, so as to compare less. Servers know
//! the ring from the start.
//!
//! Not here: a write that a client sends again, having had no answer, is another write, and may
//! stay beside its first copy as a sibling. So it is in the paper.

pub mod claims;
mod coordinator;
mod exchange;
mod hint;
pub mod message;
pub mod object;
mod read;
mod replica;
pub mod rules;
mod server;
pub mod specs;
pub mod state;
mod sweep;
pub mod version;
mod write;

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use super::ring::Ring;
use crate::member::Member;
use crate::rules::RuleBook;
use crate::service::Message::{Order, OrderReply, Peer, Read, Reply, Request};
use crate::service::{MessageOf, Service};
use message::Message;
use object::Objects;
use rules::Rule;
use server::Step;
use state::{State, Storage};

/// Upon how many servers what is done waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quorums {
    /// How many homes a key has: N.
    pub n: usize,
    /// How many have told what they hold when a read is answered: R.
    pub r: usize,
    /// How many have stored it when a write is answered: W.
    pub w: usize,
    /// What a fallback keeps for a home counts as if the home held it.
    pub is_sloppy: bool,
}

impl Quorums {
    /// Any R homes and any W homes have one in common, and nobody else counts.
    pub fn meet(self) -> bool {
        self.r + self.w > self.n && !self.is_sloppy
    }
}

/// What becomes of siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// They stay until a client that has read them writes.
    ByClients,
    /// Only that stays which was written last by the clocks of those who wrote.
    LastWriteWins,
}

/// One of the servers of `ring`.
#[derive(Clone, Debug)]
pub struct Server<R> {
    pub ring: Ring,
    pub quorums: Quorums,
    pub resolution: Resolution,
    pub timing: Timing,
    pub rules: R,
}

/// A member of a system: a server or a client.
pub type Dynamo<R> = Member<Server<R>>;

/// How long servers wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Until a coordinator takes it that who has not answered will not.
    pub late: Range<Duration>,
    /// From one comparison of stores to the next.
    pub exchange: Range<Duration>,
    /// From one attempt to forget a deletion to the next. Longer than any message travels.
    pub sweep: Range<Duration>,
}

/// What a server waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// Some have not answered a coordinator.
    Late,
    /// Stores are to be compared, and hints to be handed off.
    Exchange,
    /// It is to be asked whether deletions may be forgotten.
    Sweep,
}

impl<R: RuleBook<Rule>> Service for Server<R> {
    type Peer = Message;
    type Machine = Objects;
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
            Request(m) => coordinator::handle_request(&mut step, m),
            Read(m) => coordinator::handle_request(&mut step, m.plain()),
            Peer(Message::Forward(m)) => coordinator::handle_forward(&mut step, m),
            Peer(Message::Query(m)) => replica::handle_query(&mut step, src, m),
            Peer(Message::Queried(m)) => read::handle_queried(&mut step, src, m),
            Peer(Message::Store(m)) => replica::handle_store(&mut step, src, m),
            Peer(Message::Stored(m)) => write::handle_stored(&mut step, src, m),
            Peer(Message::Repair(m)) => read::handle_repair(&mut step, m),
            Peer(Message::Hint(m)) => hint::handle_hint(&mut step, src, m),
            Peer(Message::Hinted(m)) => hint::handle_hinted(&mut step, m),
            Peer(Message::Handoff(m)) => hint::handle_handoff(&mut step, src, m),
            Peer(Message::Handed(m)) => hint::handle_handed(&mut step, src, m),
            Peer(Message::Digest(m)) => exchange::handle_digest(&mut step, src, m),
            Peer(Message::Delta(m)) => exchange::handle_delta(&mut step, m),
            Peer(Message::Sweep(m)) => sweep::handle_sweep(&mut step, src, m),
            Peer(Message::Swept(m)) => sweep::handle_swept(&mut step, src, m),
            Peer(Message::Forget(m)) => sweep::handle_forget(&mut step, m),
            Order(order) => step.refuse_order(&order),
            Reply(_) | OrderReply(_) => {}
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Late => coordinator::handle_late(&mut step),
            Timer::Exchange => exchange::handle_exchange_due(&mut step),
            Timer::Sweep => sweep::handle_sweep_due(&mut step),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "leaderless store".to_owned()
    }
}
