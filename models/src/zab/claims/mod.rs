//! What is claimed of ZAB.

pub mod ghost;
pub mod obsolete;
pub mod properties;
pub mod reads;
pub mod votes;
