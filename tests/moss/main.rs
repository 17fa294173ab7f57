//! MOSS: as written it fails as its specs say, with epochs it holds, and each of its rules is
//! needed.

mod live;
#[path = "../support/proofs.rs"]
mod proofs;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
