//! Multi-Paxos: it holds, and each of its rules is needed.

#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/pruning.rs"]
mod pruning;
mod scan;
#[path = "../support/mod.rs"]
mod support;
