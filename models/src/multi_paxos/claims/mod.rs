//! What is claimed of Multi-Paxos.

pub mod ghost;
pub mod membership;
pub mod obsolete;
pub mod properties;
