//! A store that everybody writes and nobody coordinates: what one replica knows, all know in the
//! end.
//!
//! A write takes effect at the replica that is asked, at once. From there it spreads in two ways.
//! As a *rumour* it is told to a peer drawn at random in every tick, by whoever has just heard it,
//! until that was in vain a few times: quick and cheap, and with some luck everybody has heard it.
//! By *anti-entropy* each replica compares its whole store with one peer after the other: slower,
//! and it leaves nobody out. Stores are compared by *digests*, the versions alone, and what is
//! missing travels in *deltas*.
//!
//! Source: Demers et al., *Epidemic Algorithms for Replicated Database Maintenance*, PODC 1987.
//!
//! ```text
//! S1                          S2                          S3
//!  |-- Rumour x: 3 ----------->|                           |   news: S2 tells it on
//!  |<-- Heard: news -----------|                           |
//!  |-- Rumour x: 3 ----------->|                           |   no news: S1 may stop
//!  |<-- Heard: known ----------|                           |
//!  |                           |<-- Digest x: 2, y: 7 -----|   S3 was left out
//!  |                           |--- Answer x: 3, wants y ->|   pull, and
//!  |                           |<-- Delta y: 7 ------------|   push
//! ```
//!
//! | rule | where |
//! |---|---|
//! | which version a write has | `write.rs`: `handle_write` |
//! | which version stays | `entry.rs`: `merge`, `replaces` |
//! | what is told as a rumour, and how long | `rumour.rs`: `handle_rumour_due`, `handle_heard` |
//! | which stores are compared, and how | `exchange.rs`: `handle_exchange_due`, `handle_digest` |
//! | what survives a crash | `server.rs`: `to_save` |
//!
//! The paper counts tellings that are in vain, and leaves open whether one that is not begins the
//! count anew. It does: only so do its numbers come out ([`simulation`](super::simulation)).
//!
//! Deviations. Versions are a number and the writer, not a time of a clock. Nothing is deleted: a
//! deletion is a value, and when its version may be forgotten is the question of
//! [`membership`](super::membership) about the dead.
//!
//! Not here: clients. Each replica has a script of writes, as if it were asked for them.

pub mod claims;
pub mod entry;
mod exchange;
pub mod message;
pub mod rules;
mod rumour;
mod server;
pub mod specs;
pub mod state;
mod write;

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

use crate::rules::RuleBook;
use entry::{Key, Value};
use message::Message;
use rules::Rule;
use server::Step;
use state::{State, Storage};

/// In which directions two stores that are compared are made alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exchange {
    /// Whoever asks gives what it has.
    Push,
    /// Whoever asks takes what it lacks.
    Pull,
    /// Both.
    #[default]
    PushPull,
}

/// How long a replica waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// From one telling of its rumours to the next.
    pub rumour: Duration,
    /// From one comparison of stores to the next.
    pub exchange: Duration,
    /// Until it is asked for its next write, at most.
    pub write: Duration,
}

/// A replica.
#[derive(Clone, Debug)]
pub struct Server<R> {
    /// All replicas, itself among them.
    pub replicas: Vec<Id>,
    /// What it is asked to write, in this order.
    pub script: Vec<(Key, Value)>,
    pub exchange: Exchange,
    /// A rumour stops when it was told in vain so often in a row: Demers' k.
    pub in_vain: u8,
    pub timing: Timing,
    pub rules: R,
}

/// What a replica waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// Its rumours are to be told once more.
    Rumour,
    /// Its store is to be compared with another one.
    Exchange,
    /// It is asked for its next write.
    Write,
}

/// A replica that was drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Drawn {
    /// It is told the rumours.
    Listener(Id),
    /// The stores are compared.
    Partner(Id),
}

impl<R: RuleBook<Rule>> Actor for Server<R> {
    type Msg = Message;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = Drawn;

    fn on_start(&self, _: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> State {
        let state = State::restored(storage.clone().unwrap_or_default());
        if self.rules.keeps(Rule::AntiEntropyRuns) {
            out.set_timer(Timer::Exchange, self.timing.exchange..self.timing.exchange);
        }
        if usize::from(state.written) < self.script.len() {
            out.set_timer(Timer::Write, Duration::ZERO..self.timing.write);
        }
        state
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<State>,
        src: Id,
        message: Message,
        out: &mut Out<Self>,
    ) {
        let mut step = Step::new(self, id, state);
        match message {
            Message::Rumour(m) => rumour::handle_rumour(&mut step, src, m),
            Message::Heard(m) => rumour::handle_heard(&mut step, m),
            Message::Digest(m) => exchange::handle_digest(&mut step, src, m),
            Message::Answer(m) => exchange::handle_answer(&mut step, src, m),
            Message::Delta(m) => exchange::handle_delta(&mut step, m),
        }
        step.finish(out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match timer {
            Timer::Rumour => rumour::handle_rumour_due(&mut step),
            Timer::Exchange => exchange::handle_exchange_due(&mut step),
            Timer::Write => write::handle_write(&mut step),
        }
        step.finish(out);
    }

    fn on_random(&self, id: Id, state: &mut Cow<State>, drawn: &Drawn, out: &mut Out<Self>) {
        let mut step = Step::new(self, id, state);
        match *drawn {
            Drawn::Listener(peer) => rumour::tell(&mut step, peer),
            Drawn::Partner(peer) => exchange::compare(&mut step, peer),
        }
        step.finish(out);
    }

    fn name(&self) -> String {
        "gossiping store".to_owned()
    }
}
