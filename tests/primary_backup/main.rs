//! Primary and backup: the designs that break, and why; and the one that holds, whose rules are
//! each needed.

mod asked;
mod live;
mod naive;
mod obsolete;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/pruning.rs"]
mod pruning;
mod rules;
mod specs;
#[path = "../support/mod.rs"]
mod support;
