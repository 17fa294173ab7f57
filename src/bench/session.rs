//! What a generator knows of a session, whatever it asks.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use quorate_models::kv::Command;
use thiserror::Error;

use crate::node::client::CallError;

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

/// A session with a socket of its own, which asks for one thing at a time and waits for nothing.
/// What [`AsFd`] gives can be read or written when there is something to do.
pub trait Session: AsFd {
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
