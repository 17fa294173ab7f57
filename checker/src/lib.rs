//! Explores Stateright models.
//!
//! **Knows nothing of** any protocol.

#![forbid(unsafe_code)]

pub mod spec;
