//! How an actor runs: sockets, storage, time.

pub mod fragment;
pub mod seal;
pub mod transport;
pub mod wire;
