//! How an actor runs: sockets, storage, time.

pub mod client;
pub mod event_loop;
pub mod fragment;
pub mod seal;
pub mod storage;
pub mod timers;
pub mod transport;
pub mod wire;
