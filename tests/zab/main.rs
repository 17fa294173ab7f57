//! ZAB: it holds, each of its rules is needed, and where designs of ZooKeeper's break.

mod live;
mod obsolete;
#[path = "../support/proofs.rs"]
mod proofs;
#[path = "../support/pruning.rs"]
mod pruning;
mod reads;
mod rules;
mod specs;
mod storage;
#[path = "../support/mod.rs"]
mod support;
mod votes;
