//! Clients of a running cluster. [`Client`] is one session, with one command or order at a time;
//! [`Sessions`] is any number of them over one socket; with the feature `tokio` of this crate
//! `tokio::Sessions` is the same for tasks.
//!
//! A command keeps its number however often it is sent and to whomever, so it takes effect once.

mod call;
mod sessions;
#[cfg(feature = "tokio")]
pub mod tokio;
mod turns;

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use quorate_models::consistency::Freshness;
use quorate_models::order::{Order, Outcome};
use quorate_models::service::{self, Session};
use quorate_models::state_machine::StateMachine;
use thiserror::Error;

pub use call::Returned;
pub use sessions::{Answered, Sessions};

use super::transport::{Members, Notice, TransportError};
use super::wire::WireError;

/// How patient a client is. `tests/node_and_specs/` compares it with the clients of the specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long it waits for an answer before it asks another server.
    pub retry: Duration,
    /// It waits so many times as long as answers take, if that is more, and so long at most. Where
    /// many ask at once, to ask again makes it slower still.
    pub slow: (u32, Duration),
    /// How long it waits instead, for each server once, until a member has answered: one that is
    /// down is not to hold it up. A command takes effect once, however many are asked.
    pub first: Duration,
    /// How much longer it waits for every so many bytes of a large command: the leader has to send
    /// them on before it can answer, and to begin anew elsewhere only adds to that.
    pub retry_per: (Duration, usize),
    /// It waits such a part of the time for a server that has left it without an answer, and when
    /// others still name that one as their leader: it may be gone, and another take its place.
    pub doubt: u32,
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
    slow: (4, Duration::from_secs(1)),
    first: Duration::from_millis(20),
    retry_per: (Duration::from_millis(1), 4_096),
    doubt: 4,
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
    /// It was not taken, and will not take effect: the cluster has more on its hands than it holds,
    /// or so many others came first that its turn never came.
    #[error("the cluster is busy: the command was not taken within {0:?}")]
    Busy(Duration),
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
    sessions: Sessions<M>,
    session: Session,
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
        let mut sessions = Sessions::of(members)?;
        Ok(Client { session: sessions.open()?, sessions })
    }

    /// Takes the servers of `members` for those of its cluster from now on: some have come, or are
    /// elsewhere. Of a leader that has come it only knows the number until then.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn know(&mut self, members: &Members) {
        self.sessions.know(members);
    }

    /// This client's session.
    pub fn session(&self) -> Session {
        self.session
    }

    /// Whether anything has come from a server that has the cluster's key.
    pub fn has_heard(&self) -> bool {
        self.sessions.has_heard()
    }

    /// What the socket had to say, since this was asked last.
    pub fn notices(&mut self) -> Vec<Notice> {
        self.sessions.notices()
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
        self.sessions.begin_read(self.session, command, freshness, timeout)?;
        self.output()
    }

    /// Has `order` carried out, and returns what became of it. Tries server after server until
    /// `timeout`.
    ///
    /// # Errors
    /// [`CallError`]. After [`CallError::Unknown`] it may be carried out still.
    pub fn order(&mut self, order: Order, timeout: Duration) -> Result<Outcome, CallError> {
        self.sessions.begin_order(self.session, order, timeout)?;
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
        self.sessions.begin(self.session, command, freshness, timeout)
    }

    /// When [`poll`](Self::poll) has something to do, if nothing comes; `None` if there is nothing.
    pub fn wake(&self) -> Option<Instant> {
        self.sessions.wake()
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
        assert!(self.sessions.is_asking(self.session), "something was begun");
        let ended = self.sessions.poll(deadline)?.pop();
        ended.map(|(_, answered)| answered).transpose()
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
        self.sessions.as_fd()
    }
}
