//! What is true of the store.

pub mod ghost;
pub mod properties;
