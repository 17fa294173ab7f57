//! Sessions that each ask for one thing after the other, many of them on one thread.

use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use quorate_models::kv::{Command, Kv};
use quorate_models::state_machine::StateMachine;

use super::front::Front;
use super::record::Record;
use super::session::{Answer, BenchError};

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

/// A session and what it asks for.
struct Asking {
    /// When its request was due, or its next one will be.
    since: Instant,
    /// Whether it has a request under way.
    asks: bool,
    is_read: bool,
}

/// The sessions of one thread.
struct Crew<'a, F, R> {
    plan: Plan,
    requests: &'a mut R,
    front: &'a mut F,
    sessions: Vec<Asking>,
    /// When those of them ask that have nothing under way.
    dues: BTreeSet<(Instant, usize)>,
    record: Record,
    seen: &'a Seen,
}

/// Has the first `count` sessions of `front` ask on and on, until the plan's time is over or there
/// is enough to see, and returns what came of it. What is not answered then they give up when they
/// ask again.
///
/// # Errors
/// [`BenchError`] if a session cannot go on.
pub fn run(
    front: &mut impl Front,
    count: usize,
    requests: &mut impl Requests,
    plan: Plan,
    seen: &Seen,
) -> Result<Record, BenchError> {
    let mut poll = Poll::new().map_err(BenchError::Wait)?;
    front.register(poll.registry()).map_err(BenchError::Wait)?;
    let mut crew = Crew::of(front, count, requests, plan, seen);
    let (end, mut events) = (plan.begin + plan.length, Events::with_capacity(1_024));
    crew.go_on(Instant::now())?;
    while Instant::now() < end && !seen.enough.load(Ordering::Relaxed) {
        let wake = crew.wake().map_or(end, |wake| end.min(wake));
        let wait = wake.saturating_duration_since(Instant::now());
        match poll.poll(&mut events, Some(wait.min(LOOK))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(BenchError::Wait(error));
            }
            _ => {}
        }
        let now = Instant::now();
        for event in &events {
            crew.take(event.token())?;
        }
        crew.go_on(now)?;
    }
    Ok(crew.record)
}

impl<'a, F: Front, R: Requests> Crew<'a, F, R> {
    fn of(front: &'a mut F, count: usize, requests: &'a mut R, plan: Plan, seen: &'a Seen) -> Self {
        let now = Instant::now();
        // Those that keep pace begin one after the other, evenly.
        let step = plan.pace.map_or(Duration::ZERO, |pace| pace / (count as u32).max(1));
        let asking = |number| Asking { since: now + step * number, asks: false, is_read: false };
        let sessions: Vec<_> = (0..count as u32).map(asking).collect();
        let dues = sessions.iter().enumerate().map(|(number, asking)| (asking.since, number));
        let (dues, record) = (dues.collect(), Record::of(plan.length));
        Crew { plan, requests, front, sessions, dues, record, seen }
    }

    /// When there is something to do, if nothing comes.
    fn wake(&self) -> Option<Instant> {
        let due = self.dues.first().map(|(due, _)| *due);
        let wake = self.front.wake().map(|(wake, _)| wake);
        [due, wake].into_iter().flatten().min()
    }

    /// Does what there was to do at `now`.
    fn go_on(&mut self, now: Instant) -> Result<(), BenchError> {
        while self.dues.first().is_some_and(|(due, _)| *due <= now) {
            let (_, number) = self.dues.pop_first().expect("there is one");
            self.ask(number)?;
        }
        while let Some((_, source)) = self.front.wake().filter(|(wake, _)| *wake <= now) {
            self.take(source)?;
        }
        Ok(())
    }

    /// Takes what has come by `source`, and has those ask on who have an answer.
    fn take(&mut self, source: Token) -> Result<(), BenchError> {
        for (number, answer) in self.front.poll(source)? {
            // It may answer what was asked before this run.
            if !self.sessions.get(number).is_some_and(|asking| asking.asks) {
                continue;
            }
            let now = Instant::now();
            match answer {
                Answer::Done => self.count(number, now),
                Answer::Failed(why) => self.miss(why, now),
            }
            let asking = &mut self.sessions[number];
            asking.asks = false;
            asking.since = self.plan.pace.map_or(now, |pace| asking.since + pace);
            if asking.since <= now {
                self.ask(number)?;
            } else {
                self.dues.insert((asking.since, number));
            }
        }
        Ok(())
    }

    /// The session of this number asks for the next thing.
    fn ask(&mut self, number: usize) -> Result<(), BenchError> {
        let command = self.requests.next(number);
        let asking = &mut self.sessions[number];
        asking.is_read = Kv::is_read_only(&command);
        asking.asks = true;
        self.front.begin(number, command, self.plan.timeout)
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
