//! What a generator knows of a session, whatever it asks.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use quorate_models::consistency::Freshness;
use quorate_models::kv::{Command, Kv};
use thiserror::Error;

use crate::node::client::{CallError, Client};

/// Why a run cannot go on.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The system does not tell when something comes.
    #[error("cannot wait for what comes: {0}")]
    Wait(io::Error),
    /// A client of a cluster will never be answered.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A connection is of no use: it was refused, it ended, or what came over it makes no sense.
    #[error("{address}: {problem}")]
    Connection {
        /// Whose it is.
        address: SocketAddr,
        /// What is wrong.
        problem: String,
    },
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was carried out.
    Done,
    /// It was refused, or not answered in time, for this reason.
    Failed(String),
}

/// A session, which asks for one thing at a time and waits for nothing. What [`AsFd`] gives can be
/// read when something has come.
pub trait Session: AsFd {
    /// Whether it may have to wait until more can be written.
    const WAITS_TO_WRITE: bool;

    /// Asks for `command`, which has failed if it is not answered within `timeout`. What it asked
    /// for before was answered or has failed.
    ///
    /// # Errors
    /// [`BenchError`].
    fn begin(&mut self, command: Command, timeout: Duration) -> Result<(), BenchError>;

    /// Takes what has come; `None` if what it asks for has not ended yet.
    ///
    /// # Errors
    /// [`BenchError`].
    fn poll(&mut self) -> Result<Option<Answer>, BenchError>;

    /// When [`poll`](Self::poll) has something to do, if nothing comes; `None` if nothing is asked.
    fn wake(&self) -> Option<Instant>;
}

/// A session with a cluster of ours.
pub struct Own {
    client: Client<Kv>,
    freshness: Freshness,
}

impl Own {
    /// The session of `client`, whose reads are to be as new as `freshness` asks for.
    pub fn new(client: Client<Kv>, freshness: Freshness) -> Self {
        Own { client, freshness }
    }
}

impl AsFd for Own {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.client.as_fd()
    }
}

impl Session for Own {
    const WAITS_TO_WRITE: bool = false;

    fn begin(&mut self, command: Command, timeout: Duration) -> Result<(), BenchError> {
        Ok(self.client.begin(command, self.freshness, timeout)?)
    }

    fn poll(&mut self) -> Result<Option<Answer>, BenchError> {
        // What is there is taken, and nothing is waited for.
        match self.client.poll(Instant::now()) {
            Ok(answer) => Ok(answer.map(|_| Answer::Done)),
            Err(error @ (CallError::Unknown(_) | CallError::Unsent(_) | CallError::Ended)) => {
                Ok(Some(Answer::Failed(error.to_string())))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn wake(&self) -> Option<Instant> {
        self.client.wake()
    }
}
