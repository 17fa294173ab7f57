//! The rules of reads that are not in the log.

use quorate_checker::spec::Faults;
use quorate_models::kv::{get, put};
use quorate_models::raft::claims::conduct::NO_READ_DROPPED;
use quorate_models::raft::claims::properties::LINEARIZABILITY;
use quorate_models::raft::claims::reads::ONE_ORDER;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::{self, BASIC, Bounds, stale};

use super::Directed;
use super::directions::OLD_LEADER;
use crate::proofs::necessary;

const NONE: Bounds<'static> = Bounds {
    servers: 3,
    scripts: &[],
    elections: 2,
    heartbeats: 0,
    retries: 0,
    faults: Faults::NONE,
    options: BASIC,
};

/// A reader asks a follower twice.
const FOLLOWER: Directed = Directed("follower reads", specs::read::follower_reads);

/// Two clients read wherever they are answered.
const STALE: Directed = Directed("stale reads", stale::stale);

necessary! {
    own_term_first: OwnTermFirst breaks LINEARIZABILITY in 19
        within Bounds { scripts: &[&[put("x", "1"), get("x")]], ..NONE };
    majority_confirms: MajorityConfirms breaks LINEARIZABILITY in 18 within OLD_LEADER;
    round_after_read: RoundAfterRead breaks LINEARIZABILITY in 18 within OLD_LEADER;
    follower_asks_leader: FollowerAsksLeader breaks LINEARIZABILITY in 15 within FOLLOWER;
    read_waits_for_applied: ReadWaitsForApplied breaks LINEARIZABILITY in 21 within FOLLOWER;
    session_goes_on: SessionGoesOn breaks ONE_ORDER in 12 within STALE;
    early_read_is_queued: EarlyReadIsQueued breaks NO_READ_DROPPED in 4
        within Bounds { elections: 1, scripts: &[&[get("x")]], ..NONE };
}
