//! Stores without a leader: their specs, and the proofs that their rules are needed.

mod abd;
#[allow(dead_code, unused_imports, unused_macros, reason = "no rule is only about time")]
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/mod.rs"]
mod support;
