//! The rules of servers that know each other by their stores.

use quorate_checker::engine::Miss;
use quorate_models::raft::claims::properties::{
    ELECTION_SAFETY, LEADER_COMPLETENESS, LINEARIZABILITY, STATE_MACHINE_SAFETY,
};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::identity::{self, RECORDED};
use quorate_models::raft::specs::membership::CHANGE_ENDS;

use super::Directed;
use crate::proofs::{missed, necessary};

const WIPED: Directed = Directed("a server is wiped", identity::wiped);
const WIPED_AT_ONCE: Directed = Directed("a founder is wiped at once", identity::wiped_at_once);
const RECORDING: Directed = Directed("stores are recorded", identity::recorded_live);
const READS: Directed = Directed("a wiped server is sent a snapshot", identity::wiped_reads);
const NO_MAJORITY: Directed = Directed("no majority is left", identity::no_majority);

necessary! {
    other_store_confirms_nothing: OtherStoreDoesNotCount breaks LINEARIZABILITY in 29 within READS;
    other_store_has_no_vote: OtherStoreHasNoVote breaks ELECTION_SAFETY in 8 within WIPED_AT_ONCE;
    other_store_loses_entries: OtherStoreHasNoVote breaks LEADER_COMPLETENESS in 10 within WIPED;
    other_store_does_not_count: OtherStoreDoesNotCount breaks LEADER_COMPLETENESS in 14
        within WIPED;
    other_store_commits: OtherStoreDoesNotCount breaks STATE_MACHINE_SAFETY in 11
        within WIPED_AT_ONCE;
}

missed! {
    change_leaves_a_majority: ChangeLeavesAMajority lets CHANGE_ENDS be missed by Lasso in 59
        within NO_MAJORITY;
    store_is_recorded: StoreIsRecorded lets RECORDED be missed by Lasso in 14 within RECORDING;
}
