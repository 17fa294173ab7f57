//! Sessions for the tasks of tokio: any number of them call over one socket.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ::tokio::io::Interest;
use ::tokio::net::UdpSocket;
use ::tokio::sync::{mpsc, oneshot};
use ::tokio::{select, spawn, task, time};
use quorate_models::consistency::Freshness;
use quorate_models::service::Session;
use quorate_models::state_machine::StateMachine;
use thiserror::Error;

use super::{CallError, PATIENCE, Returned, Sessions as Plain};
use crate::node::transport::{Members, TransportError};

/// How many calls are under way at a time; one more waits.
const UNDER_WAY: usize = 1_024;

/// A session counts its commands with 32 bits. After so many another one takes its place.
const RENEWED: u32 = 1 << 31;

/// A call was not answered.
#[derive(Debug, Error)]
pub enum TaskError {
    /// As without tasks.
    #[error(transparent)]
    Call(#[from] CallError),
    /// There is no task any more that asks the cluster, for this reason. The command may have
    /// taken effect.
    #[error("nobody asks the cluster any more: {0}")]
    Over(String),
}

/// What becomes of a call.
type Answer<M> = Result<<M as StateMachine>::Output, CallError>;

/// A call that a task waits for.
struct Ask<M: StateMachine> {
    command: M::Command,
    freshness: Freshness,
    since: Instant,
    timeout: Duration,
    answer: oneshot::Sender<Answer<M>>,
}

/// Calls to a cluster that replicates `M`, from as many tasks as there are. Clones are the same:
/// one task of its own asks for all of them over one socket, until the last one is dropped.
///
/// Each call that is under way has a session of its own. 1,024 are at a time, of which 256 are
/// asked; one more waits within its timeout. No read goes back behind what any of them has seen or
/// written.
pub struct Sessions<M: StateMachine> {
    asks: mpsc::Sender<Ask<M>>,
    failure: Arc<OnceLock<TransportError>>,
}

impl<M: StateMachine> Clone for Sessions<M> {
    fn clone(&self) -> Self {
        Sessions { asks: self.asks.clone(), failure: self.failure.clone() }
    }
}

impl<M: StateMachine> Sessions<M> {
    /// Calls to the cluster of `members`. Says nothing to it.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had, or the runtime
    /// cannot wait for the socket.
    ///
    /// # Panics
    /// If `members` has no servers, and outside of a runtime of tokio with IO and time.
    pub fn of(members: &Members) -> Result<Self, TransportError> {
        let sessions = Plain::of(members)?;
        let socket = twin(&sessions)
            .map_err(|error| TransportError::Socket { address: sessions.address(), error })?;
        let (asks, asked) = mpsc::channel(UNDER_WAY);
        let failure = Arc::new(OnceLock::new());
        let (told, free, waiting) = (failure.clone(), Vec::new(), BTreeMap::new());
        spawn(async move {
            if let Err(error) = (Driver { sessions, socket, asked, free, waiting }).run().await {
                // Nobody has said so before.
                let _ = told.set(error);
            }
        });
        Ok(Sessions { asks, failure })
    }

    /// Has `command` take effect once, and returns what it returned, or reads that if it is read
    /// only. Asks server after server until `timeout`. Whoever drops the call does not know whether
    /// the command takes effect.
    ///
    /// # Errors
    /// [`TaskError`].
    pub async fn call(
        &self,
        command: M::Command,
        timeout: Duration,
    ) -> Result<M::Output, TaskError> {
        self.ask(command, Freshness::Linearizable, timeout).await
    }

    /// Reads what `command` returns, which is read only, as new as `freshness` asks for.
    ///
    /// # Errors
    /// [`TaskError`].
    ///
    /// # Panics
    /// If `command` is not read only.
    pub async fn read(
        &self,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<M::Output, TaskError> {
        assert!(M::is_read_only(&command), "a read changes nothing");
        self.ask(command, freshness, timeout).await
    }

    async fn ask(
        &self,
        command: M::Command,
        freshness: Freshness,
        timeout: Duration,
    ) -> Result<M::Output, TaskError> {
        let (since, (answer, answered)) = (Instant::now(), oneshot::channel());
        let ask = Ask { command, freshness, since, timeout, answer };
        match self.asks.send_timeout(ask, timeout).await {
            Ok(()) => {}
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                return Err(CallError::Busy(timeout).into());
            }
            Err(mpsc::error::SendTimeoutError::Closed(_)) => return Err(self.over()),
        }
        Ok(answered.await.map_err(|_| self.over())??)
    }

    fn over(&self) -> TaskError {
        let words = "its runtime has ended".to_owned();
        TaskError::Over(self.failure.get().map_or(words, TransportError::to_string))
    }
}

/// The same socket once more, which waits for nothing, for the runtime to wait for.
fn twin<M: StateMachine>(sessions: &Plain<M>) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::from(sessions.as_fd().try_clone_to_owned()?);
    UdpSocket::from_std(socket)
}

/// The task that asks for all.
struct Driver<M: StateMachine> {
    sessions: Plain<M>,
    /// Only waited for.
    socket: UdpSocket,
    asked: mpsc::Receiver<Ask<M>>,
    /// The sessions that have nothing to do, and how many commands each has had.
    free: Vec<(Session, u32)>,
    /// Who waits for which session, which has had so many commands.
    waiting: BTreeMap<Session, (u32, oneshot::Sender<Answer<M>>)>,
}

impl<M: StateMachine> Driver<M> {
    /// Asks until nobody can call any more.
    async fn run(mut self) -> Result<(), TransportError> {
        loop {
            while self.has_room()
                && let Ok(ask) = self.asked.try_recv()
            {
                self.begin(ask)?;
            }
            // What is there is taken, and nothing is waited for.
            let answers = self.sessions.poll(Instant::now())?;
            let (is_idle, now) = (answers.is_empty(), Instant::now());
            for (session, answered) in answers {
                self.hand_over(session, answered);
            }
            let wake = self.sessions.wake();
            if !is_idle || wake.is_some_and(|wake| wake <= now) {
                // The socket may hold more. Others have their turn before.
                task::yield_now().await;
                continue;
            }
            let (has_room, until) = (self.has_room(), wake.unwrap_or(now + PATIENCE.fresh));
            select! {
                ask = self.asked.recv(), if has_room => match ask {
                    Some(ask) => self.begin(ask)?,
                    // A call has hold of what it calls by, so nobody waits either.
                    None => return Ok(()),
                },
                // What comes from now on is told of again.
                _ = self.socket.readable() => {
                    let taken = || Err::<(), _>(ErrorKind::WouldBlock.into());
                    let _ = self.socket.try_io(Interest::READABLE, taken);
                }
                () = time::sleep_until(until.into()) => {}
            }
        }
    }

    fn has_room(&self) -> bool {
        self.waiting.len() < UNDER_WAY
    }

    /// Begins a call, unless its time is over or nobody waits for it any more.
    fn begin(&mut self, ask: Ask<M>) -> Result<(), TransportError> {
        let Ask { command, freshness, since, timeout, answer } = ask;
        let left = timeout.saturating_sub(since.elapsed());
        if answer.is_closed() || left.is_zero() {
            // Who waits no more is told nothing.
            let _ = answer.send(Err(CallError::Busy(timeout)));
            return Ok(());
        }
        let sessions = &mut self.sessions;
        let (session, commands) = match self.free.pop() {
            Some(free) => free,
            None => (sessions.open()?, 0),
        };
        match sessions.begin(session, command, freshness, left) {
            Ok(()) => drop(self.waiting.insert(session, (commands + 1, answer))),
            Err(error) => {
                self.free.push((session, commands + 1));
                let _ = answer.send(Err(error));
            }
        }
        Ok(())
    }

    /// Tells who waits for `session`, which is free then.
    fn hand_over(&mut self, session: Session, answered: Result<Returned<M::Output>, CallError>) {
        let Some((commands, answer)) = self.waiting.remove(&session) else { return };
        if commands < RENEWED {
            self.free.push((session, commands));
        } else {
            self.sessions.close(session);
        }
        // Who waits no more is told nothing.
        let _ = answer.send(answered.map(|returned| match returned {
            Returned::Output(output) => output,
            Returned::Outcome(_) => unreachable!("only an order has an outcome"),
        }));
    }
}
