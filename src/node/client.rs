//! A client of a running cluster: one session, one command or order at a time.
//!
//! A command keeps its number however often it is sent and to whomever, so it takes effect once.

mod call;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use quorate_models::consistency::{Freshness, Query};
use quorate_models::number::Index;
use quorate_models::order::{Order, Outcome};
use quorate_models::service::{self, Request, Sequence, Session};
use quorate_models::state_machine::StateMachine;
use stateright::actor::Id;
use thiserror::Error;

pub use call::Returned;
use call::{Call, Known};

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
    session: Session,
    sequence: Sequence,
    known: Known,
    /// The request that is not answered yet.
    call: Option<Call<M>>,
}

/// The servers of a cluster, which has some.
fn servers_of(members: &Members) -> Vec<Id> {
    assert!(!members.servers.is_empty(), "a cluster has servers");
    members.servers.keys().map(|&id| Id::from(id as usize)).collect()
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
        let (unasked, seen, told) = (servers.len(), Index::ZERO, Instant::now());
        Ok(Client {
            // Replies go to the session's number, which therefore is the member's.
            session: Session::of(transport.id()),
            transport,
            sequence: Sequence(0),
            known: Known { servers, target, unasked, seen, told },
            call: None,
        })
    }

    /// Takes the servers of `members` for those of its cluster from now on: some have come, or are
    /// elsewhere. Of a leader that has come it only knows the number until then.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn know(&mut self, members: &Members) {
        self.known.servers = servers_of(members);
        self.known.target %= self.known.servers.len();
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
        self.begin(command, Freshness::Linearizable, timeout)?;
        self.output()
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
        self.begin_read(command, freshness, timeout)?;
        self.output()
    }

    /// Has `order` carried out, and returns what became of it. Tries server after server until
    /// `timeout`.
    ///
    /// # Errors
    /// [`CallError`]. After [`CallError::Unknown`] it may be carried out still.
    pub fn order(&mut self, order: Order, timeout: Duration) -> Result<Outcome, CallError> {
        let request = self.next_request(Index::ZERO, order);
        self.ask(Message::<M>::Order(request), Index::ZERO, timeout)?;
        match self.wait()? {
            Returned::Outcome(outcome) => Ok(outcome),
            Returned::Output(_) => unreachable!("an order has no output"),
        }
    }

    /// Begins what [`call`](Self::call) does, or [`read`](Self::read) if `command` is read only,
    /// and does not wait: [`poll`](Self::poll) does. A request that is not answered yet is given
    /// up.
    ///
    /// # Errors
    /// [`CallError::Encode`].
    pub fn begin(
        &mut self,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<(), CallError> {
        if M::is_read_only(&command) {
            return self.begin_read(command, freshness, timeout);
        }
        let is_fresh = self.known.told.elapsed() < PATIENCE.fresh;
        let since = if is_fresh { self.known.seen } else { Index::ZERO };
        let request = self.next_request(since, command);
        self.ask(Message::<M>::Request(request), since, timeout)
    }

    fn begin_read(
        &mut self,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<(), CallError> {
        let query = Query { command, consistency: freshness.after(self.known.seen) };
        let request = self.next_request(Index::ZERO, query);
        self.ask(Message::<M>::Read(request), Index::ZERO, timeout)
    }

    fn next_request<C>(&mut self, since: Index, command: C) -> Request<C> {
        self.sequence = Sequence(self.sequence.0 + 1);
        Request { session: self.session, sequence: self.sequence, since, command }
    }

    fn ask(
        &mut self,
        message: Message<M>,
        since: Index,
        timeout: Duration,
    ) -> Result<(), CallError> {
        self.call = Some(Call::new(message, since, timeout, Instant::now())?);
        Ok(())
    }

    /// When [`poll`](Self::poll) has something to do, if nothing comes; `None` if nothing is asked.
    pub fn wake(&self) -> Option<Instant> {
        let now = Instant::now();
        let asks = self.call.as_ref()?.deadline(now);
        Some(self.transport.wake().map_or(asks, |sends| sends.min(asks)))
    }

    /// Goes on with what was begun, until `deadline` at most: asks, asks again, and returns what
    /// the answer is, once there is one; `None` if there is none yet.
    ///
    /// # Errors
    /// [`CallError`].
    ///
    /// # Panics
    /// If nothing was begun.
    pub fn poll(&mut self, deadline: Instant) -> Result<Option<Returned<M::Output>>, CallError> {
        let mut call = self.call.take().expect("something was begun");
        let returned = self.go_on_with(&mut call, deadline);
        if matches!(returned, Ok(None)) {
            self.call = Some(call);
        }
        returned
    }

    fn go_on_with(
        &mut self,
        call: &mut Call<M>,
        deadline: Instant,
    ) -> Result<Option<Returned<M::Output>>, CallError> {
        let (known, transport) = (&mut self.known, &mut self.transport);
        loop {
            let now = Instant::now();
            if let Some((server, bytes)) = call.send(known, now) {
                transport.send(server, bytes);
            }
            for (from, bytes) in transport.poll(call.deadline(now).min(deadline))? {
                let Ok(message) = wire::decode(&bytes) else { continue };
                if let Some(returned) = call.hears(known, from, message, Instant::now())? {
                    return Ok(Some(returned));
                }
            }
            let now = Instant::now();
            call.pass(known, now, |server| transport.is_arriving(server, PATIENCE.retry))?;
            if now >= deadline {
                return Ok(None);
            }
        }
    }

    fn wait(&mut self) -> Result<Returned<M::Output>, CallError> {
        loop {
            if let Some(returned) = self.poll(Instant::now() + PATIENCE.fresh)? {
                return Ok(returned);
            }
        }
    }

    fn output(&mut self) -> Result<M::Output, CallError> {
        match self.wait()? {
            Returned::Output(output) => Ok(output),
            Returned::Outcome(_) => unreachable!("only an order has an outcome"),
        }
    }
}

/// The socket, which can be read when something comes.
impl<M: StateMachine> AsFd for Client<M> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.transport.as_fd()
    }
}
