//! What is true of primary and backup.

pub mod ghost;
pub mod obsolete;
pub mod properties;
