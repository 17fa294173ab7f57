//! The thread that asks the cluster.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TrySendError};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv, Output};
use quorate_models::service::Session;
use quorate_models::state_machine::StateMachine;
use tokio::sync::oneshot;

use super::problem::Problem;
use super::{Door, GatewayError, JOBS};
use crate::node::client::{CallError, Returned, Sessions};
use crate::node::transport::Members;

const CLUSTER: Token = Token(0);
pub(super) const WAKER: Token = Token(1);

/// How often it looks for servers that have come or moved, at least.
const LOOK: Duration = Duration::from_millis(500);

/// A session counts its commands with 32 bits. After so many another one takes its place.
const RENEWED: u32 = 1 << 31;

/// A request of a client.
pub(super) struct Job {
    command: Command,
    freshness: Freshness,
    reply: oneshot::Sender<Result<Output, Problem>>,
}

impl Door {
    /// What `command` returns, as new as `freshness` asks for if it only reads.
    ///
    /// # Errors
    /// What the client is to be told.
    pub async fn ask(&self, command: Command, freshness: Freshness) -> Result<Output, Problem> {
        let (reply, answer) = oneshot::channel();
        match self.jobs.try_send(Job { command, freshness, reply }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                return Err(Problem::unavailable("too many requests wait; nothing was done"));
            }
            Err(TrySendError::Disconnected(_)) => return Err(Problem::over()),
        }
        // If that is not possible, the thread looks for itself before long.
        let _ = self.waker.wake();
        answer.await.unwrap_or_else(|_| Err(Problem::over()))
    }
}

/// What is asked.
struct Asked {
    only_reads: bool,
    reply: oneshot::Sender<Result<Output, Problem>>,
    /// How many commands its session has had.
    commands: u32,
}

/// The sessions, and who waits for their answers.
pub(super) struct Desk {
    poll: Poll,
    sessions: Sessions<Kv>,
    members: Members,
    places: Receiver<BTreeMap<u64, SocketAddr>>,
    jobs: Receiver<Job>,
    timeout: Duration,
    stopping: Arc<AtomicBool>,
    asked: BTreeMap<Session, Asked>,
    /// The sessions that ask nothing, and how many commands each has had.
    idle: Vec<(Session, u32)>,
}

impl Desk {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// If the system does not let it wait.
    pub fn new(
        poll: Poll,
        sessions: Sessions<Kv>,
        members: Members,
        places: Receiver<BTreeMap<u64, SocketAddr>>,
        jobs: Receiver<Job>,
        timeout: Duration,
        stopping: Arc<AtomicBool>,
    ) -> io::Result<Self> {
        let socket = sessions.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&socket), CLUSTER, Interest::READABLE)?;
        let (asked, idle) = (BTreeMap::new(), Vec::new());
        Ok(Desk { poll, sessions, members, places, jobs, timeout, stopping, asked, idle })
    }

    /// Asks until it is told to stop.
    ///
    /// # Errors
    /// [`GatewayError`] if it cannot go on.
    pub fn run(mut self) -> Result<(), GatewayError> {
        let mut events = Events::with_capacity(16);
        let mut has_more = false;
        while !self.stopping.load(Ordering::Acquire) {
            match self.poll.poll(&mut events, Some(self.patience(has_more))) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(GatewayError::Wait(error));
                }
                _ => {}
            }
            while let Ok(places) = self.places.try_recv() {
                self.members.servers = places;
                self.sessions.know(&self.members);
            }
            self.take_jobs();
            // What is there is taken, and nothing is waited for.
            let answers = self.sessions.poll(Instant::now())?;
            has_more = !answers.is_empty();
            for (session, answered) in answers {
                self.answered(session, answered);
            }
        }
        Ok(())
    }

    /// For how long nothing has to be done, if nothing comes.
    fn patience(&self, has_more: bool) -> Duration {
        if has_more {
            return Duration::ZERO;
        }
        let wait = |at: Instant| at.saturating_duration_since(Instant::now());
        self.sessions.wake().map_or(LOOK, |at| wait(at).min(LOOK))
    }

    /// Begins with what waits, as far as there is room.
    fn take_jobs(&mut self) {
        while self.asked.len() < JOBS
            && let Ok(job) = self.jobs.try_recv()
        {
            // If nobody waits for it any more, nothing is done.
            if !job.reply.is_closed() {
                self.begin(job);
            }
        }
    }

    fn begin(&mut self, job: Job) {
        let Job { command, freshness, reply } = job;
        let (session, commands) = match self.idle.pop() {
            Some(idle) => idle,
            None => match self.sessions.open() {
                Ok(session) => (session, 0),
                Err(error) => {
                    let words = format!("{error}; nothing was done");
                    return drop(reply.send(Err(Problem::unavailable(&words))));
                }
            },
        };
        let only_reads = Kv::is_read_only(&command);
        match self.sessions.begin(session, command, freshness, self.timeout) {
            Ok(()) => {
                let commands = commands + 1;
                self.asked.insert(session, Asked { only_reads, reply, commands });
            }
            Err(error) => {
                self.idle.push((session, commands));
                let _ = reply.send(Err(Problem::unanswered(&error, only_reads)));
            }
        }
    }

    fn answered(&mut self, session: Session, answered: Result<Returned<Output>, CallError>) {
        let Some(Asked { only_reads, reply, commands }) = self.asked.remove(&session) else {
            return;
        };
        if commands == RENEWED || matches!(answered, Err(CallError::Ended)) {
            self.sessions.close(session);
        } else {
            self.idle.push((session, commands));
        }
        let answer = match answered {
            Ok(Returned::Output(output)) => Ok(output),
            Ok(Returned::Outcome(_)) => unreachable!("it orders nothing"),
            Err(error) => Err(Problem::unanswered(&error, only_reads)),
        };
        // The client may be gone.
        let _ = reply.send(answer);
    }
}
