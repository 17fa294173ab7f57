//! Gossip: what one knows is told to a few, and in the end everybody knows it. Nobody leads, and
//! nothing is agreed on: two that have heard of different things know different things meanwhile.
//!
//! - [`membership`]: who is there, and who is not, after SWIM.

pub mod membership;
