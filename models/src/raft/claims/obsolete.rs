//! Messages that have come too late: their receiver ignores them now and for ever. A search need
//! not remember that they are still in flight, and is smaller by orders of magnitude for it.

use stateright::actor::Id;

use crate::member;
use crate::raft::State;
use crate::raft::message::{AppendReply, Message, MessageOf, Outcome, RequestVote, VoteReply};
use crate::raft::rules::Rule;
use crate::raft::state::{Role, ServerState};
use crate::rules::RuleBook;
use crate::service;
use crate::state_machine::StateMachine;

/// The rules without which a message that looks obsolete may still do something.
pub const GROUNDS: [Rule; 8] = [
    Rule::CandidateRaisesTerm,
    Rule::OneVotePerTerm,
    Rule::VoterCountsOnce,
    Rule::VotesOfThisTermCount,
    Rule::TermSurvivesCrash,
    Rule::VoteSurvivesCrash,
    Rule::RepliesOfThisTermCount,
    Rule::AnswerIsItsOwn,
];

/// True if what is obsolete by all rules is so by `rules`.
pub fn applies(rules: &impl RuleBook<Rule>) -> bool {
    GROUNDS.iter().all(|rule| rules.keeps(*rule))
}

/// True if a member in `state` ignores `message`, whatever happens before it arrives: terms only
/// rise, a vote stays for its term, an office once lost is lost for its term, and answers are not
/// taken back.
pub fn is_obsolete<M: StateMachine>(state: &State<M>, from: Id, message: &MessageOf<M>) -> bool {
    match (state, message) {
        (member::State::Server(server), service::Message::Peer(message)) => match message {
            Message::RequestVote(m) => request_vote(server, from, m),
            Message::VoteReply(m) => vote_reply(server, from, m),
            Message::AppendReply(m) => append_reply(server, from, m),
            Message::AppendEntries(_) => false,
        },
        (member::State::Client(client), service::Message::Reply(m)) => client.ignores(m),
        _ => false,
    }
}

fn request_vote<M: StateMachine>(state: &ServerState<M>, from: Id, message: &RequestVote) -> bool {
    let voted_for_other = state.storage.voted_for.is_some_and(|candidate| candidate != from);
    message.term < state.term() || (message.term == state.term() && voted_for_other)
}

fn vote_reply<M: StateMachine>(state: &ServerState<M>, from: Id, message: &VoteReply) -> bool {
    let is_counted = match &state.role {
        Role::Candidate { votes } => votes.contains(&from),
        Role::Follower { .. } | Role::Leader { .. } | Role::TakenOut { .. } => true,
    };
    message.term < state.term() || (message.term == state.term() && is_counted)
}

fn append_reply<M: StateMachine>(state: &ServerState<M>, from: Id, message: &AppendReply) -> bool {
    let is_known = match &state.role {
        Role::Follower { .. } | Role::TakenOut { .. } => true,
        Role::Candidate { .. } => false,
        Role::Leader { followers } => {
            message.outcome == Outcome::Stored
                && followers.get(&from).is_some_and(|p| p.matched > message.index)
        }
    };
    message.term < state.term() || (message.term == state.term() && is_known)
}
