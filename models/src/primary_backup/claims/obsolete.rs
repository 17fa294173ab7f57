//! Messages that have come too late: their receiver ignores them now and for ever.

use stateright::actor::Id;

use crate::member;
use crate::primary_backup::message::{Message, ViewIs};
use crate::primary_backup::rules::Rule;
use crate::primary_backup::state::{Replica, State};
use crate::primary_backup::{MemberState, Spoken};
use crate::rules::RuleBook;
use crate::service;
use crate::state_machine::StateMachine;

/// The rules without which a message that looks obsolete may still do something.
pub const GROUNDS: [Rule; 3] =
    [Rule::ViewsOnlyRise, Rule::IncarnationSurvivesCrash, Rule::AnswerIsItsOwn];

/// True if what is obsolete by all rules is so by `rules`.
pub fn applies(rules: &impl RuleBook<Rule>) -> bool {
    GROUNDS.iter().all(|rule| rules.keeps(*rule))
}

/// True if a member in `state` ignores `message`, whatever happens before it arrives. Views only
/// rise, a server that has crashed takes no view that was told before, and answers are not taken
/// back.
pub fn is_obsolete<M: StateMachine>(state: &MemberState<M>, _: Id, message: &Spoken<M>) -> bool {
    match (state, message) {
        (member::State::Server(State::Server(known)), service::Message::Peer(message)) => {
            match message {
                Message::View(m) => is_known(known, *m),
                Message::Ping(_)
                | Message::Transfer(_)
                | Message::Forward(_)
                | Message::Taken(_)
                | Message::Refused(_) => false,
            }
        }
        (member::State::Client(client), service::Message::Reply(m)) => client.ignores(m),
        _ => false,
    }
}

fn is_known<M: StateMachine>(known: &Replica<M>, message: ViewIs) -> bool {
    message.to < known.member.incarnation || message.view.number <= known.view.number
}
