//! Messages that have come too late: their receiver ignores them now and for ever.

use stateright::actor::Id;

use crate::member;
use crate::multi_paxos::message::Message;
use crate::multi_paxos::rules::Rule;
use crate::multi_paxos::state::{Role, ServerState};
use crate::multi_paxos::{MemberState, Spoken};
use crate::rules::RuleBook;
use crate::service;
use crate::state_machine::StateMachine;

/// The rules without which a message that looks obsolete may still do something.
pub const GROUNDS: [Rule; 7] = [
    Rule::PromiseRises,
    Rule::AcceptsOnlyPromised,
    Rule::PromiseSurvivesCrash,
    Rule::BallotIsOwn,
    Rule::PromisesOfThisBallot,
    Rule::AcksOfThisBallot,
    Rule::AnswerIsItsOwn,
];

/// True if what is obsolete by all rules is so by `rules`.
pub fn applies(rules: &impl RuleBook<Rule>) -> bool {
    GROUNDS.iter().all(|rule| rules.keeps(*rule))
}

/// True if a member in `state` ignores `message`, whatever happens before it arrives. Promises only
/// rise, nobody leads or stands with one ballot twice, and answers are not taken back.
pub fn is_obsolete<M: StateMachine>(state: &MemberState<M>, _: Id, message: &Spoken<M>) -> bool {
    match (state, message) {
        (member::State::Server(known), service::Message::Peer(message)) => is_past(known, message),
        (member::State::Client(client), service::Message::Reply(m)) => client.ignores(m),
        _ => false,
    }
}

/// The same where servers come and go. Who is asked to promise what it cannot may learn that
/// whoever asks is removed, and tell it.
pub fn is_obsolete_among_members<M: StateMachine>(
    state: &MemberState<M>,
    from: Id,
    message: &Spoken<M>,
) -> bool {
    !matches!(message, service::Message::Peer(Message::Prepare(_)))
        && is_obsolete(state, from, message)
}

fn is_past<M: StateMachine>(known: &ServerState<M>, message: &Message<M::Command>) -> bool {
    let promised = known.promised();
    match message {
        Message::Promise(m) => {
            let stands = matches!(known.role, Role::Scout { .. });
            m.ballot < promised || (m.ballot == promised && !stands)
        }
        Message::Accepted(m) => match &known.role {
            Role::Leader(leader) => {
                m.ballot < promised || !leader.accepted_by.contains_key(&m.slot)
            }
            // Who stands will lead, but nothing is accepted of its ballot before that.
            Role::Follower { .. } | Role::Scout { .. } => m.ballot <= promised,
        },
        Message::Prepare(m) => m.ballot < promised,
        Message::Accept(m) => m.ballot < promised,
        Message::Chosen(m) => m.ballot < promised,
        _ => false,
    }
}
