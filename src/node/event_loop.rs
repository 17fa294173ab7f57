//! Runs one actor: take what the socket holds, run the handlers, make what they saved durable in
//! one commit, then send.
//!
//! The model takes a handler for one atomic step. Here a batch of them is: until its commit has
//! returned, nothing that any of them said has left the node, so a crash in between is a crash
//! before all of them. That is group commit for free.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::time::{Duration, Instant};

use quorate_models::durable::Durable;
use quorate_models::service::{Service, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stateright::actor::{Actor, Command, Id, Out};
use thiserror::Error;

use super::seal::NoRandom;
use super::storage::{Store, StoreError};
use super::timers::{Dice, Timers};
use super::transport::{Counters, Transport, TransportError};
use super::wire;

/// How long a node may take to notice that it is to stop.
const STOP_WITHIN: Duration = Duration::from_millis(50);

/// What a node runs: an actor that serves clients, whose messages can be written down.
pub trait Runnable: Service<Msg: Serialize + DeserializeOwned, Timer: Ord, State: 'static> {}

impl<A> Runnable for A where
    A: Service<Msg: Serialize + DeserializeOwned, Timer: Ord, State: 'static>
{
}

/// What makes an actor's storage survive a crash.
pub trait Disk<S> {
    /// What went wrong.
    type Error: Error + Send + Sync + 'static;

    /// Makes `storage` what the node starts from after a crash. When this returns it has.
    ///
    /// # Errors
    /// If that is not certain. The node stops then.
    fn commit(&mut self, storage: &S) -> Result<(), Self::Error>;
}

/// Who watches a node, and tells it to stop.
pub trait Watch {
    /// Called after every batch.
    fn publish(&mut self, status: Status, counts: Counts, transport: Counters);

    /// Whether the node is to stop. Asked after every batch and at least every 50 ms.
    fn is_stopping(&self) -> bool;
}

/// What the loop did since it began. All counts only rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rounds in which there was something to do.
    pub batches: u64,
    /// Messages handed to the actor.
    pub messages: u64,
    /// Authentic messages that this build cannot decode.
    pub undecodable: u64,
    /// Messages that only servers send, from somebody who is none.
    pub refused: u64,
    /// Timers that fired.
    pub timeouts: u64,
    /// Random choices made.
    pub choices: u64,
    /// Saves that the actor asked for.
    pub saves: u64,
    /// Commits that made them durable: one for all the saves of a batch.
    pub commits: u64,
    /// The time that commits took in all, in microseconds.
    pub commit_micros: u64,
    /// Messages that the actor sent.
    pub sends: u64,
    /// Messages over the limit or without an encoding, which were not sent.
    pub unencodable: u64,
}

/// Why a node stopped that was not told to.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The socket failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// There is no seed for the timers.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// Nothing of the batch that was to be saved was sent.
    #[error("cannot save: {0}")]
    Disk(#[source] Box<dyn Error + Send + Sync>),
}

/// What the handlers of one batch asked for.
struct Batch<A: Actor> {
    /// The last save, which holds all the others.
    save: Option<A::Storage>,
    sends: Vec<(Id, A::Msg)>,
}

impl<A: Actor> Default for Batch<A> {
    fn default() -> Self {
        Batch { save: None, sends: Vec::new() }
    }
}

/// One node: an actor, its state, and all that it acts upon.
pub struct EventLoop<A: Runnable, D: Disk<A::Storage>, W: Watch> {
    actor: A,
    id: Id,
    state: Cow<'static, A::State>,
    timers: Timers<A::Timer>,
    /// Random choices that the actor will hear of in the next batch, by their key.
    choices: BTreeMap<String, A::Random>,
    /// Messages of the actor to itself, for the next batch.
    loopback: Vec<A::Msg>,
    dice: Dice,
    transport: Transport,
    disk: D,
    watch: W,
    counts: Counts,
}

impl<A: Runnable, D: Disk<A::Storage>, W: Watch> EventLoop<A, D, W> {
    /// Starts `actor` from `storage`, what `disk` holds, and carries out what it asks for at once.
    ///
    /// # Errors
    /// [`NodeError`] if what it saves cannot be saved, or there are no random numbers to be had.
    pub fn start(
        actor: A,
        transport: Transport,
        disk: D,
        storage: &Option<A::Storage>,
        watch: W,
    ) -> Result<Self, NodeError> {
        let id = transport.id();
        let seed = getrandom::u64().map_err(NoRandom)?;
        let mut out = Out::new();
        let state = Cow::Owned(actor.on_start(id, storage, &mut out));
        let mut node = EventLoop {
            actor,
            id,
            state,
            timers: Timers::default(),
            choices: BTreeMap::new(),
            loopback: Vec::new(),
            dice: Dice::new(seed),
            transport,
            disk,
            watch,
            counts: Counts::default(),
        };
        let mut batch = Batch::default();
        node.collect(out, &mut batch);
        node.finish(batch)?;
        Ok(node)
    }

    /// Runs until the node is told to stop.
    ///
    /// # Errors
    /// [`NodeError`] if it cannot go on; nothing that depends on a failed save was sent.
    pub fn run(mut self) -> Result<(), NodeError> {
        while !self.watch.is_stopping() {
            self.step()?;
        }
        Ok(())
    }

    /// Waits for something to do, and does it.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn step(&mut self) -> Result<(), NodeError> {
        let messages = self.transport.poll(self.deadline())?;
        let mut batch = Batch::default();
        let before = self.counts;
        // Messages first: a heartbeat that lay in the socket while the node wrote to its disk
        // still keeps it from standing for election.
        for message in std::mem::take(&mut self.loopback) {
            self.on_message(self.id, message, &mut batch);
        }
        for (from, bytes) in messages {
            match wire::decode(&bytes) {
                // Clients have the cluster's key as well, and no say in what servers agree on.
                Ok(message) if !A::is_request(&message) && !self.transport.is_server(from) => {
                    self.counts.refused += 1;
                }
                Ok(message) => self.on_message(from, message, &mut batch),
                Err(_) => self.counts.undecodable += 1,
            }
        }
        for (_, choice) in std::mem::take(&mut self.choices) {
            self.counts.choices += 1;
            self.act(&mut batch, |actor, id, state, out| actor.on_random(id, state, &choice, out));
        }
        let now = Instant::now();
        for timer in self.timers.due(now) {
            // An earlier handler of this batch may have cancelled it or set it again.
            if self.timers.take(now, &timer) {
                self.counts.timeouts += 1;
                self.act(&mut batch, |actor, id, state, out| {
                    actor.on_timeout(id, state, &timer, out);
                });
            }
        }
        if self.counts == before {
            return Ok(());
        }
        self.finish(batch)
    }

    fn deadline(&self) -> Instant {
        let now = Instant::now();
        if !self.loopback.is_empty() || !self.choices.is_empty() {
            return now;
        }
        let stop = now + STOP_WITHIN;
        self.timers.next().map_or(stop, |next| next.min(stop))
    }

    fn on_message(&mut self, from: Id, message: A::Msg, batch: &mut Batch<A>) {
        self.counts.messages += 1;
        self.act(batch, |actor, id, state, out| actor.on_msg(id, state, from, message, out));
    }

    fn act(
        &mut self,
        batch: &mut Batch<A>,
        handler: impl FnOnce(&A, Id, &mut Cow<'static, A::State>, &mut Out<A>),
    ) {
        let mut out = Out::new();
        handler(&self.actor, self.id, &mut self.state, &mut out);
        self.collect(out, batch);
    }

    /// Sorts what a handler asked for: timers and choices concern nobody else and take effect now.
    fn collect(&mut self, out: Out<A>, batch: &mut Batch<A>) {
        for command in out {
            match command {
                Command::Send(to, message) => batch.sends.push((to, message)),
                Command::Save(storage) => {
                    self.counts.saves += 1;
                    batch.save = Some(storage);
                }
                Command::SetTimer(timer, range) => {
                    let after = self.dice.within(&range);
                    self.timers.set(Instant::now(), timer, after);
                }
                Command::CancelTimer(timer) => self.timers.cancel(&timer),
                Command::ChooseRandom(key, choices) => {
                    let chosen = self.dice.below(choices.len() as u64) as usize;
                    match choices.into_iter().nth(chosen) {
                        Some(choice) => drop(self.choices.insert(key, choice)),
                        None => drop(self.choices.remove(&key)),
                    }
                }
            }
        }
    }

    /// Makes what a batch saved durable, then lets out what it says.
    fn finish(&mut self, batch: Batch<A>) -> Result<(), NodeError> {
        if let Some(storage) = &batch.save {
            let began = Instant::now();
            self.disk.commit(storage).map_err(|error| NodeError::Disk(Box::new(error)))?;
            self.counts.commits += 1;
            self.counts.commit_micros += began.elapsed().as_micros() as u64;
        }
        for (to, message) in batch.sends {
            self.counts.sends += 1;
            if to == self.id {
                self.loopback.push(message);
                continue;
            }
            match wire::encode(&message) {
                Ok(bytes) => self.transport.send(to, bytes),
                Err(_) => self.counts.unencodable += 1,
            }
        }
        self.transport.flush()?;
        self.counts.batches += 1;
        let status = self.actor.status(self.id, &self.state);
        self.watch.publish(status, self.counts, self.transport.counters());
        Ok(())
    }
}

impl<S: Durable + Clone> Disk<S> for Store<S> {
    type Error = StoreError;

    fn commit(&mut self, storage: &S) -> Result<(), StoreError> {
        Store::commit(self, storage)
    }
}
