//! Every rule of who asks, who gives way and who is followed is necessary: suspended, it leaves a
//! run without a leader in the end, or one that takes longer. A lasso's length is that of the way
//! to the loop and once around it.
//!
//! What locks alone need is proven with locks alone: where locks time out, time mends the same.

use quorate_checker::engine::Miss;
use quorate_checker::spec::Faults;
use quorate_models::election::{A_LEADER, ALL_FOLLOW, Past, a_leader_is_up};
use quorate_models::moss::Server;
use quorate_models::moss::rules::Rule;
use quorate_models::moss::specs::live::{Bounds, moss};
use quorate_models::moss::specs::{Book, Design, MossSpec};

use crate::proofs::{Within, missed, slower};

impl Within for Bounds {
    type Rule = Rule;
    type Actor = Server;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> MossSpec {
        moss("proof", rules, self.clone(), &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };

/// Servers with locks alone, one of which misses a leader too soon.
const LOCKS: Bounds = Bounds {
    servers: 3,
    design: Design::Locks,
    is_exclusive: false,
    early: 1,
    faults: Faults::NONE,
    recovery: None,
};

/// Servers with an epoch for each lock.
const EPOCHS: Bounds = Bounds { design: Design::Epochs, early: 0, ..LOCKS };

missed! {
    older_ask_first: OlderAskFirst lets A_LEADER be missed by Stop in 8
        within Bounds { servers: 2, ..LOCKS };
    deferred_is_granted_later: DeferredIsGrantedLater lets A_LEADER be missed by Stop in 22
        within LOCKS;
    unwanted_is_returned: UnwantedIsReturned lets A_LEADER be missed by Stop in 18 within LOCKS;
    locks_time_out: LocksTimeOut lets A_LEADER be missed by Stop in 10
        within Bounds { faults: CRASH, ..EPOCHS };
    asks_again: AsksAgain lets ALL_FOLLOW be missed by Stop in 18
        within Bounds { early: 1, faults: CRASH, ..EPOCHS };
    leader_is_heard: LeaderIsHeard lets ALL_FOLLOW be missed by Unbounded in 60 within EPOCHS;
    leader_is_followed: LeaderIsFollowed lets ALL_FOLLOW be missed by Unbounded in 137
        within Bounds { early: 1, ..EPOCHS };
    newer_leader_deposes: NewerLeaderDeposes lets ALL_FOLLOW be missed by Lasso in 21
        within Bounds { early: 1, ..EPOCHS };
}

slower! {
    clock_advances: ClockAdvances lets A_LEADER take 6 ticks instead of 3
        until a_leader_is_up within Bounds { faults: CRASH, ..EPOCHS };
}
