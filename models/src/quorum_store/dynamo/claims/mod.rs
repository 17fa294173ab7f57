//! What is true of the leaderless store, and of which setting of it.

pub mod ghost;
pub mod promises;
pub mod properties;
