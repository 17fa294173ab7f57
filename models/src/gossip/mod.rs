//! Gossip: what one knows is told to a few, and in the end everybody knows it. Nobody leads, and
//! nothing is agreed on: two that have heard of different things know different things meanwhile.
//!
//! - [`membership`]: who is there, and who is not, after SWIM.
//! - [`store`]: a store that everybody writes, by rumours and anti-entropy.
//! - [`simulation`]: what the specs cannot show, because it takes thousands: how many a rumour
//!   leaves out, how quickly the others hear it, when a crash is found.

use quorate_checker::AnySpec;

pub mod membership;
pub mod simulation;
pub mod store;

/// The specs of both.
pub fn specs() -> Vec<Box<dyn AnySpec>> {
    let mut specs = membership::specs::all();
    specs.extend(store::specs::all());
    specs
}
