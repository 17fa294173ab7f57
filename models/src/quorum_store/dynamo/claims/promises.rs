//! What each setting of the store promises, and what it does not.

use super::properties::{
    self, Condition, FRESH, LINEARIZABILITY, MONOTONIC, NOTHING_LOST, ONE_WRITE, OWN_WRITES,
    STAYS_DELETED,
};
use crate::quorum_store::dynamo::rules::Rule;
use crate::quorum_store::dynamo::{Quorums, Resolution};
use crate::rules::RuleBook;

/// All that may be claimed of every state, and whether a setting promises it. A setting that does
/// has it within all bounds; of one that does not there is a spec in which it is violated.
pub fn claims<R: RuleBook<Rule>>() -> [(&'static str, Condition<R>); 7] {
    [
        (LINEARIZABILITY, properties::linearizability),
        (NOTHING_LOST, properties::nothing_lost),
        (FRESH, properties::fresh),
        (OWN_WRITES, properties::own_writes),
        (MONOTONIC, properties::monotonic),
        (ONE_WRITE, properties::one_write),
        (STAYS_DELETED, properties::stays_deleted),
    ]
}

/// Whether the store promises this in a setting, if no server loses its store.
pub fn is_promised(claim: &str, quorums: Quorums, resolution: Resolution) -> bool {
    let keeps_siblings = resolution == Resolution::ByClients;
    match claim {
        // Two concurrent writes are siblings, or one of them is lost; and a write that is under
        // way may be read and then not be read.
        LINEARIZABILITY => false,
        NOTHING_LOST => keeps_siblings,
        FRESH | OWN_WRITES => keeps_siblings && quorums.meet(),
        // A read asks whoever may have told an earlier one.
        MONOTONIC => keeps_siblings && quorums.r == quorums.n && quorums.meet(),
        ONE_WRITE | STAYS_DELETED => true,
        _ => unreachable!("{claim:?} is no claim"),
    }
}
