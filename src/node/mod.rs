//! How an actor runs: sockets, storage, time.
