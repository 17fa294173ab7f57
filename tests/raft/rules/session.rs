//! The rules of sessions that end.

use quorate_checker::engine::Miss;
use quorate_models::raft::claims::sessions::{
    ALL_SETTLED, ENDED_HAD_BEGUN, ENDED_IS_OVER, FEW, ONCE,
};
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::sessions;

use super::Directed;
use crate::proofs::{missed, necessary};

const ONE: Directed = Directed("one server", sessions::one);
const ANEW: Directed = Directed("a client that comes back", sessions::anew);
const LEADERS: Directed = Directed("three servers", sessions::leaders);
const LIVE: Directed = Directed("on the clock", sessions::live);
const OVERWRITTEN: Directed = Directed("a leader whose log is overwritten", sessions::overwritten);

necessary! {
    unknown_begins_first: UnknownBeginsFirst breaks ENDED_HAD_BEGUN in 3 within ONE;
    sessions_end: SessionsEnd breaks FEW in 7 within ONE;
    command_keeps_session: CommandKeepsSession breaks ONCE in 13 within ANEW;
    ended_is_not_executed: EndedIsNotExecuted breaks ONCE in 9 within ONE;
    begins_at_committed: BeginsAtCommitted breaks ONCE in 28 within OVERWRITTEN;
    begins_once: BeginsOnce breaks ONCE in 11 within ONE;
    ended_for_good: EndedForGood breaks ENDED_IS_OVER in 13 within LEADERS;
}

missed! {
    begin_is_told: BeginIsTold lets ALL_SETTLED be missed by Lasso in 46 within LIVE;
    ended_is_told: EndedIsTold lets ALL_SETTLED be missed by Lasso in 54 within LIVE;
}
