//! Multi-Paxos: it holds, and each of its rules is needed.

mod lease;
mod live;
mod membership;
mod obsolete;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/pruning.rs"]
mod pruning;
mod records;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
