//! Owners on a ring: no write is lost when a key moves, and each rule is needed for that.

mod rules;
mod specs;

pub use specs::HOLD;
