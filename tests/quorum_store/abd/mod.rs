//! The atomic register: it holds, and each of its rules is needed.

mod records;
mod rules;
mod specs;

pub use specs::HOLD;
