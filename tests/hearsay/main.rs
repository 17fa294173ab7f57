//! The hearsay election: each rung of its ladder fails as it says, the last one holds, and each of
//! its rules is needed.

#[allow(dead_code, unused_imports, unused_macros, reason = "no rule is only about time")]
#[path = "../support/proofs.rs"]
mod proofs;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
