//! A client of a running cluster: one session, one command or order at a time.
//!
//! A command keeps its number however often it is sent and to whomever, so it takes effect once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use quorate_models::consistency::{Freshness, Query};
use quorate_models::number::Index;
use quorate_models::order::{Order, Outcome};
use quorate_models::service::{self, Answer, Reply, Request, Sequence, Session};
use quorate_models::state_machine::StateMachine;
use stateright::actor::Id;
use thiserror::Error;

use super::transport::{Members, Notice, Transport, TransportError};
use super::wire::{self, WireError};

/// How patient a client is. `tests/node_and_specs/` compares it with the clients of the specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long it waits for an answer before it asks another server.
    pub retry: Duration,
    /// How long it waits instead, for each server once, until a member has answered: one that is
    /// down is not to hold it up. A command takes effect once, however many are asked.
    pub first: Duration,
    /// How much longer it waits for every so many bytes of a large command: the leader has to send
    /// them on before it can answer, and to begin anew elsewhere only adds to that.
    pub retry_per: (Duration, usize),
    /// How long it waits when the servers know no leader.
    pub pause: Duration,
    /// How many redirects it follows at once. Two servers that name each other are not to be
    /// chased.
    pub redirects: u32,
    /// For how long it counts on what it was told of the log. After a longer pause it asks first
    /// how far the log is, lest its session has ended by then and its next command comes too late.
    pub fresh: Duration,
}

/// That of every client.
pub const PATIENCE: Patience = Patience {
    retry: Duration::from_millis(100),
    first: Duration::from_millis(20),
    retry_per: (Duration::from_millis(1), 4_096),
    pause: Duration::from_millis(30),
    redirects: 2,
    fresh: Duration::from_secs(1),
};

/// A command or an order was not answered.
#[derive(Debug, Error)]
pub enum CallError {
    /// It was sent, and may have taken effect or may still.
    #[error("no answer within {0:?}")]
    Unknown(Duration),
    /// It came too late: it will take no effect any more, and whether it has is forgotten.
    #[error("the session ended: the command may have taken effect; read before you repeat it")]
    Ended,
    /// All servers that the client knows were removed from the cluster, or are not added yet. The
    /// command may have taken effect before.
    #[error("each node of the config says that it is no member of the cluster")]
    NoMember,
    /// It was never sent and will not take effect.
    #[error("the command cannot be sent: {0}")]
    Encode(#[from] WireError),
    /// There is no socket any more, or no random nonce.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// What a client says and hears. Nothing of what servers say to each other is for a client.
type Message<M> = service::Message<(), <M as StateMachine>::Command, <M as StateMachine>::Output>;

/// A session with a cluster that replicates `M`, whatever protocol it runs.
pub struct Client<M: StateMachine> {
    transport: Transport,
    servers: Vec<Id>,
    session: Session,
    sequence: Sequence,
    /// Whom to ask next: the leader, as far as this client knows.
    target: usize,
    /// How many servers it has not asked yet; none once a member has answered.
    unasked: usize,
    /// How far the log is committed, as far as this session was told.
    seen: Index,
    /// When it was told so.
    told: Instant,
    /// That of the current request.
    since: Index,
    machine: std::marker::PhantomData<fn() -> M>,
}

/// The servers of a cluster, which has some.
fn servers_of(members: &Members) -> Vec<Id> {
    assert!(!members.servers.is_empty(), "a cluster has servers");
    members.servers.keys().map(|&id| Id::from(id as usize)).collect()
}

/// The reply in a message, if it answers a command or a read.
fn replied<M: StateMachine>(message: Message<M>) -> Option<Reply<M::Output>> {
    match message {
        Message::<M>::Reply(reply) => Some(reply),
        _ => None,
    }
}

impl<M: StateMachine> Client<M> {
    /// Opens a session of its own, without a word to the cluster.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn open(members: &Members) -> Result<Self, TransportError> {
        let transport = Transport::client(members)?;
        let servers = servers_of(members);
        // Any server will do to begin with, so not all clients begin with the same.
        let target = usize::from(transport.id()) % servers.len();
        // Replies go to the session's number, which therefore is the member's.
        let session = Session::of(transport.id());
        Ok(Client {
            transport,
            unasked: servers.len(),
            servers,
            session,
            sequence: Sequence(0),
            target,
            seen: Index::ZERO,
            told: Instant::now(),
            since: Index::ZERO,
            machine: std::marker::PhantomData,
        })
    }

    /// Takes the servers of `members` for those of its cluster from now on: some have come, or are
    /// elsewhere. Of a leader that has come it only knows the number until then.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn know(&mut self, members: &Members) {
        self.servers = servers_of(members);
        self.target %= self.servers.len();
        self.transport.know(members.servers.clone());
    }

    /// This client's session.
    pub fn session(&self) -> Session {
        self.session
    }

    /// Whether anything has come from a server that has the cluster's key.
    pub fn has_heard(&self) -> bool {
        let counters = self.transport.counters();
        counters.datagrams_received > counters.rejected()
    }

    /// What the socket had to say, since this was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.transport.notices()
    }

    /// Has `command` take effect once, and returns what it returned. Tries server after server
    /// until `timeout`.
    ///
    /// # Errors
    /// [`CallError`]. After [`CallError::Unknown`] the session can go on: once a later command of
    /// it has taken effect, the earlier one cannot any more. After [`CallError::Ended`] a read
    /// tells whether it has.
    pub fn call(&mut self, command: M::Command, timeout: Duration) -> Result<M::Output, CallError> {
        if M::is_read_only(&command) {
            return self.read(command, Freshness::Linearizable, timeout);
        }
        let is_fresh = self.told.elapsed() < PATIENCE.fresh;
        let request = self.next_request(if is_fresh { self.seen } else { Index::ZERO }, command);
        self.ask(request, Message::<M>::Request, timeout, replied::<M>)
    }

    /// Reads what `command` returns, which is read only, as new as `freshness` asks for. However
    /// new that is, no read goes back behind an earlier one of this session, or behind what the
    /// session wrote. A protocol that knows no other reads answers a linearizable one.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn read(
        &mut self,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<M::Output, CallError> {
        let query = Query { command, consistency: freshness.after(self.seen) };
        let request = self.next_request(Index::ZERO, query);
        self.ask(request, Message::<M>::Read, timeout, replied::<M>)
    }

    /// Has `order` carried out, and returns what became of it. Tries server after server until
    /// `timeout`.
    ///
    /// # Errors
    /// [`CallError`]. After [`CallError::Unknown`] it may be carried out still.
    pub fn order(&mut self, order: Order, timeout: Duration) -> Result<Outcome, CallError> {
        let request = self.next_request(Index::ZERO, order);
        let reply = |message| match message {
            Message::<M>::OrderReply(reply) => Some(reply),
            _ => None,
        };
        self.ask(request, Message::<M>::Order, timeout, reply)
    }

    fn next_request<C>(&mut self, since: Index, command: C) -> Request<C> {
        self.sequence = Sequence(self.sequence.0 + 1);
        self.since = since;
        Request { session: self.session, sequence: self.sequence, since, command }
    }

    /// A member says that the log is committed up to `index` at least.
    fn note(&mut self, index: Index) {
        self.unasked = 0;
        if index > Index::ZERO {
            self.seen = self.seen.max(index);
            self.told = Instant::now();
        }
    }

    /// Sends `request`, as the message that `says` makes of it, to server after server until there
    /// is a final answer, which `reply` takes out of a message.
    fn ask<C: Clone, T>(
        &mut self,
        mut request: Request<C>,
        says: fn(Request<C>) -> Message<M>,
        timeout: Duration,
        reply: fn(Message<M>) -> Option<Reply<T>>,
    ) -> Result<T, CallError> {
        let give_up = Instant::now() + timeout;
        let mut message = wire::encode(&says(request.clone()))?;
        let (mut redirects, mut pauses) = (0, false);
        let mut outside = BTreeSet::new();
        while Instant::now() < give_up {
            let server = self.servers[self.target];
            let answer = if pauses {
                self.answer(reply, None, PATIENCE.pause, give_up)?
            } else {
                self.transport.send(server, message.clone());
                self.answer(reply, Some(server), self.patience(message.len()), give_up)?
            };
            match answer {
                Some(Answer::Done { output, index } | Answer::Read { output, index }) => {
                    self.note(index);
                    return Ok(output);
                }
                Some(Answer::Ended { index }) => {
                    self.note(index);
                    return Err(CallError::Ended);
                }
                Some(Answer::Begin { index }) => {
                    self.note(index);
                    (self.since, request.since) = (index, index);
                    message = wire::encode(&says(request.clone()))?;
                    (redirects, pauses) = (0, false);
                }
                Some(Answer::NoMember) => {
                    outside.insert(self.target);
                    if outside.len() == self.servers.len() {
                        return Err(CallError::NoMember);
                    }
                    self.go_on();
                }
                Some(Answer::Redirect { leader }) => {
                    let known = leader.and_then(|id| self.servers.iter().position(|s| *s == id));
                    redirects += 1;
                    pauses = redirects > PATIENCE.redirects || known.is_none();
                    self.unasked = 0;
                    self.target = known.unwrap_or(self.next_target());
                }
                None if pauses => (redirects, pauses) = (0, false),
                None => {
                    redirects = 0;
                    self.go_on();
                }
            }
        }
        Err(CallError::Unknown(timeout))
    }

    /// How long it waits now for the answer to a message of so many bytes.
    fn patience(&self, bytes: usize) -> Duration {
        let Patience { retry, first, retry_per: (longer, per), .. } = PATIENCE;
        let wait = if self.unasked > 0 { first } else { retry };
        wait + longer * (bytes / per) as u32
    }

    /// Asks another server next, since this one is of no use.
    fn go_on(&mut self) {
        self.unasked = self.unasked.saturating_sub(1);
        self.target = self.next_target();
    }

    fn next_target(&self) -> usize {
        (self.target + 1) % self.servers.len()
    }

    /// Waits for an answer to the current request: a final one from anybody, one that sends it
    /// elsewhere from `server` only, and where to begin if it has not begun. `None` if none came in
    /// time.
    fn answer<T>(
        &mut self,
        reply: fn(Message<M>) -> Option<Reply<T>>,
        server: Option<Id>,
        wait: Duration,
        give_up: Instant,
    ) -> Result<Option<Answer<T>>, CallError> {
        let mut deadline = (Instant::now() + wait).min(give_up);
        loop {
            for (from, bytes) in self.transport.poll(deadline)? {
                let Some(reply) = wire::decode(&bytes).ok().and_then(reply) else { continue };
                let is_ours = (reply.session, reply.sequence) == (self.session, self.sequence);
                let is_hearsay = match reply.answer {
                    Answer::Redirect { .. } | Answer::NoMember => Some(from) != server,
                    Answer::Begin { .. } => self.since > Index::ZERO,
                    _ => false,
                };
                if is_ours && !is_hearsay {
                    return Ok(Some(reply.answer));
                }
            }
            let now = Instant::now();
            if now < deadline {
                continue;
            }
            if now >= give_up
                || !server.is_some_and(|server| self.transport.is_arriving(server, PATIENCE.retry))
            {
                return Ok(None);
            }
            // A large command is still on its way: elsewhere it would begin anew.
            deadline = (now + wait).min(give_up);
        }
    }
}
