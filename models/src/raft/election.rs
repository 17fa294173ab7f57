//! Leader election (§5.2) and the restriction that makes it safe (§5.4.1).

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::Params;
use super::log::{Payload, Position};
use super::message::{Message, RequestVote, VoteReply};
use super::read::Round;
use super::rules::Rule;
use super::server::Step;
use super::state::{Progress, Role, ServerState};
use super::{Timer, commit};
use super::{flow, follower_read, identity, membership, pre_vote};
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// A server that has not heard of a leader for an election timeout stands for election itself, or
/// asks first whether it would be elected. raft.tla `Timeout`.
pub(super) fn time_out<P: Params>(step: &mut Step<P>) {
    if step.server.options.are_sticky() {
        step.cancel_timer(Timer::Contact);
    }
    follower_read::let_go(step);
    let may_stand = membership::may_stand(&step.server.rules, step.id, step.state());
    if !may_stand || !identity::may_vote(step, None) {
        return step.become_follower(None);
    }
    if step.server.options.pre_vote { pre_vote::ask(step) } else { start_election(step) }
}

/// Stands for election.
pub(super) fn start_election<P: Params>(step: &mut Step<P>) {
    stand(step, false);
}

/// Stands for election as the leader wants it, which is not to be missed first.
pub(super) fn stand_for_the_leader<P: Params>(step: &mut Step<P>) {
    if step.server.options.are_sticky() {
        step.cancel_timer(Timer::Contact);
        step.cancel_timer(Timer::PreVote);
    }
    stand(step, true);
}

fn stand<P: Params>(step: &mut Step<P>, is_heir: bool) {
    let id = step.id;
    let raises_term = step.keeps(Rule::CandidateRaisesTerm);
    let storage = step.storage_mut();
    if raises_term {
        storage.term = storage.term.next();
    }
    storage.voted_for = Some(id);
    step.state_mut().role = Role::Candidate { votes: BTreeSet::from([id]) };
    if step.keeps(Rule::StandsAgain) {
        step.set_election_timer();
    }
    let (term, last) = (step.term(), step.state().log().last());
    for peer in step.peers() {
        let store = identity::known_as(step, peer);
        step.send(peer, Message::RequestVote(RequestVote { term, last, is_heir, store }));
    }
    become_leader_if_elected(step);
}

/// Grants the vote or not. raft.tla `HandleRequestVoteRequest`.
pub(super) fn handle_request_vote<P: Params>(
    step: &mut Step<P>,
    candidate: Id,
    request: RequestVote,
) {
    if !grants_vote(&step.server.rules, step.state(), candidate, &request)
        || !identity::may_vote(step, request.store)
    {
        return;
    }
    if step.state().storage.voted_for != Some(candidate) {
        step.storage_mut().voted_for = Some(candidate);
    }
    if step.keeps(Rule::VotePutsOffElection) {
        step.set_election_timer();
    }
    step.send(candidate, Message::VoteReply(VoteReply { term: step.term() }));
}

/// May this server vote for `candidate`? The request is not of a newer term than its own.
pub fn grants_vote(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    candidate: Id,
    request: &RequestVote,
) -> bool {
    let voted_for_other = state.storage.voted_for.is_some_and(|other| other != candidate);
    request.term == state.term()
        && rules.require(Rule::OneVotePerTerm, !voted_for_other)
        && (rules.keeps(Rule::StrangersGetVotes) || state.config().is_voter(candidate))
        && rules.require(
            Rule::VoteForUpToDateLog,
            is_up_to_date(rules, request.last, state.log().last()),
        )
}

/// Is a log that ends at `theirs` at least as up to date as one that ends at `ours`? (§5.4.1)
pub(super) fn is_up_to_date(rules: &impl RuleBook<Rule>, theirs: Position, ours: Position) -> bool {
    if rules.keeps(Rule::LastTermBeforeLength) && theirs.term != ours.term {
        return theirs.term > ours.term;
    }
    theirs.index >= ours.index
}

/// Counts a vote. raft.tla `HandleRequestVoteResponse`.
pub(super) fn handle_vote_reply<P: Params>(step: &mut Step<P>, voter: Id, reply: VoteReply) {
    let of_this_term = step.require(Rule::VotesOfThisTermCount, reply.term == step.term());
    let Role::Candidate { votes } = &step.state().role else {
        return;
    };
    let has_voted = votes.contains(&voter);
    if !of_this_term || !step.require(Rule::VoterCountsOnce, !has_voted) {
        return;
    }
    // Votes are a set: to count once more is to count for somebody else.
    let silent = step.peers().into_iter().find(|peer| has_voted && !votes.contains(peer));
    let voter = silent.unwrap_or(voter);
    if let Role::Candidate { votes } = &mut step.state_mut().role {
        votes.insert(voter);
    }
    become_leader_if_elected(step);
}

fn become_leader_if_elected<P: Params>(step: &mut Step<P>) {
    let Role::Candidate { votes } = &step.state().role else {
        return;
    };
    let config = step.state().config();
    let has_majority = config.is_quorum(&step.server.rules, |id| votes.contains(&id));
    if step.require(Rule::MajorityElects, has_majority) {
        become_leader(step);
    }
}

/// Takes office: nothing is known of the followers' logs, and a no-op of the new term lets the
/// entries of older terms be committed (§8). raft.tla `BecomeLeader`.
fn become_leader<P: Params>(step: &mut Step<P>) {
    let progress = Progress::behind(step.state().log().last_index());
    let members = step.state().config().members();
    let others = members.into_iter().filter(|id| *id != step.id);
    let followers: BTreeMap<Id, Progress> = others.map(|peer| (peer, progress.clone())).collect();
    let (round, transfer, unwritten) = (Round::default(), None, None);
    step.state_mut().role = Role::Leader { followers, round, transfer, unwritten };
    step.cancel_timer(Timer::Election);
    if step.server.options.check_quorum {
        step.set_contact_timer();
    }
    if step.keeps(Rule::LeaderSendsHeartbeats) {
        step.set_heartbeat_timer();
    }
    if step.keeps(Rule::NoOpAtStartOfTerm) {
        step.append(Payload::NoOp);
    }
    if step.keeps(Rule::LeaderSaysSo) {
        flow::replicate(step);
    }
    commit::advance(step);
}
