//! Viewstamped Replication: it holds, each of its rules is needed, and where the paper breaks.

mod epochs;
mod live;
mod obsolete;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/pruning.rs"]
mod pruning;
mod rules;
mod specs;
mod storage;
#[path = "../support/mod.rs"]
mod support;
