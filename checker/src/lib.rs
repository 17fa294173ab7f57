//! Explores Stateright models.
//!
//! **Knows nothing of** any protocol.

#![forbid(unsafe_code)]

pub mod linearizability;
pub mod spec;
pub mod trace;
