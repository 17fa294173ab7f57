//! What is true of membership.

pub mod ghost;
pub mod properties;
