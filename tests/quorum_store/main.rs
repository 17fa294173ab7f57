//! Stores without a leader: their specs, and the proofs that their rules are needed.

mod abd;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/mod.rs"]
mod support;
