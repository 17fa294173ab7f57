//! Gossip: its specs, and the proofs that its rules are needed.

mod membership;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/mod.rs"]
mod support;
