//! What is true of the atomic register.

pub mod ghost;
pub mod properties;
