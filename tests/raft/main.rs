//! Raft: its specs, the proofs that its rules are needed, and its log.

mod aside;
mod catalogue;
mod compaction;
mod cut;
mod facts;
mod identity;
mod live;
mod log;
mod membership;
mod obsolete;
mod one_server;
mod parallel;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/pruning.rs"]
mod pruning;
mod reads;
mod rules;
mod scenarios;
mod sessions;
mod snapshot;
mod specs;
#[path = "../support/mod.rs"]
mod support;
mod transfer;
