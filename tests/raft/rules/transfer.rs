//! The rules of leaders that hand over.

use std::fmt;
use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_models::kv::Kv;
use quorate_models::raft::Raft;
use quorate_models::raft::claims::ghost::Ghost;
use quorate_models::raft::claims::identity::WIPED_DOES_NOT_STAND;
use quorate_models::raft::claims::transfer::{HEIR_HAS_ALL, ONE_TERM_EACH};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::live::ALL_ANSWERED;
use quorate_models::raft::specs::transfer::{self, RELIEVED};
use quorate_models::raft::specs::{Book, Checked, RaftSpec};

use crate::proofs::{Within, missed, necessary};

/// A spec of leaders that hand over, which its name tells.
struct Ordered(&'static str, fn(&str, Book) -> RaftSpec);

impl fmt::Debug for Ordered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Ordered {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        (self.1)(self.0, rules)
    }
}

const SAFE: Ordered = Ordered("safe", transfer::safe);
const DOUBLED: Ordered = Ordered("doubled", transfer::doubled);
const CALM: Ordered = Ordered("calm", transfer::relieved);
const WIPED: Ordered = Ordered("wiped", transfer::wiped);
const CRASHED: Ordered = Ordered("crashed", transfer::live);

necessary! {
    other_store_does_not_stand: OtherStoreHasNoVote breaks WIPED_DOES_NOT_STAND in 13 within WIPED;
    who_hands_over_takes_nothing: WhoHandsOverTakesNothing breaks HEIR_HAS_ALL in 9 within SAFE;
    heir_has_all: HeirHasAll breaks HEIR_HAS_ALL in 6 within SAFE;
    own_leader_tells_to_stand: OwnLeaderTellsToStand breaks ONE_TERM_EACH in 10 within DOUBLED;
}

missed! {
    hand_over_ends: HandOverEnds lets ALL_ANSWERED be missed by Lasso in 68 within CRASHED;
    heir_asks_nobody: HeirAsksNobody lets RELIEVED be missed by Lasso in 68 within CALM;
    heir_gets_vote: HeirGetsVote lets RELIEVED be missed by Lasso in 66 within CALM;
}
