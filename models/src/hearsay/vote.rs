//! Elections: who stands, who votes for whom, and what is counted.

use stateright::actor::Id;

use super::message::{Ask, Message, Vote};
use super::rules::Rule;
use super::state::{Durable, Role};
use super::{Server, Step, lead};
use crate::number::Epoch;
use crate::quorum::is_majority;
use crate::rules::RuleBook;

/// A server that hears no leader stands in an epoch of its own.
pub(super) fn stand(step: &mut Step) {
    let (id, epoch) = (step.id, step.state().durable.epoch.next());
    let vote = step.keeps(Rule::OwnVote).then_some(id);
    step.set_durable(Durable { epoch, vote });
    step.take_role(Role::Candidate { votes: Vec::new() });
    step.say_to_neighbours(Message::Ask(Ask { epoch }));
    if has_won(step.server, &[]) {
        lead::begin(step);
    }
}

/// A server that hears of a newer epoch makes it its own, and has a new vote.
pub(super) fn observe(step: &mut Step, epoch: Epoch) {
    if epoch <= step.state().durable.epoch {
        return;
    }
    step.set_durable(Durable { epoch, vote: None });
    if step.keeps(Rule::NewerEpochDeposes) {
        step.take_role(Role::Follower { leader: None });
    }
}

/// May the server vote for `candidate` in `epoch`? Of its votes it knows only that in its own
/// epoch.
fn grants(step: &Step, candidate: Id, epoch: Epoch) -> bool {
    let Durable { epoch: own, vote } = step.state().durable;
    let is_current = epoch == own;
    let has_voted = is_current && vote.is_some_and(|other| other != candidate);
    step.require(Rule::NoVoteInOlderEpoch, is_current)
        && step.require(Rule::OneVoteAnEpoch, !has_voted)
}

/// A server is asked for its vote.
pub(super) fn handle_ask(step: &mut Step, candidate: Id, Ask { epoch }: Ask) {
    observe(step, epoch);
    if !step.keeps(Rule::MessageIsAVote) {
        // Hearsay: nobody is asked for anything, and what is heard counts.
        count(step, epoch, candidate);
        return;
    }
    if !grants(step, candidate, epoch) {
        return;
    }
    let own = step.state().durable.epoch;
    step.set_durable(Durable { epoch: own, vote: Some(candidate) });
    step.await_leader();
    let vote = Message::Vote(Vote { epoch, voter: step.id, candidate });
    if step.server.passes_on {
        step.say_to_neighbours(vote);
    } else {
        step.say(candidate, vote);
    }
}

/// A server hears of a vote: for itself, or for another, to whom it passes that on.
pub(super) fn handle_vote(step: &mut Step, from: Id, vote: Vote) {
    observe(step, vote.epoch);
    if vote.candidate != step.id {
        if step.server.passes_on && from == vote.voter {
            step.say(vote.candidate, Message::Vote(vote));
        }
        return;
    }
    let voter = if step.keeps(Rule::VoteIsItsVoters) { vote.voter } else { from };
    count(step, vote.epoch, voter);
}

/// A candidate counts a vote, and leads if it has enough of them.
fn count(step: &mut Step, epoch: Epoch, voter: Id) {
    let Role::Candidate { votes } = &step.state().role else {
        return;
    };
    let is_current = step.require(Rule::VoteIsOfItsEpoch, epoch == step.state().durable.epoch);
    let is_new = step.require(Rule::VoterCountsOnce, !votes.contains(&voter));
    if !is_current || !is_new {
        return;
    }
    let mut votes = votes.clone();
    votes.push(voter);
    votes.sort_unstable();
    if has_won(step.server, &votes) {
        lead::begin(step);
    } else {
        step.state_mut().role = Role::Candidate { votes };
    }
}

/// Do these votes of others elect a leader?
fn has_won(server: &Server, votes: &[Id]) -> bool {
    if server.rules.keeps(Rule::MajorityOfMembers) {
        is_majority(votes.len() + 1, server.members.len())
    } else {
        is_majority(votes.len(), server.neighbours.len())
    }
}
