//! What one thread asks by: sessions that share a socket, or that have one each.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv};
use quorate_models::service;

use super::session::{Answer, BenchError, Session};
use crate::node::client::{CallError, Sessions};
use crate::node::transport::{Members, TransportError};

/// Sessions, known by their numbers from 0 on, each with one request at a time. It waits for
/// nothing.
pub trait Front {
    /// Has `registry` tell by which source something comes.
    ///
    /// # Errors
    /// What the system says.
    fn register(&self, registry: &Registry) -> io::Result<()>;

    /// Session `session` asks for `command`, which has failed if it is not answered within
    /// `timeout`. What the session asked for before was answered, has failed, or is given up.
    ///
    /// # Errors
    /// [`BenchError`].
    fn begin(
        &mut self,
        session: usize,
        command: Command,
        timeout: Duration,
    ) -> Result<(), BenchError>;

    /// Does what there is to do at `source`, and returns whose requests have ended, and how.
    ///
    /// # Errors
    /// [`BenchError`].
    fn poll(&mut self, source: Token) -> Result<Vec<(usize, Answer)>, BenchError>;

    /// When [`poll`](Self::poll) has something to do if nothing comes, and at which source.
    fn wake(&self) -> Option<(Instant, Token)>;
}

/// Sessions with a cluster of ours, over one socket.
pub struct Own {
    sessions: Sessions<Kv>,
    freshness: Freshness,
    /// Those that are open, by number; and the numbers.
    open: Vec<service::Session>,
    numbers: BTreeMap<service::Session, usize>,
    /// The socket may hold more, since then.
    more: Option<Instant>,
}

impl Own {
    /// Sessions with the cluster of `members`, whose reads are to be as new as `freshness` asks
    /// for. Each is opened when it asks for something first, and those before it.
    ///
    /// # Errors
    /// [`TransportError`] if there is no socket or no random number to be had.
    ///
    /// # Panics
    /// If `members` has no servers.
    pub fn new(members: &Members, freshness: Freshness) -> Result<Self, TransportError> {
        let (sessions, open) = (Sessions::of(members)?, Vec::new());
        Ok(Own { sessions, freshness, open, numbers: BTreeMap::new(), more: None })
    }
}

impl Front for Own {
    fn register(&self, registry: &Registry) -> io::Result<()> {
        let socket = self.sessions.as_fd().as_raw_fd();
        registry.register(&mut SourceFd(&socket), Token(0), Interest::READABLE)
    }

    fn begin(
        &mut self,
        session: usize,
        command: Command,
        timeout: Duration,
    ) -> Result<(), BenchError> {
        while self.open.len() <= session {
            let opened = self.sessions.open().map_err(CallError::from)?;
            self.numbers.insert(opened, self.open.len());
            self.open.push(opened);
        }
        Ok(self.sessions.begin(self.open[session], command, self.freshness, timeout)?)
    }

    fn poll(&mut self, _: Token) -> Result<Vec<(usize, Answer)>, BenchError> {
        // What is there is taken, and nothing is waited for.
        let answered = self.sessions.poll(Instant::now()).map_err(CallError::from)?;
        self.more = (!answered.is_empty()).then(Instant::now);
        let judged = answered.into_iter().map(|(session, answered)| {
            let answer = match answered {
                Ok(_) => Answer::Done,
                Err(error @ (CallError::Unknown(_) | CallError::Busy(_) | CallError::Ended)) => {
                    Answer::Failed(error.to_string())
                }
                Err(error) => return Err(error.into()),
            };
            Ok((self.numbers[&session], answer))
        });
        judged.collect()
    }

    fn wake(&self) -> Option<(Instant, Token)> {
        let wake = [self.more, self.sessions.wake()].into_iter().flatten().min()?;
        Some((wake, Token(0)))
    }
}

/// Sessions that have a socket each.
pub struct Each<S> {
    sessions: Vec<S>,
    /// When each of them has something to do, if it asks for something; and the same in order.
    wakes: Vec<Option<Instant>>,
    order: BTreeSet<(Instant, usize)>,
}

impl<S: Session> Each<S> {
    /// These sessions.
    pub fn of(sessions: Vec<S>) -> Self {
        Each { wakes: vec![None; sessions.len()], sessions, order: BTreeSet::new() }
    }

    fn set(&mut self, session: usize, wake: Option<Instant>) {
        if let Some(before) = std::mem::replace(&mut self.wakes[session], wake) {
            self.order.remove(&(before, session));
        }
        self.order.extend(wake.map(|wake| (wake, session)));
    }
}

impl<S: Session> Front for Each<S> {
    fn register(&self, registry: &Registry) -> io::Result<()> {
        for (number, session) in self.sessions.iter().enumerate() {
            let (fd, both) = (session.as_fd().as_raw_fd(), Interest::READABLE | Interest::WRITABLE);
            registry.register(&mut SourceFd(&fd), Token(number), both)?;
        }
        Ok(())
    }

    fn begin(
        &mut self,
        session: usize,
        command: Command,
        timeout: Duration,
    ) -> Result<(), BenchError> {
        self.sessions[session].begin(command, timeout)?;
        // The answer to one that was given up may have come since.
        self.set(session, Some(Instant::now()));
        Ok(())
    }

    fn poll(&mut self, Token(number): Token) -> Result<Vec<(usize, Answer)>, BenchError> {
        if self.wakes[number].is_none() {
            return Ok(Vec::new());
        }
        let answer = self.sessions[number].poll()?;
        let wake = if answer.is_some() { None } else { self.sessions[number].wake() };
        self.set(number, wake);
        Ok(answer.map(|answer| (number, answer)).into_iter().collect())
    }

    fn wake(&self) -> Option<(Instant, Token)> {
        self.order.first().map(|&(wake, session)| (wake, Token(session)))
    }
}
