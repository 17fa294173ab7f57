//! Dynamo's store: what it promises by setting, and each of its rules is needed.

mod promises;
mod rules;
mod specs;

pub use specs::HOLD;
