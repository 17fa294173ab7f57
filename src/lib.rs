//! The `quorate` command and the node that runs the models' actors over UDP.
//!
//! **Knows nothing of** any protocol's rules: what is decided is decided in `quorate_models`.

#![forbid(unsafe_code)]

pub mod cli;
pub mod node;
