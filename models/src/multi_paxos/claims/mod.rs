//! What is claimed of Multi-Paxos.

pub mod ghost;
pub mod obsolete;
pub mod properties;
