//! Messages that have come too late: their receiver ignores them now and for ever.

use stateright::actor::Id;

use crate::member;
use crate::number::ViewNumber;
use crate::rules::RuleBook;
use crate::service;
use crate::state_machine::StateMachine;
use crate::viewstamped::message::Message;
use crate::viewstamped::rules::Rule;
use crate::viewstamped::state::Replica;
use crate::viewstamped::{MemberState, Spoken};

/// The rules without which a message that looks obsolete may still do something.
pub const GROUNDS: [Rule; 6] = [
    Rule::NonceMatches,
    Rule::NonceIsNew,
    Rule::ViewRises,
    Rule::NormalAndSameView,
    Rule::DoViewChangeOfThisView,
    Rule::AnswerIsItsOwn,
];

/// True if what is obsolete by all rules is so by `rules`.
pub fn applies(rules: &impl RuleBook<Rule>) -> bool {
    GROUNDS.iter().all(|rule| rules.keeps(*rule))
}

/// True if a member in `state` ignores `message`, whatever happens before it arrives, except for a
/// crash. Views only rise, what is of a view that has started needs no start, and answers are not
/// taken back. The group stays the same.
pub fn is_obsolete<M: StateMachine>(state: &MemberState<M>, from: Id, message: &Spoken<M>) -> bool {
    match (state, message) {
        (member::State::Server(known), service::Message::Peer(message)) => is_past(known, message),
        _ => is_obsolete_after_crashes(state, from, message),
    }
}

/// The same where the group changes. Who says something of an earlier epoch may be told of a later
/// one, and who asks for what it lacks of that is answered.
pub fn is_obsolete_in_epochs<M: StateMachine>(
    state: &MemberState<M>,
    from: Id,
    message: &Spoken<M>,
) -> bool {
    let is_answered = match message {
        service::Message::Peer(Message::GetState(m)) => m.view.number == ViewNumber::ZERO,
        service::Message::Peer(message) => matches!(
            message,
            Message::Commit(_)
                | Message::StartViewChange(_)
                | Message::StartEpoch(_)
                | Message::EpochStarted(_)
        ),
        _ => false,
    };
    !is_answered && is_obsolete(state, from, message)
}

/// The same as [`is_obsolete`], though replicas may crash: one that does may recover in an older
/// view. What it was told when it recovered is obsolete nevertheless: the next time it asks with
/// another number.
pub fn is_obsolete_after_crashes<M: StateMachine>(
    state: &MemberState<M>,
    _: Id,
    message: &Spoken<M>,
) -> bool {
    match (state, message) {
        (member::State::Server(known), service::Message::Peer(Message::RecoveryResponse(_))) => {
            !known.is_recovering()
        }
        (member::State::Client(client), service::Message::Reply(m)) => client.ignores(m),
        _ => false,
    }
}

fn is_past<M: StateMachine>(known: &Replica<M>, message: &Message<M::Command>) -> bool {
    let has_started = |view| view <= known.last_normal;
    let is_known = match message {
        Message::PrepareOk(m) => m.op <= known.commit,
        Message::StartViewChange(m) => has_started(m.view),
        Message::DoViewChange(m) => has_started(m.view),
        Message::StartView(m) => has_started(m.view),
        _ => false,
    };
    is_known || message.view().is_some_and(|view| view < known.view)
}
