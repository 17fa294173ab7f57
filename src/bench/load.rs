//! Sessions that each ask for one thing after the other, many of them on one thread.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use quorate_models::kv::{Command, Kv};
use quorate_models::state_machine::StateMachine;

use super::record::Record;
use super::session::{Answer, BenchError, Session};

/// How often a thread looks whether there is enough to see.
const LOOK: Duration = Duration::from_millis(100);

/// How a thread's sessions ask.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// When it begins to count.
    pub begin: Instant,
    /// For how long it counts.
    pub length: Duration,
    /// After so long a request is given up, and counted as an error.
    pub timeout: Duration,
    /// How long after one request of a session the next one is due, answered early or late; `None`:
    /// as soon as the one before is answered. A latency counts from when the request was due.
    pub pace: Option<Duration>,
}

/// What there is to see while a run goes on, and to say.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many requests were answered.
    pub answered: AtomicU64,
    /// How many had no answer.
    pub errors: AtomicU64,
    /// Set by who has seen enough: the run ends then, all threads of it.
    pub enough: AtomicBool,
}

/// What the sessions of one thread ask for.
pub trait Requests {
    /// What the session of this number asks for next.
    fn next(&mut self, session: usize) -> Command;

    /// What that session asked for last was carried out.
    fn answered(&mut self, _session: usize) {}
}

/// A session and what it waits for.
struct Asking<'a, S> {
    session: &'a mut S,
    /// When its request was due, or its next one will be.
    since: Instant,
    /// Whether it has a request under way.
    asks: bool,
    is_read: bool,
    wake: Instant,
}

/// The sessions of one thread.
struct Crew<'a, S, R> {
    plan: Plan,
    requests: &'a mut R,
    sessions: Vec<Asking<'a, S>>,
    /// When each of them has something to do, if nothing comes.
    wakes: BTreeSet<(Instant, usize)>,
    record: Record,
    seen: &'a Seen,
}

/// Has `sessions` ask on and on, until the plan's time is over or there is enough to see, and
/// returns what came of it. What is not answered then they give up when they ask again.
///
/// # Errors
/// [`BenchError`] if a session cannot go on.
pub fn run<S: Session>(
    sessions: &mut [S],
    requests: &mut impl Requests,
    plan: Plan,
    seen: &Seen,
) -> Result<Record, BenchError> {
    let mut poll = Poll::new().map_err(BenchError::Wait)?;
    let write = S::WAITS_TO_WRITE.then_some(Interest::WRITABLE);
    let interest = write.map_or(Interest::READABLE, |write| write | Interest::READABLE);
    for (number, session) in sessions.iter().enumerate() {
        let fd = session.as_fd().as_raw_fd();
        poll.registry()
            .register(&mut SourceFd(&fd), Token(number), interest)
            .map_err(BenchError::Wait)?;
    }
    let mut crew = Crew::of(sessions, requests, plan, seen);
    for number in 0..crew.sessions.len() {
        crew.go_on(number)?;
    }
    let (end, mut events) = (plan.begin + plan.length, Events::with_capacity(1_024));
    while Instant::now() < end && !seen.enough.load(Ordering::Relaxed) {
        let wake = crew.wakes.first().map_or(end, |(wake, _)| end.min(*wake));
        let wait = wake.saturating_duration_since(Instant::now());
        match poll.poll(&mut events, Some(wait.min(LOOK))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(BenchError::Wait(error));
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

impl<'a, S: Session, R: Requests> Crew<'a, S, R> {
    fn of(sessions: &'a mut [S], requests: &'a mut R, plan: Plan, seen: &'a Seen) -> Self {
        let (now, count) = (Instant::now(), sessions.len() as u32);
        // Those that keep pace begin one after the other, evenly.
        let step = plan.pace.map_or(Duration::ZERO, |pace| pace / count.max(1));
        let sessions = (0..).zip(sessions).map(|(number, session)| Asking {
            session,
            since: now + step * number,
            asks: false,
            is_read: false,
            wake: now,
        });
        let (sessions, record) = (sessions.collect(), Record::of(plan.length));
        Crew { plan, requests, sessions, wakes: BTreeSet::new(), record, seen }
    }

    /// Lets those go on who have something to do.
    fn wake(&mut self) -> Result<(), BenchError> {
        let now = Instant::now();
        while let Some((_, number)) = self.wakes.first().copied().filter(|(wake, _)| *wake <= now) {
            self.go_on(number)?;
        }
        Ok(())
    }

    /// The session of this number takes what has come, and asks on.
    fn go_on(&mut self, number: usize) -> Result<(), BenchError> {
        while self.asks(number)? {
            let Some(answer) = self.sessions[number].session.poll()? else { break };
            let now = Instant::now();
            match answer {
                Answer::Done => self.count(number, now),
                Answer::Failed(why) => self.miss(why, now),
            }
            let asking = &mut self.sessions[number];
            asking.asks = false;
            asking.since = self.plan.pace.map_or(now, |pace| asking.since + pace);
        }
        let Asking { session, since, asks, wake, .. } = &mut self.sessions[number];
        self.wakes.remove(&(*wake, number));
        let due = if *asks { session.wake() } else { Some(*since) };
        *wake = due.unwrap_or_else(Instant::now);
        self.wakes.insert((*wake, number));
        Ok(())
    }

    /// Whether the session of this number has a request under way: it begins the next one if that
    /// is due.
    fn asks(&mut self, number: usize) -> Result<bool, BenchError> {
        let asking = &mut self.sessions[number];
        if !asking.asks && asking.since <= Instant::now() {
            let command = self.requests.next(number);
            asking.is_read = Kv::is_read_only(&command);
            asking.session.begin(command, self.plan.timeout)?;
            asking.asks = true;
        }
        Ok(asking.asks)
    }

    fn count(&mut self, number: usize, now: Instant) {
        let Asking { since, is_read, .. } = &self.sessions[number];
        self.requests.answered(number);
        self.seen.answered.fetch_add(1, Ordering::Relaxed);
        if let Some(at) = now.checked_duration_since(self.plan.begin) {
            self.record.answer(*is_read, at, now - *since);
        }
    }

    fn miss(&mut self, why: String, now: Instant) {
        self.seen.errors.fetch_add(1, Ordering::Relaxed);
        if now >= self.plan.begin {
            self.record.error(why);
        }
    }
}
