//! Chain replication: its specs, and the proofs that its rules are needed.

#[path = "../support/proofs.rs"]
mod proofs;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
