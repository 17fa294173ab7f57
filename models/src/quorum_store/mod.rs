//! Stores without a leader: any server answers, for what a quorum of them holds.
//!
//! - [`abd`]: the registers of Attiya, Bar-Noy and Dolev, each of which is linearizable.
//!
//! What they store is [`register`]s, each for itself: no command is about several, and none writes
//! what depends on what was there. For that servers have to agree on an order.

pub mod abd;
pub mod dynamo;
pub mod register;
pub mod registry;
pub mod ring;
