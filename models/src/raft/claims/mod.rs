//! What is true of Raft.

pub mod conduct;
pub mod facts;
pub mod ghost;
pub mod identity;
pub mod membership;
pub mod obsolete;
pub mod properties;
pub mod reads;
mod renaming;
pub mod sessions;
pub mod snapshot;
pub mod transfer;
