//! Stores without a leader: any server answers, for what a quorum of them holds.
//!
//! - [`abd`]: the registers of Attiya, Bar-Noy and Dolev, each of which is linearizable.
//! - [`dynamo`]: the store that Amazon has described, which takes every write and keeps what was
//!   written at once side by side.
//! - [`ownership`]: a key that one server owns, and that moves to another one when servers come.
//!
//! What they store is keys, each for itself: no command is about several, and none writes what
//! depends on what was there. For that servers have to agree on an order. The [`register`]s of the
//! first are all on every server; those of the second are where a [`ring`] says.

pub mod abd;
pub mod dynamo;
pub mod ownership;
pub mod register;
pub mod registry;
pub mod ring;
