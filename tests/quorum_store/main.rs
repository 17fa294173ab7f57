//! Stores without a leader: their specs, and the proofs that their rules are needed.

mod abd;
mod dynamo;
mod ownership;
#[allow(dead_code, unused_imports, unused_macros, reason = "no rule is only about time")]
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/mod.rs"]
mod support;

#[test]
fn every_spec_is_pinned() {
    let held = [abd::HOLD, dynamo::HOLD, ownership::HOLD].concat();
    support::specs::assert_all_are_pinned("quorum-store", &held);
}
