//! Elections: who stands, who votes, and who is elected.

use stateright::actor::Id;

use super::message::Message;
use super::rules::Rule;
use super::state::Role;
use super::{Step, Timer};
use crate::number::Term;
use crate::quorum::is_majority;

/// A server that hears no leader stands in a term of its own.
pub(super) fn stand(step: &mut Step) {
    let (id, term) = (step.id, step.state().term.next());
    step.take_role(Role::Candidate { votes: vec![id] });
    let state = step.state_mut();
    state.term = term;
    state.voted_for = Some(id);
    send_to_all(step, &Message::RequestVote { term });
}

/// A server that sees a newer term makes it its own, and has a new vote.
fn observe(step: &mut Step, term: Term) {
    if term <= step.state().term {
        return;
    }
    if step.state().role != Role::Follower {
        step.take_role(Role::Follower);
    }
    let state = step.state_mut();
    state.term = term;
    state.voted_for = None;
}

/// A server votes for the candidate if it has a vote left.
pub(super) fn handle_request_vote(step: &mut Step, candidate: Id, term: Term) {
    observe(step, term);
    let voted_for_other = step.state().voted_for.is_some_and(|other| other != candidate);
    let may_vote = step.require(Rule::OneVoteATerm, !voted_for_other);
    if term != step.state().term || !may_vote {
        return;
    }
    step.state_mut().voted_for = Some(candidate);
    step.renew(Timer::Silence);
    step.send(candidate, Message::Vote { term });
}

/// A candidate counts the vote, and leads if it has enough of them.
pub(super) fn handle_vote(step: &mut Step, voter: Id, term: Term) {
    let Role::Candidate { votes } = &step.state().role else {
        return;
    };
    let counts = step.require(Rule::VoterCountsOnce, !votes.contains(&voter));
    if term != step.state().term || !counts {
        return;
    }
    let mut votes = votes.clone();
    votes.push(voter);
    if is_elected(step, votes.len()) {
        step.take_role(Role::Elected);
        say_leading(step);
    } else {
        step.state_mut().role = Role::Candidate { votes };
    }
}

/// Do so many votes elect a leader?
fn is_elected(step: &Step, votes: usize) -> bool {
    let servers = step.server.servers.len();
    let majority = servers / 2 + 1;
    if step.keeps(Rule::MajorityIsEnough) { is_majority(votes, servers) } else { votes > majority }
}

/// An elected leader is heard by all.
pub(super) fn say_leading(step: &mut Step) {
    let term = step.state().term;
    send_to_all(step, &Message::Leading { term });
}

/// A server that hears the leader of its term does not stand.
pub(super) fn handle_leading(step: &mut Step, term: Term) {
    observe(step, term);
    if term != step.state().term {
        return;
    }
    if matches!(step.state().role, Role::Candidate { .. }) {
        step.take_role(Role::Follower);
    } else {
        step.renew(Timer::Silence);
    }
}

fn send_to_all(step: &mut Step, message: &Message) {
    let (id, servers) = (step.id, &step.server.servers);
    for server in servers.iter().filter(|server| **server != id) {
        step.send(*server, message.clone());
    }
}
