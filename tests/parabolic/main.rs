//! PARABOLIC: as written it fails as its specs say, confirmed by votes it holds, and each of its
//! rules is needed.

mod live;
#[allow(dead_code, unused_imports, unused_macros, reason = "no rule is only about time")]
#[path = "../support/proofs.rs"]
mod proofs;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
