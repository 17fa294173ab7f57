//! Explores Stateright models.
//!
//! **Knows nothing of** any protocol.

#![forbid(unsafe_code)]

mod any_spec;
mod caught;
mod check;
pub mod engine;
mod found;
pub mod linearizability;
pub mod liveness;
mod memory;
pub mod report;
pub mod spec;
mod stateright_engine;
pub mod trace;

pub use any_spec::AnySpec;
