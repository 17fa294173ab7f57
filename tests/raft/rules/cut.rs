//! The rules of pre-vote and of leaders that check their quorum, each where links are cut.

use std::fmt;
use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_checker::spec::Faults;
use quorate_models::kv::Kv;
use quorate_models::raft::claims::ghost::Ghost;
use quorate_models::raft::claims::properties::a_leader_is_up;
use quorate_models::raft::rules::Rule;
use quorate_models::raft::specs::BASIC;
use quorate_models::raft::specs::cut::{self, BOTH, MAJORITY_FOLLOWS, NOBODY_STANDS, ONE_TERM};
use quorate_models::raft::specs::live::{A_LEADER, Bounds};
use quorate_models::raft::specs::{Book, Checked, RaftSpec};
use quorate_models::raft::{Options, Raft};

use crate::proofs::{Within, missed, necessary, slower};

/// A spec of cut links, which its name tells, with these options.
struct Wounded(&'static str, fn(&str, Book, Options) -> RaftSpec, Options);

impl fmt::Debug for Wounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Within for Wounded {
    type Rule = Rule;
    type Actor = Raft<Checked>;
    type Ghost = Arc<Ghost<Kv>>;

    fn spec(&self, rules: Book) -> RaftSpec {
        (self.1)(self.0, rules, self.2)
    }
}

const BRIDGE: Wounded = Wounded("bridge", cut::bridge, BOTH);
const CUT_OFF: Wounded = Wounded("cut off", cut::cut_off, BOTH);
const DEAF: Wounded = Wounded("deaf", cut::deaf, BOTH);
const UNEQUAL: Wounded = Wounded("unequal", cut::unequal, BOTH);
const RETURNING: Wounded = Wounded("returning", cut::returning, BOTH);
const DEAF_TO_THE_LEADER: Wounded =
    Wounded("deaf to the leader", cut::deaf_and_led, Options { check_quorum: true, ..BASIC });

const TWO: Bounds<'static> = Bounds {
    servers: 2,
    pace: quorate_models::raft::specs::live::Pace::Short,
    scripts: &[],
    early: 0,
    faults: Faults { crashes: 0, down_at_once: 1, drops: 2, duplicates: 0, ..Faults::NONE },
    recovery: None,
    options: BOTH,
};

necessary! {
    pre_vote_raises_no_term: PreVoteRaisesNoTerm breaks ONE_TERM in 8 within RETURNING;
    heard_leader_refuses: HeardLeaderRefuses breaks ONE_TERM in 20 within RETURNING;
    heard_leader_keeps_vote: HeardLeaderKeepsVote breaks ONE_TERM in 15 within DEAF_TO_THE_LEADER;
}

missed! {
    majority_welcomes: MajorityWelcomes lets NOBODY_STANDS be missed by Unbounded in 35
        within CUT_OFF;
    pre_vote_is_no_contact: PreVoteIsNoContact lets MAJORITY_FOLLOWS be missed by Lasso in 8
        within DEAF;
    older_term_is_told: OlderTermIsTold lets MAJORITY_FOLLOWS be missed by Lasso in 28
        within UNEQUAL;
    asks_again: AsksAgain lets A_LEADER be missed by Stop in 6 within TWO;
    steps_down_unheard: StepsDownUnheard lets MAJORITY_FOLLOWS be missed by Lasso in 40
        within BRIDGE;
}

slower! {
    pre_vote_needs_log: PreVoteNeedsLog lets A_LEADER take 6 ticks instead of 5
        until a_leader_is_up
        within Bounds { servers: 3, faults: Faults { crashes: 1, drops: 1, ..TWO.faults }, ..TWO };
}
