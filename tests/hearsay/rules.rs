//! Every rule of the last rung is necessary: suspended, it leaves a counterexample to what it
//! protects. Lengths are the shortest there are, within the bounds, for that property alone. A
//! lasso's length is that of the way to the loop and once around it.

use quorate_checker::engine::Miss;
use quorate_checker::spec::{Faults, SAVED_BEFORE_SENT, STORAGE_AGREES};
use quorate_models::election::{A_LEADER, ALL_FOLLOW, ONE_LEADER_AN_EPOCH, Past};
use quorate_models::hearsay::Server;
use quorate_models::hearsay::rules::Rule;
use quorate_models::hearsay::specs::{
    Book, Bounds, Graph, HearsaySpec, hearsay, live, same_durable,
};

use crate::proofs::{Within, assert_breaks, assert_each_is_proven, missed, necessary, suspending};

impl Within for Bounds {
    type Rule = Rule;
    type Actor = Server;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> HearsaySpec {
        hearsay("proof", rules, *self, &[])
    }
}

impl Within for live::Bounds {
    type Rule = Rule;
    type Actor = Server;
    type Ghost = Past;

    fn spec(&self, rules: Book) -> HearsaySpec {
        live::hearsay("proof", rules, self.clone(), &[])
    }
}

const CRASH: Faults = Faults { crashes: 1, down_at_once: 1, ..Faults::NONE };
const TWO_DUPLICATES: Faults = Faults { duplicates: 2, ..Faults::NONE };

/// Three servers, which stand twice in total.
const TWO: Bounds = Bounds {
    servers: 3,
    graph: Graph::Full,
    passes_on: false,
    stands: 2,
    heartbeats: 0,
    faults: Faults::NONE,
};

/// Three servers, which stand three times in total.
const THREE: Bounds = Bounds { stands: 3, ..TWO };

necessary! {
    message_is_a_vote: MessageIsAVote breaks ONE_LEADER_AN_EPOCH in 4
        within Bounds { servers: 2, ..TWO };
    one_vote_an_epoch: OneVoteAnEpoch breaks ONE_LEADER_AN_EPOCH in 6 within TWO;
    no_vote_in_older_epoch: NoVoteInOlderEpoch breaks ONE_LEADER_AN_EPOCH in 7 within THREE;
    vote_survives_crash: VoteSurvivesCrash breaks ONE_LEADER_AN_EPOCH in 8
        within Bounds { faults: CRASH, ..TWO };
    vote_is_its_voters: VoteIsItsVoters breaks ONE_LEADER_AN_EPOCH in 10
        within Bounds { servers: 4, graph: Graph::Bridged, passes_on: true, ..TWO };
    voter_counts_once: VoterCountsOnce breaks ONE_LEADER_AN_EPOCH in 8
        within Bounds { servers: 4, graph: Graph::Bridged, faults: TWO_DUPLICATES, ..TWO };
    vote_is_of_its_epoch: VoteIsOfItsEpoch breaks ONE_LEADER_AN_EPOCH in 7 within THREE;
    own_vote: OwnVote breaks ONE_LEADER_AN_EPOCH in 6 within TWO;
    majority_of_members: MajorityOfMembers breaks ONE_LEADER_AN_EPOCH in 6
        within Bounds { servers: 4, graph: Graph::Row, ..TWO };
    newer_epoch_deposes: NewerEpochDeposes breaks ONE_LEADER_AN_EPOCH in 6 within TWO;
}

missed! {
    leader_is_heard: LeaderIsHeard lets ALL_FOLLOW be missed by Unbounded in 66
        within live::Bounds::default();
    leader_is_followed: LeaderIsFollowed lets ALL_FOLLOW be missed by Unbounded in 87
        within live::Bounds::default();
    stands_again: StandsAgain lets A_LEADER be missed by Stop in 7
        within live::Bounds { early: 1, faults: CRASH, ..live::Bounds::default() };
}

/// What is sent before it is saved is found at once, before it does any harm.
#[test]
fn save_before_send() {
    assert_breaks(suspending(&TWO, Rule::SaveBeforeSend), SAVED_BEFORE_SENT, 1);
}

/// A vote that is not saved is found before it does harm.
#[test]
fn what_is_not_saved_is_told() {
    let suspended = suspending(&TWO, Rule::VoteSurvivesCrash).durable(same_durable);
    assert_breaks(suspended, STORAGE_AGREES, 1);
}

#[test]
fn every_rule_has_its_counterexample() {
    let elsewhere = &[(Rule::SaveBeforeSend, SAVED_BEFORE_SENT)];
    assert_each_is_proven(Rule::ALL, &[PROVEN, MISSED, elsewhere]);
}
