//! The rules of leaders that write what they have sent on.

use quorate_checker::engine::Miss;
use quorate_models::raft::claims::properties::{LEADER_COMPLETENESS, STATE_MACHINE_SAFETY};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::live::ALL_ANSWERED;
use quorate_models::raft::specs::parallel;

use super::Directed;
use crate::proofs::{missed, necessary};

const FAILOVER: Directed = Directed("parallel", parallel::failover);
const ALONE: Directed = Directed("parallel alone", parallel::alone);

necessary! {
    leader_counts_what_is_written: LeaderCountsWhatIsWritten breaks LEADER_COMPLETENESS in 10
        within FAILOVER;
    leader_counts_what_is_written_lest_servers_apply_another: LeaderCountsWhatIsWritten
        breaks STATE_MACHINE_SAFETY in 12 within FAILOVER;
}

missed! {
    written_is_counted: WrittenIsCounted lets ALL_ANSWERED be missed by Lasso in 27 within ALONE;
}
