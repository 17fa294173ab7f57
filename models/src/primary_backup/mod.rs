//! Primary and backup: a leader that copies what it does to a follower, which takes its place.

pub mod naive;
