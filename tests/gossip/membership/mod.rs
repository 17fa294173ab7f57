//! Membership: it holds, each of its rules is needed, and it is as quick as the papers say.

mod lifeguard;
mod rules;
pub mod specs;
mod telling;
mod words;
