//! Why a node stops.

use std::error::Error;
use std::io;

use thiserror::Error;

use crate::node::seal::NoRandom;
use crate::node::transport::TransportError;

/// Why a node stopped that was not told to.
#[derive(Debug, Error)]
pub enum NodeError {
    /// The socket failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// There is no seed for the timers.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
    /// There is no thread to be had.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// Nothing of the batch that was to be saved was sent.
    #[error("cannot save: {0}")]
    Disk(#[source] Box<dyn Error + Send + Sync>),
    /// The actor has found that it cannot go on. Of what its batch wanted nothing was saved and
    /// nothing sent.
    #[error("the protocol has failed {during}: {words}")]
    Panic {
        /// What it was doing: "on a message of node 2".
        during: String,
        /// With which it panicked.
        words: String,
    },
    /// The actor must not go on, and says why. What it had said by then was sent.
    #[error("{0}")]
    GivesUp(String),
}
