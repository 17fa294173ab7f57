//! The rules of liveness of Multi-Paxos: without each of them there is a run in which something
//! never happens, or it takes longer than it has to.

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Cut, Faults};
use quorate_models::claims::all_answered;
use quorate_models::kv::put;
use quorate_models::multi_paxos::claims::properties::all_caught_up;
use quorate_models::multi_paxos::rules::Rule;
use quorate_models::multi_paxos::specs::live::{
    ALL_ANSWERED, Bounds, CAUGHT_UP, ONE_LEADER, multi_paxos,
};
use quorate_models::multi_paxos::specs::{
    Book, CRASH, Checked, LIMITS, MultiPaxosSpec, Past, SLOT,
};
use quorate_models::multi_paxos::{Limits, MultiPaxos};

use crate::proofs::{Within, missed, slower};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = MultiPaxos<Checked>;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> MultiPaxosSpec {
        multi_paxos("proof", rules, self.clone(), &[])
    }
}

/// Three servers, and a client that writes.
macro_rules! of {
    ($($field:ident: $value:expr),*) => {
        Bounds { scripts: &[&[put("x", "1")]], $($field: $value,)* ..Bounds::default() }
    };
}

const DROP: Faults = Faults { drops: 1, ..Faults::NONE };
const CRASH_AND_DROPS: Faults = Faults { drops: 2, ..CRASH };

missed! {
    silence_starts: SilenceStarts lets ONE_LEADER be missed by Lasso in 21 within of!();
    leader_is_heard: LeaderIsHeard lets ONE_LEADER be missed by Unbounded in 113 within of!();
    prepare_is_sent_again: PrepareIsSentAgain lets ONE_LEADER be missed by Lasso in 32
        within of!(faults: CRASH_AND_DROPS);
    accept_is_sent_again: AcceptIsSentAgain lets ALL_ANSWERED be missed by Lasso in 34
        within of!(cut: Some(Cut::between([0], [1, 2]).healing(1..=8)));
    gap_gets_no_op: GapGetsNoOp lets ALL_ANSWERED be missed by Lasso in 74
        within Bounds {
            scripts: &[&[put("x", "1")], &[put("x", "2")]],
            faults: CRASH_AND_DROPS,
            ..Bounds::default()
        };
    missing_is_asked: MissingIsAsked lets CAUGHT_UP be missed by Lasso in 24
        within of!(faults: DROP);
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 50
        within of!(faults: DROP);
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 16 within of!();
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 18
        within of!(faults: CRASH);
}

slower! {
    rest_is_asked: RestIsAsked lets CAUGHT_UP take 11 ticks instead of 9 until all_caught_up
        within Bounds {
            scripts: &[&[put("x", "1"), put("x", "2"), put("x", "3")]],
            limits: Limits { page: SLOT, ..LIMITS },
            cut: Some(Cut::between([2], [0, 1]).healing(1..=8)),
            ..Bounds::default()
        };
    leader_is_named: LeaderIsNamed lets ALL_ANSWERED take 12 ticks instead of 8
        until all_answered within of!();
    client_follows_redirect: ClientFollowsRedirect lets ALL_ANSWERED take 12 ticks instead of 8
        until all_answered within of!();
}
