//! Runs one actor: take what the socket holds, run the handlers, make what they saved durable in
//! one commit, then send.
//!
//! The model takes a handler for one atomic step. Here a batch of them is, as soon as one of them
//! saves something: until its commit has returned, nothing that any of them said has left the node,
//! so a crash in between is a crash before all of them. That is group commit for free. A handler
//! that panics is such a crash as well: the node stops, and of its batch nothing is saved and
//! nothing sent.
//!
//! What an actor waits for itself ([`Protocol::being_written`]) is written by another thread, and
//! the node goes on meanwhile: the actor saves it when it is there, and counts on it from then on.

mod admission;
mod aside;
mod disk;
mod error;
mod load;
mod watch;
mod writer;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use quorate_models::protocol::{Awaited, Protocol};
use stateright::actor::{Actor, Command, Id, Out};

use self::aside::Aside;
pub use self::disk::Disk;
pub use self::error::NodeError;
use self::load::Load;
pub use self::watch::{Counts, Watch};
use self::writer::Writer;
use super::panics::caught;
use super::seal::NoRandom;
use super::timers::{Dice, Timers};
use super::transport::{Courier, Transport};
use super::wire::{self, WireError};

/// How long a node that has nothing to do waits at most before it looks whether it is to stop, and
/// publishes that it is still there.
const IDLE: Duration = Duration::from_millis(50);

/// How often a node looks whether its disk still has what was committed.
const LOOK: Duration = Duration::from_millis(500);

/// How soon a timer is looked at again that waits until all is written ahead.
const PAUSE: Duration = Duration::from_millis(1);

/// For how long a message that could not be sent is warned of.
const LATELY: Duration = Duration::from_secs(1);

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
pub struct EventLoop<A: Protocol, D: Disk<A::Storage>, W: Watch> {
    actor: A,
    id: Id,
    state: Cow<'static, A::State>,
    timers: Timers<A::Timer>,
    /// Random choices that the actor will hear of in the next batch, by their key.
    choices: BTreeMap<String, A::Random>,
    /// Messages of the actor to itself, for the next batch.
    loopback: Vec<A::Msg>,
    dice: Dice,
    courier: Courier,
    writer: Writer<D, A::Storage>,
    aside: Aside,
    /// True if all is written that the actor has spoken of ahead.
    is_ahead: bool,
    /// True if what the actor waits for is written, or the thread is at it.
    is_begun: bool,
    /// When the disk was looked at.
    looked: Instant,
    watch: W,
    counts: Counts,
    /// Whom the actor took for leader when it was last asked.
    leader: Option<Id>,
    /// What clients have asked for and are not answered.
    load: Load,
    /// By server, when and why a message for it was last not sent.
    unsent: BTreeMap<Id, (Instant, WireError)>,
    /// True once it cannot go on: its state is not to be used any more.
    failed: bool,
}

impl<A: Protocol, D: Disk<A::Storage>, W: Watch> EventLoop<A, D, W> {
    /// Starts `actor` from `storage`, what `disk` holds, and carries out what it asks for at once.
    ///
    /// # Errors
    /// [`NodeError`] if what it saves cannot be saved, there are no random numbers to be had, or
    /// the actor panics.
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
        let state = guarded(|| "at its start".into(), || actor.on_start(id, storage, &mut out))?;
        let courier = Courier::start(transport)?;
        let writer = Writer::start(disk, courier.waker())?;
        let mut node = EventLoop {
            actor,
            id,
            state: Cow::Owned(state),
            timers: Timers::default(),
            choices: BTreeMap::new(),
            loopback: Vec::new(),
            dice: Dice::new(seed),
            courier,
            writer,
            aside: Aside::default(),
            is_ahead: false,
            is_begun: false,
            looked: Instant::now(),
            watch,
            counts: Counts::default(),
            leader: None,
            load: Load::default(),
            unsent: BTreeMap::new(),
            failed: false,
        };
        let mut batch = Batch::default();
        node.collect(out, &mut batch);
        node.finish(batch, Instant::now())?;
        Ok(node)
    }

    /// Bounds the requests that were taken and are not answered to so many bytes, instead of
    /// 64 MiB. To what would be more the node answers at once that it is busy.
    #[must_use]
    pub fn holding(mut self, bytes: usize) -> Self {
        self.load.holds = bytes;
        self
    }

    /// Runs until the node is told to stop.
    ///
    /// # Errors
    /// [`NodeError`] if it cannot go on; nothing that depends on a failed save was sent.
    ///
    /// # Panics
    /// If it is run on after an error.
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
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn step(&mut self) -> Result<(), NodeError> {
        assert!(!self.failed, "a node that has failed takes no more steps");
        let ended = self.work();
        self.failed = ended.is_err();
        ended
    }

    fn work(&mut self) -> Result<(), NodeError> {
        self.look()?;
        let messages = self.courier.poll(self.deadline())?;
        let began = Instant::now();
        let mut batch = Batch::default();
        let before = self.counts;
        self.write_ahead()?;
        // But for these: a message must not find what the node has no more.
        self.fire(&mut batch, A::is_punctual)?;
        // Messages first: a sign of life that lay in the socket while the node wrote to its disk
        // still keeps a timer from firing that waits for one.
        for message in std::mem::take(&mut self.loopback) {
            self.on_message(self.id, message, &mut batch)?;
        }
        for (from, bytes) in messages {
            let Ok(message) = wire::decode::<A::Msg>(&bytes) else {
                self.counts.undecodable += 1;
                continue;
            };
            self.admit(from, message, bytes.len(), &mut batch)?;
        }
        for (key, choice) in std::mem::take(&mut self.choices) {
            self.counts.choices += 1;
            let during = || format!("on the random choice {key:?}");
            self.act(&mut batch, during, |actor, id, state, out| {
                actor.on_random(id, state, &choice, out);
            })?;
        }
        // What was said without a save waits for none: what a leader sends on is written by its
        // followers while it writes it itself.
        if batch.save.is_none() {
            self.speak(std::mem::take(&mut batch.sends));
        }
        self.fire(&mut batch, |_| true)?;
        if self.counts == before { self.publish() } else { self.finish(batch, began) }?;
        self.write_behind();
        Ok(())
    }

    /// Lets those of the timers fire whose time has come.
    fn fire(&mut self, batch: &mut Batch<A>, of: fn(&A::Timer) -> bool) -> Result<(), NodeError> {
        let now = Instant::now();
        for timer in self.timers.due(now) {
            // An earlier handler of this batch may have cancelled it or set it again.
            if of(&timer) && !self.must_wait(&timer) && self.timers.take(now, &timer) {
                self.is_begun &= A::waits_for(&timer) != Some(Awaited::Storage);
                self.counts.timeouts += 1;
                let during = || format!("on its timer {timer:?}");
                self.act(batch, during, |actor, id, state, out| {
                    actor.on_timeout(id, state, &timer, out);
                })?;
            }
        }
        Ok(())
    }

    fn deadline(&self) -> Instant {
        let now = Instant::now();
        if !self.loopback.is_empty() || !self.choices.is_empty() {
            return now;
        }
        // While its disk writes, a node is woken when that has ended.
        let waiting = self.timers.next(|timer| !self.must_wait(timer));
        let waits = self.writer.is_idle() && waiting.is_some_and(|due| due <= now);
        let idle = now + if waits { PAUSE } else { IDLE };
        self.timers.next(|timer| self.must_wait(timer)).map_or(idle, |next| next.min(idle))
    }

    fn on_message(
        &mut self,
        from: Id,
        message: A::Msg,
        batch: &mut Batch<A>,
    ) -> Result<(), NodeError> {
        self.counts.messages += 1;
        let is_server = self.courier.is_server(from);
        let during = || match usize::from(from) {
            id if is_server => format!("on a message of node {id}"),
            _ => "on a message of a client".into(),
        };
        self.act(batch, during, |actor, id, state, out| {
            actor.on_msg(id, state, from, message, out);
        })
    }

    fn act(
        &mut self,
        batch: &mut Batch<A>,
        during: impl FnOnce() -> String,
        handler: impl FnOnce(&A, Id, &mut Cow<'static, A::State>, &mut Out<A>),
    ) -> Result<(), NodeError> {
        let mut out = Out::new();
        guarded(during, || handler(&self.actor, self.id, &mut self.state, &mut out))?;
        self.collect(out, batch);
        Ok(())
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
                    // What it waits for is not what was written by now.
                    self.is_ahead &= A::waits_for(&timer) != Some(Awaited::Records);
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

    /// Makes what a batch saved durable that `began` then, and lets out what it says.
    fn finish(&mut self, batch: Batch<A>, began: Instant) -> Result<(), NodeError> {
        if let Some(storage) = &batch.save {
            self.commit(storage)?;
        }
        self.speak(batch.sends);
        self.counts.batches.observe(began.elapsed());
        self.publish()?;
        match self.actor.gives_up(&self.state) {
            Some(words) => Err(NodeError::GivesUp(words)),
            None => Ok(()),
        }
    }

    fn speak(&mut self, sends: Vec<(Id, A::Msg)>) {
        for (to, message) in sends {
            self.counts.sends += 1;
            if to == self.id {
                self.loopback.push(message);
                continue;
            }
            self.load.answered(to);
            match wire::encode(&message) {
                Ok(bytes) => self.courier.send(to, bytes),
                Err(error) => {
                    self.counts.unencodable += 1;
                    if self.courier.is_server(to) {
                        self.unsent.insert(to, (Instant::now(), error));
                    }
                }
            }
        }
        self.courier.flush();
    }

    fn publish(&mut self) -> Result<(), NodeError> {
        let mut status =
            guarded(|| "on its status".into(), || self.actor.status(self.id, &self.state))?;
        if status.leader.is_some() && status.leader != self.leader {
            self.counts.leaders += 1;
        }
        self.leader = status.leader;
        self.counts.held = self.load.bytes() as u64;
        let lately = self.unsent.iter().filter(|(_, (at, _))| at.elapsed() < LATELY);
        status.warnings.extend(
            lately.map(|(to, (_, why))| format!("cannot send to node {}: {why}", usize::from(*to))),
        );
        let is_known = |id: &Id| *id == self.id || self.courier.is_server(*id);
        let unknown = status.members.keys().filter(|id| !is_known(id));
        status.warnings.extend(unknown.map(|id| {
            format!("node {} is a member, and the file does not say where it is", usize::from(*id))
        }));
        for notice in self.courier.notices() {
            self.watch.notice(notice);
        }
        if let Some(servers) = self.watch.servers() {
            self.courier.know(servers);
        }
        self.watch.publish(status, self.counts, self.courier.counters());
        Ok(())
    }
}

/// What `work` of the actor returns, or the error that it has panicked.
fn guarded<T>(during: impl FnOnce() -> String, work: impl FnOnce() -> T) -> Result<T, NodeError> {
    caught(work).map_err(|words| NodeError::Panic { during: during(), words })
}
