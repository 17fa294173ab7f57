//! Pre-vote: a server that would not be elected does not stand (thesis §9.6).
//!
//! A server that is cut off raises its term with each election, and deposes a leader when it is
//! back. So it asks first. Nothing changes at whoever is asked: no term, no vote, no timer.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::election::{self, is_up_to_date};
use super::message::{Message, PreVote, PreVoteReply};
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Params, Timer, identity, membership, term};
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// Asks all whether they would vote for this server.
pub(super) fn ask<P: Params>(step: &mut Step<P>) {
    let id = step.id;
    step.state_mut().role = Role::PreCandidate { votes: BTreeSet::from([id]) };
    step.cancel_timer(Timer::Election);
    if step.keeps(Rule::AsksAgain) {
        step.set_pre_vote_timer();
    }
    let (term, last) = (step.term().next(), step.state().log().last());
    for peer in step.peers() {
        let store = identity::known_as(step, peer);
        step.send(peer, Message::PreVote(PreVote { term, last, store }));
    }
    stand_if_welcome(step);
}

/// Says whether it would vote for the server that asks.
pub(super) fn handle_pre_vote<P: Params>(step: &mut Step<P>, candidate: Id, request: PreVote) {
    if !step.keeps(Rule::PreVoteRaisesNoTerm) {
        term::observe(step, request.term);
    }
    if request.term <= step.term() && step.keeps(Rule::OlderTermIsTold) {
        let reply = PreVoteReply::Behind { term: step.term() };
        return step.send(candidate, Message::PreVoteReply(reply));
    }
    if request.term == step.term().next() {
        membership::take_up(step, candidate);
    }
    if !grants_pre_vote(&step.server.rules, step.state(), &request)
        || !identity::may_vote(step, request.store)
    {
        return;
    }
    if !step.keeps(Rule::PreVoteIsNoContact) {
        step.set_election_timer();
    }
    let reply = PreVoteReply::Granted { term: request.term };
    step.send(candidate, Message::PreVoteReply(reply));
}

/// Would this server vote for the one that asks? It would not as long as it hears a leader, or has
/// promised its vote to one.
pub fn grants_pre_vote(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    request: &PreVote,
) -> bool {
    request.term > state.term()
        && rules.require(Rule::HeardLeaderRefuses, !state.hears_a_leader())
        && !state.has_promised
        && rules
            .require(Rule::PreVoteNeedsLog, is_up_to_date(rules, request.last, state.log().last()))
}

/// Counts who would vote for this server.
pub(super) fn handle_pre_vote_reply<P: Params>(step: &mut Step<P>, voter: Id, reply: PreVoteReply) {
    let PreVoteReply::Granted { term } = reply else {
        return;
    };
    if term != step.term().next() || !matches!(step.state().role, Role::PreCandidate { .. }) {
        return;
    }
    if let Role::PreCandidate { votes } = &mut step.state_mut().role {
        votes.insert(voter);
    }
    stand_if_welcome(step);
}

fn stand_if_welcome<P: Params>(step: &mut Step<P>) {
    let Role::PreCandidate { votes } = &step.state().role else {
        return;
    };
    let config = step.state().config();
    let has_majority = config.is_quorum(&step.server.rules, |id| votes.contains(&id));
    if step.require(Rule::MajorityWelcomes, has_majority) {
        step.cancel_timer(Timer::PreVote);
        election::start_election(step);
    }
}
