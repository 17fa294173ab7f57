//! The protocols of quorate: each is one Stateright actor, its rules, and its specs.
//!
//! **Knows nothing of** sockets, files, clocks and threads.

#![forbid(unsafe_code)]

pub mod client;
pub mod durable;
pub mod kv;
pub mod number;
pub mod quorum;
pub mod raft;
pub mod rules;
pub mod service;
pub mod state_machine;

/// The default set, in the order in which `quorate check` runs it.
pub fn specs() -> Vec<Box<dyn quorate_checker::AnySpec>> {
    let mut specs = raft::specs::all();
    specs.extend(raft::large::default_set());
    specs.extend(raft::live::all());
    specs
}

/// The specs that take minutes, in the order in which `quorate check --all` runs them.
pub fn large_specs() -> Vec<Box<dyn quorate_checker::AnySpec>> {
    raft::large::all()
}
