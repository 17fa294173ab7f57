//! The rules of liveness of ZAB: without each of them there is a run in which something never
//! happens, or it takes longer than it has to.

use std::sync::Arc;

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Cut, Faults};
use quorate_models::claims::all_answered;
use quorate_models::kv::put;
use quorate_models::zab::Zab;
use quorate_models::zab::claims::ghost::Ghost;
use quorate_models::zab::claims::properties::one_leader;
use quorate_models::zab::rules::Rule;
use quorate_models::zab::specs::live::{ALL_ANSWERED, Bounds, ONE_LEADER, zab};
use quorate_models::zab::specs::{Book, CRASH, Checked, Disk, ZabSpec};

use crate::proofs::{Within, missed, slower};

impl Within for Bounds<'_> {
    type Rule = Rule;
    type Actor = Zab<Checked>;
    type Ghost = Arc<Ghost>;

    fn spec(&self, rules: Book) -> ZabSpec {
        zab("proof", rules, self.clone(), &[])
    }
}

/// So many servers, and a client that writes.
macro_rules! of {
    ($servers:literal, $($field:ident: $value:expr),*) => {
        Bounds {
            servers: $servers,
            scripts: &[&[put("x", "1")]],
            $($field: $value,)*
            ..Bounds::default()
        }
    };
}

const DROP: Faults = Faults { drops: 1, ..Faults::NONE };

/// S1 has what S2 has not.
const NEWER: &[Disk<'_>] = &[
    Disk { epoch: 1, log: &[(1, 1)], in_snapshot: 0 },
    Disk { epoch: 1, log: &[], in_snapshot: 0 },
];

/// Two servers that have never started and elect a leader, while a message is lost.
fn electing<'a>() -> Bounds<'a> {
    Bounds { servers: 2, elects: true, faults: DROP, ..Bounds::default() }
}

/// The same, and a timer fires before its time.
fn electing_early<'a>() -> Bounds<'a> {
    Bounds { early: 1, ..electing() }
}

/// Two servers, of which one has what the other has not.
fn newer<'a>() -> Bounds<'a> {
    Bounds { servers: 2, disks: NEWER, ..Bounds::default() }
}

/// Three servers, of which a follower is cut off from the others for a while.
fn follower_is_cut_off<'a>() -> Bounds<'a> {
    let cut = Some(Cut::between([2], [0, 1]).healing(8..=8));
    Bounds { servers: 3, cut, ..Bounds::default() }
}

/// The first leader is cut off before or after its epoch is accepted.
fn leader_is_cut_off<'a>() -> Bounds<'a> {
    let cut = Some(Cut::between([0], [1, 2]).healing(2..=2));
    Bounds { servers: 3, cut, ..Bounds::default() }
}

missed! {
    round_is_adopted: RoundIsAdopted lets ONE_LEADER be missed by Lasso in 13
        within electing_early();
    vote_counts_once: VoteCountsOnce lets ONE_LEADER be missed by Lasso in 20
        within Bounds { servers: 3, elects: true, ..Bounds::default() };
    majority_is_joined: MajorityIsJoined lets ONE_LEADER be missed by Unbounded in 66
        within Bounds { servers: 3, faults: CRASH, ..Bounds::default() };
    vote_for_newest: VoteForNewest lets ONE_LEADER be missed by Unbounded in 87 within newer();
    notifications_are_sent_again: NotificationsAreSentAgain lets ONE_LEADER be missed by Lasso in 5
        within electing();
    leader_needs_quorum: LeaderNeedsQuorum lets ONE_LEADER be missed by Lasso in 31
        within electing_early();
    refused_epoch_is_left: RefusedEpochIsLeft lets ONE_LEADER be missed by Lasso in 58
        within leader_is_cut_off();
    newcomer_is_heard: NewcomerIsHeard lets ONE_LEADER be missed by Unbounded in 387
        within follower_is_cut_off();
    follower_needs_leader: FollowerNeedsLeader lets ONE_LEADER be missed by Lasso in 25
        within electing_early();
    leader_is_heard: LeaderIsHeard lets ONE_LEADER be missed by Unbounded in 132
        within of!(2, faults: DROP);
    packets_are_sent_again: PacketsAreSentAgain lets ONE_LEADER be missed by Lasso in 30
        within of!(2, faults: DROP);
    discovery_is_sent_again: DiscoveryIsSentAgain lets ONE_LEADER be missed by Lasso in 28
        within of!(2, faults: DROP);
    retry_is_answered: RetryIsAnswered lets ALL_ANSWERED be missed by Lasso in 46
        within of!(2, faults: DROP);
    client_asks_again: ClientAsksAgain lets ALL_ANSWERED be missed by Lasso in 31
        within of!(2, faults: DROP);
    client_tries_another: ClientTriesAnother lets ALL_ANSWERED be missed by Lasso in 51
        within of!(3, faults: CRASH);
}

slower! {
    epoch_above_quorum: EpochAboveQuorum lets ONE_LEADER take 30 ticks instead of 10
        until one_leader within of!(2, faults: CRASH, recovery: Some(2..=2));
    vote_is_told: VoteIsTold lets ONE_LEADER take 3 ticks instead of 2 until one_leader
        within newer();
    looking_is_answered: LookingIsAnswered lets ONE_LEADER take 9 ticks instead of 3
        until one_leader within electing();
    leader_is_named: LeaderIsNamed lets ALL_ANSWERED take 14 ticks instead of 12 until all_answered
        within of!(2, faults: CRASH, recovery: Some(2..=2));
    client_follows_redirect: ClientFollowsRedirect lets ALL_ANSWERED take 14 ticks instead of 12
        until all_answered within of!(2, faults: CRASH, recovery: Some(2..=2));
}
