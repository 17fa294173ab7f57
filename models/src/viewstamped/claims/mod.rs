//! What is claimed of Viewstamped Replication.

pub mod ghost;
pub mod logs;
pub mod obsolete;
pub mod properties;
