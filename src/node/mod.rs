//! How an actor runs: sockets, storage, time.

pub mod board;
pub mod client;
pub mod config;
pub(crate) mod descriptors;
pub mod event_loop;
pub mod fragment;
pub mod histogram;
pub mod http;
pub(crate) mod listener;
pub mod mailbox;
pub mod metrics;
pub(crate) mod panics;
pub mod seal;
pub(crate) mod secret;
pub mod snapshot;
pub mod storage;
mod sync;
pub mod timers;
pub mod tls;
pub mod transport;
pub mod wire;

/// The protocol that is run where none is named: by a command, and by config files and stores older
/// than the second protocol.
pub const UNNAMED: &str = "raft";
