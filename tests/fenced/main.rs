//! A fenced store: its specs, and the proofs that its rules are needed.

#[allow(dead_code, unused_imports, unused_macros, reason = "nothing is claimed of runs")]
#[path = "../support/proofs.rs"]
mod proofs;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
