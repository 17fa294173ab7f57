//! The rules of servers that know each other by their stores.

use quorate_checker::engine::Miss;
use quorate_models::raft::claims::properties::{ELECTION_SAFETY, LEADER_COMPLETENESS};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::identity::{self, RECORDED};

use super::Directed;
use crate::proofs::{missed, necessary};

const WIPED: Directed = Directed("a server is wiped", identity::wiped);
const RECORDING: Directed = Directed("stores are recorded", identity::recorded_live);

necessary! {
    other_store_has_no_vote: OtherStoreHasNoVote breaks ELECTION_SAFETY in 8 within WIPED;
    other_store_loses_entries: OtherStoreHasNoVote breaks LEADER_COMPLETENESS in 10 within WIPED;
    other_store_does_not_count: OtherStoreDoesNotCount breaks LEADER_COMPLETENESS in 14
        within WIPED;
}

missed! {
    store_is_recorded: StoreIsRecorded lets RECORDED be missed by Lasso in 14 within RECORDING;
}
