//! A client of a running cluster: one session, one command or order at a time.
//!
//! A command keeps its number however often it is sent and to whomever, so it takes effect once.

use std::time::{Duration, Instant};

use quorate_models::consistency::{Freshness, Query, Seen};
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
    /// How much longer it waits for every so many bytes of a large command: the leader has to send
    /// them on before it can answer, and to begin anew elsewhere only adds to that.
    pub retry_per: (Duration, usize),
    /// How long it waits when the servers know no leader.
    pub pause: Duration,
    /// How many redirects it follows at once. Two servers that name each other are not to be
    /// chased.
    pub redirects: u32,
}

/// That of every client.
pub const PATIENCE: Patience = Patience {
    retry: Duration::from_millis(100),
    retry_per: (Duration::from_millis(1), 4_096),
    pause: Duration::from_millis(30),
    redirects: 2,
};

/// A command or an order was not answered.
#[derive(Debug, Error)]
pub enum CallError {
    /// It was sent, and may have taken effect or may still.
    #[error("no answer within {0:?}")]
    Unknown(Duration),
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
    /// What this session knows of the log.
    seen: Seen,
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

/// What was returned, and of a read by how much of the log, if that was told; or else who leads.
fn outcome<T>(answer: Answer<T>) -> Result<(T, Index), Option<Id>> {
    match answer {
        Answer::Done(output) => Ok((output, Index::ZERO)),
        Answer::Read { output, index } => Ok((output, index)),
        Answer::Redirect { leader } => Err(leader),
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
        let session = Session(usize::from(transport.id()) as u64);
        let (sequence, seen, machine) = (Sequence(0), Seen::default(), std::marker::PhantomData);
        Ok(Client { transport, servers, session, sequence, target, seen, machine })
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
    /// it has taken effect, the earlier one cannot any more.
    pub fn call(&mut self, command: M::Command, timeout: Duration) -> Result<M::Output, CallError> {
        if M::is_read_only(&command) {
            return self.read(command, Freshness::Linearizable, timeout);
        }
        let request = Message::<M>::Request(self.next_request(command));
        let (output, _) = self.ask(&request, timeout, replied::<M>)?;
        self.seen.written = self.sequence;
        Ok(output)
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
        let request = Message::<M>::Read(self.next_request(query));
        let (output, index) = self.ask(&request, timeout, replied::<M>)?;
        self.seen.index = self.seen.index.max(index);
        Ok(output)
    }

    /// Has `order` carried out, and returns what became of it. Tries server after server until
    /// `timeout`.
    ///
    /// # Errors
    /// [`CallError`]. After [`CallError::Unknown`] it may be carried out still.
    pub fn order(&mut self, order: Order, timeout: Duration) -> Result<Outcome, CallError> {
        let request = Message::<M>::Order(self.next_request(order));
        let (outcome, _) = self.ask(&request, timeout, |message| match message {
            Message::<M>::OrderReply(reply) => Some(reply),
            _ => None,
        })?;
        Ok(outcome)
    }

    fn next_request<C>(&mut self, command: C) -> Request<C> {
        self.sequence = Sequence(self.sequence.0 + 1);
        Request { session: self.session, sequence: self.sequence, command }
    }

    /// Sends `request` to server after server until there is a final answer, which `reply` takes
    /// out of a message. Of a read it says by how much of the log it is answered, if it was told.
    fn ask<T>(
        &mut self,
        request: &Message<M>,
        timeout: Duration,
        reply: fn(Message<M>) -> Option<Reply<T>>,
    ) -> Result<(T, Index), CallError> {
        let give_up = Instant::now() + timeout;
        let request = wire::encode(request)?;
        let Patience { retry, retry_per, pause, redirects: at_once } = PATIENCE;
        let retry = retry + retry_per.0 * (request.len() / retry_per.1) as u32;
        let mut redirects = 0;
        while Instant::now() < give_up {
            let server = self.servers[self.target];
            self.transport.send(server, request.clone());
            match self.answer(reply, Some(server), retry, give_up)?.map(outcome) {
                Some(Ok(done)) => return Ok(done),
                Some(Err(leader)) => {
                    let known = leader.and_then(|id| self.servers.iter().position(|s| *s == id));
                    redirects += 1;
                    if redirects > at_once || known.is_none() {
                        redirects = 0;
                        let late = self.answer(reply, None, pause, give_up)?;
                        if let Some(Ok(done)) = late.map(outcome) {
                            return Ok(done);
                        }
                    }
                    self.target = known.unwrap_or(self.next_target());
                }
                None => {
                    redirects = 0;
                    self.target = self.next_target();
                }
            }
        }
        Err(CallError::Unknown(timeout))
    }

    fn next_target(&self) -> usize {
        (self.target + 1) % self.servers.len()
    }

    /// Waits for an answer to the current request: a final one from anybody, a redirect from
    /// `server` only. `None` if none came in time.
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
                let is_hearsay =
                    matches!(reply.answer, Answer::Redirect { .. }) && Some(from) != server;
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
