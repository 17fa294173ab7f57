//! Gossip: its specs, the proofs that its rules are needed, and the numbers of the literature.

mod membership;
#[path = "../support/proofs.rs"]
mod proofs;
mod simulation;
mod store;
#[path = "../support/mod.rs"]
mod support;

#[test]
fn every_spec_is_pinned() {
    let held = [membership::specs::HOLD, store::specs::HOLD].concat();
    support::specs::assert_all_are_pinned("gossip", &held);
}
