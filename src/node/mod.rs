//! How an actor runs: sockets, storage, time.

pub mod config;
pub mod storage;
