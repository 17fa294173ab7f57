//! How an actor runs: sockets, storage, time.

pub mod storage;
