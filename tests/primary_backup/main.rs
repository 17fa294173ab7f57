//! Primary and backup: the designs that break, and why.

mod naive;
#[allow(dead_code, unused_imports, unused_macros, reason = "each test program uses a part of it")]
#[path = "../support/proofs.rs"]
mod proofs;
