//! The store: it converges, and each of its rules is needed.

mod joins;
mod rules;
pub mod specs;
mod telling;
