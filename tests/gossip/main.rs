//! Gossip: its specs, and the proofs that its rules are needed.

mod membership;
#[path = "../support/proofs.rs"]
mod proofs;
mod store;
#[path = "../support/mod.rs"]
mod support;

#[test]
fn every_spec_is_pinned() {
    let held = [membership::specs::HOLD, store::specs::HOLD].concat();
    support::specs::assert_all_are_pinned("gossip", &held);
}
