//! How an actor runs: sockets, storage, time.

pub mod board;
pub mod config;
pub mod storage;
mod sync;
