//! Messages that have come too late: their receiver ignores them now and for ever. A search need
//! not remember that they are still in flight, and is smaller by orders of magnitude for it.

use quorate_checker::spec::Faults;
use stateright::actor::Id;

use crate::member;
use crate::raft::message::{
    AppendReply, Message, MessageOf, Outcome, PreVoteReply, RequestVote, SnapshotReply, VoteReply,
};
use crate::raft::rules::Rule;
use crate::raft::state::{Progress, Role, ServerState};
use crate::raft::{Options, State};
use crate::rules::RuleBook;
use crate::service;
use crate::state_machine::StateMachine;

/// The rules without which a message that looks obsolete may still do something.
pub const GROUNDS: [Rule; 11] = [
    Rule::CandidateRaisesTerm,
    Rule::OneVotePerTerm,
    Rule::VoterCountsOnce,
    Rule::VotesOfThisTermCount,
    Rule::TermSurvivesCrash,
    Rule::VoteSurvivesCrash,
    Rule::RepliesOfThisTermCount,
    Rule::CommandIsSentAtOnce,
    Rule::AnswerIsItsOwn,
    Rule::BeginsOnce,
    Rule::RoundAfterRead,
];

/// True if what is obsolete by all rules is so by `rules`.
pub fn applies(rules: &impl RuleBook<Rule>) -> bool {
    GROUNDS.iter().all(|rule| rules.keeps(*rule))
}

/// What is obsolete to a member in this state, from whom, and which message.
pub type Filter<M> = fn(&State<M>, Id, &MessageOf<M>) -> bool;

/// What a spec with these rules, options and faults may forget; `None` if nothing.
pub fn filter<M: StateMachine>(
    rules: &impl RuleBook<Rule>,
    options: Options,
    faults: Faults,
) -> Option<Filter<M>> {
    // A server that is rolled back may heed again what it had come to ignore.
    if !applies(rules) || faults.rollbacks > 0 {
        return None;
    }
    Some(if options.check_quorum { is_obsolete_to_the_listening } else { is_obsolete })
}

/// As [`is_obsolete`], but a leader that minds whether it is heard heeds every answer of its term.
fn is_obsolete_to_the_listening<M: StateMachine>(
    state: &State<M>,
    from: Id,
    message: &MessageOf<M>,
) -> bool {
    let is_heard = match (state, message) {
        (
            member::State::Server(server),
            service::Message::Peer(Message::AppendReply(AppendReply { term, .. })),
        ) => server.is_leader() && *term == server.term(),
        _ => false,
    };
    !is_heard && is_obsolete(state, from, message)
}

/// True if a member in `state` ignores `message`, whatever happens before it arrives: terms only
/// rise, a vote stays for its term, an office once lost is lost for its term, and answers are not
/// taken back.
pub fn is_obsolete<M: StateMachine>(state: &State<M>, from: Id, message: &MessageOf<M>) -> bool {
    match (state, message) {
        (member::State::Server(server), service::Message::Peer(message)) => match message {
            Message::PreVoteReply(m) => pre_vote_reply(server, m),
            Message::RequestVote(m) => request_vote(server, from, m),
            Message::VoteReply(m) => vote_reply(server, from, m),
            Message::AppendReply(m) => append_reply(server, from, m),
            Message::SnapshotReply(m) => snapshot_reply(server, m),
            Message::PreVote(_)
            | Message::AppendEntries(_)
            | Message::InstallSnapshot(_)
            | Message::TimeoutNow(_)
            | Message::ReadIndex(_)
            | Message::ReadIndexReply(_) => false,
        },
        (member::State::Client(client), service::Message::Reply(m)) => client.ignores(m),
        (member::State::Operator, _) => true,
        _ => false,
    }
}

fn request_vote<M: StateMachine>(state: &ServerState<M>, from: Id, message: &RequestVote) -> bool {
    let voted_for_other = state.storage.voted_for.is_some_and(|candidate| candidate != from);
    message.term < state.term() || (message.term == state.term() && voted_for_other)
}

fn pre_vote_reply<M: StateMachine>(state: &ServerState<M>, message: &PreVoteReply) -> bool {
    let (PreVoteReply::Granted { term } | PreVoteReply::Behind { term }) = message;
    *term <= state.term()
}

fn vote_reply<M: StateMachine>(state: &ServerState<M>, from: Id, message: &VoteReply) -> bool {
    let is_counted = match &state.role {
        Role::Candidate { votes } => votes.contains(&from),
        _ => true,
    };
    message.term < state.term() || (message.term == state.term() && is_counted)
}

fn snapshot_reply<M: StateMachine>(state: &ServerState<M>, message: &SnapshotReply) -> bool {
    let may_lead = matches!(state.role, Role::Leader { .. } | Role::Candidate { .. });
    message.term < state.term() || (message.term == state.term() && !may_lead)
}

fn append_reply<M: StateMachine>(state: &ServerState<M>, from: Id, message: &AppendReply) -> bool {
    let is_known = match &state.role {
        Role::Follower { .. } | Role::PreCandidate { .. } | Role::TakenOut { .. } => true,
        Role::Candidate { .. } => false,
        Role::Leader { followers, round, .. } => match message.outcome {
            Outcome::Stored { matched } => {
                let confirms = message.round == round.number
                    && !state.reads.asked.is_empty()
                    && !round.heard.contains(&from);
                let is_known = |known: &Progress| known.matched >= matched;
                let tells = message.store.is_some();
                !confirms && !tells && followers.get(&from).is_some_and(is_known)
            }
            Outcome::Refused { .. } | Outcome::Lost => false,
        },
    };
    message.term < state.term() || (message.term == state.term() && is_known)
}
