//! What is true of a fenced store.

pub mod ghost;
pub mod properties;
