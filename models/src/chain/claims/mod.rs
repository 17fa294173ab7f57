//! What is true of chain replication.

pub mod ghost;
pub mod properties;
