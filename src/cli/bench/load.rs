//! Sessions that each ask for one thing after the other, many of them on one thread.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use quorate_models::consistency::Freshness;
use quorate_models::kv::Kv;

use super::super::exit::{Code, Failure};
use super::record::Record;
use super::workload::Requests;
use crate::node::client::{CallError, Client};

/// How a thread's sessions ask.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// When it begins to count.
    pub begin: Instant,
    /// For how long it counts.
    pub length: Duration,
    /// How new reads must be.
    pub freshness: Freshness,
    /// After so long a request is given up, and counted as an error.
    pub timeout: Duration,
}

/// What there is to see while a run goes on.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many requests were answered.
    pub answered: AtomicU64,
    /// How many had no answer.
    pub errors: AtomicU64,
}

/// A session and what it waits for.
struct Asking {
    client: Client<Kv>,
    since: Instant,
    is_read: bool,
    wake: Instant,
}

/// The sessions of one thread.
struct Crew<'a> {
    plan: Plan,
    requests: Requests,
    sessions: Vec<Asking>,
    /// When each of them has something to do, if nothing comes.
    wakes: BTreeSet<(Instant, usize)>,
    record: Record,
    seen: &'a Seen,
}

/// Has `clients` ask on and on, until the plan's time is over, and returns what came of it.
///
/// # Errors
/// If a socket fails, or a client will never be answered.
pub fn run(
    clients: Vec<Client<Kv>>,
    requests: Requests,
    plan: Plan,
    seen: &Seen,
) -> Result<Record, Failure> {
    let mut poll = Poll::new().map_err(waiting)?;
    for (number, client) in clients.iter().enumerate() {
        let fd = client.as_fd().as_raw_fd();
        poll.registry()
            .register(&mut SourceFd(&fd), Token(number), Interest::READABLE)
            .map_err(waiting)?;
    }
    let now = Instant::now();
    let asking = |client| Asking { client, since: now, is_read: false, wake: now };
    let (sessions, wakes) = (clients.into_iter().map(asking).collect(), BTreeSet::new());
    let record = Record::of(plan.length);
    let mut crew = Crew { plan, requests, sessions, wakes, record, seen };
    for number in 0..crew.sessions.len() {
        crew.begin(number)?;
        crew.go_on(number)?;
    }
    let (end, mut events) = (plan.begin + plan.length, Events::with_capacity(1_024));
    while Instant::now() < end {
        let wake = crew.wakes.first().map_or(end, |(wake, _)| end.min(*wake));
        let wait = wake.saturating_duration_since(Instant::now());
        match poll.poll(&mut events, Some(wait)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(waiting(error));
            }
            _ => {}
        }
        for event in &events {
            crew.go_on(event.token().0)?;
        }
        crew.wake()?;
    }
    Ok(crew.record)
}

fn waiting(error: io::Error) -> Failure {
    Failure::new(Code::Io, format!("cannot wait for what comes: {error}"))
}

/// Why a session cannot go on.
fn failure(error: &CallError) -> Failure {
    let code = match error {
        CallError::Unknown(_) | CallError::Ended | CallError::NoMember => Code::Unknown,
        CallError::Encode(_) => Code::Usage,
        CallError::Transport(_) => Code::Io,
    };
    Failure::new(code, error)
}

impl Crew<'_> {
    /// The session of this number asks for the next thing.
    fn begin(&mut self, number: usize) -> Result<(), Failure> {
        let (command, is_read) = self.requests.next();
        let Asking { client, since, is_read: reads, .. } = &mut self.sessions[number];
        (*since, *reads) = (Instant::now(), is_read);
        let (freshness, timeout) = (self.plan.freshness, self.plan.timeout);
        client.begin(command, freshness, timeout).map_err(|error| failure(&error))
    }

    /// Lets those go on who have something to do.
    fn wake(&mut self) -> Result<(), Failure> {
        let now = Instant::now();
        while let Some((_, number)) = self.wakes.first().copied().filter(|(wake, _)| *wake <= now) {
            self.go_on(number)?;
        }
        Ok(())
    }

    /// The session of this number takes what has come, and asks on.
    fn go_on(&mut self, number: usize) -> Result<(), Failure> {
        loop {
            // What is there is taken, and nothing is waited for.
            let polled = self.sessions[number].client.poll(Instant::now());
            match polled {
                Ok(None) => break,
                Ok(Some(_)) => self.count(number),
                Err(CallError::Unknown(_) | CallError::Ended) => self.miss(),
                Err(error) => return Err(failure(&error)),
            }
            self.begin(number)?;
        }
        let session = &mut self.sessions[number];
        self.wakes.remove(&(session.wake, number));
        session.wake = session.client.wake().unwrap_or_else(Instant::now);
        self.wakes.insert((session.wake, number));
        Ok(())
    }

    fn count(&mut self, number: usize) {
        let now = Instant::now();
        let Asking { since, is_read, .. } = &self.sessions[number];
        self.seen.answered.fetch_add(1, Ordering::Relaxed);
        if let Some(at) = now.checked_duration_since(self.plan.begin) {
            self.record.answer(*is_read, at, now - *since);
        }
    }

    fn miss(&mut self) {
        self.seen.errors.fetch_add(1, Ordering::Relaxed);
        if Instant::now() >= self.plan.begin {
            self.record.errors += 1;
        }
    }
}
