//! How an actor runs: sockets, storage, time.

pub mod board;
pub mod config;
pub mod http;
pub mod metrics;
pub mod storage;
mod sync;
