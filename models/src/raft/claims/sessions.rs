//! What is true of sessions that end, and what must be possible with them.

use std::collections::BTreeSet;

use super::properties::{System, SystemState};
use crate::claims::{clients, servers, servers_up};
use crate::client::sequence;
use crate::member::Member;
use crate::number::Index;
use crate::raft::log::Payload;
use crate::raft::{Params, Server};
use crate::service::{Answer, Message, Request, Sequence, Session};
use crate::state_machine::StateMachine;

pub const ONCE: &str = "no command takes effect twice";
pub const ENDED_IS_OVER: &str = "what a client was told is over takes no effect any more";
pub const ENDED_HAD_BEGUN: &str = "who is told of an end was told of the log before";
pub const BEGINS_SOMEWHERE: &str = "no client is told to begin at nothing";
pub const FEW: &str = "no more sessions are remembered than their length";
pub const ALL_SETTLED: &str = "each client is answered or told that its session has ended";

/// After how many entries a session of this system ends.
pub fn length<P: Params>(system: &System<P>) -> Option<u64> {
    system.actors.iter().find_map(|member| match member {
        Member::Server(Server { session_length, .. }) => *session_length,
        Member::Client(_) | Member::Operator(_) => None,
    })
}

/// The commands that are committed, and where.
fn committed<P: Params>(
    state: &SystemState<P>,
) -> impl Iterator<Item = (Index, &Request<<P::Machine as StateMachine>::Command>)> {
    let committed = (1..).map(Index).zip(&state.history.committed);
    committed.filter_map(|(index, it)| match &it.entry.payload {
        Payload::Command(request) => Some((index, request)),
        Payload::NoOp | Payload::Config(_) => None,
    })
}

/// No two committed entries are copies of one command.
pub fn once<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let mut known: BTreeSet<(Session, Sequence)> = BTreeSet::new();
    committed::<P>(state).all(|(_, it)| known.insert((it.session, it.sequence)))
}

/// Who was told that its session has ended, was told so when the log was committed up to its end,
/// and no copy of its command stands behind that.
pub fn ended_is_over<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let Some(length) = length(system) else { return true };
    clients(system, state).filter(|(_, _, own)| own.has_ended).all(|(id, _, own)| {
        let end = Index(own.since.0 + length);
        let open = (Session::of(id), sequence(own));
        let is_copy = |it: &Request<_>| (it.session, it.sequence) == open;
        state.history.committed.len() as u64 >= end.0
            && committed::<P>(state).all(|(index, it)| !is_copy(it) || index <= end)
    })
}

/// No client is told that its session has ended before it has sent its command with a place.
pub fn ended_had_begun<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    clients(system, state).all(|(_, _, own)| !own.has_ended || own.since > Index::ZERO)
}

/// No client is told of a log in which nothing is committed: it would begin with what it had.
pub fn begins_somewhere<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().all(|envelope| {
        let Message::Reply(reply) = envelope.msg else { return true };
        !matches!(reply.answer, Answer::Begin { index: Index::ZERO })
    })
}

/// Every session that a server remembers has a command among the last entries that it applied.
pub fn few<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let Some(length) = length(system) else { return true };
    servers(state).all(|(_, server)| {
        let sessions = &server.applied.sessions;
        let is_young = |index: Index| index.0 + length > server.applied.index.0;
        sessions.len() as u64 <= length && sessions.oldest().is_none_or(is_young)
    })
}

/// Every client has all its answers, or was told that its session has ended.
pub fn all_settled<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    clients(system, state)
        .all(|(_, client, own)| own.has_ended || own.answers.len() == client.script.len())
}

/// A client was told that its session has ended.
pub fn a_client_told<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    clients(system, state).any(|(_, _, own)| own.has_ended)
}

/// A client that knew nothing of the log has sent its first command with what it was told.
pub fn a_client_began<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    clients(system, state).any(|(_, _, own)| own.answers.is_empty() && own.since > Index::ZERO)
}

/// A command is on its way to a leader that has applied it, and does not remember it.
pub fn a_forgotten_command<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|envelope| {
        let Message::Request(request) = envelope.msg else { return false };
        let number = (request.session, request.sequence);
        let mut copies = committed::<P>(state);
        let copy = copies.find(|(_, it)| (it.session, it.sequence) == number);
        copy.is_some_and(|(index, _)| {
            servers_up(state).any(|(id, server)| {
                id == envelope.dst
                    && server.is_leader()
                    && server.applied.index >= index
                    && server.applied.sessions.last(request.session).is_none()
            })
        })
    })
}

/// A command took effect behind the end of its session, which began anew with it.
pub fn a_session_goes_on<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let Some(length) = length(system) else { return false };
    committed::<P>(state).any(|(index, it)| {
        let mut others = committed::<P>(state).filter(|(_, other)| other.session == it.session);
        it.sequence > Sequence(1)
            && others.all(|(other, _)| other == index || other.0 + length < index.0)
    })
}

/// A client was told that its session has ended, and its command is in no log and never was.
pub fn ended_without_effect<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    clients(system, state).filter(|(_, _, own)| own.has_ended).any(|(id, _, own)| {
        let open = (Session::of(id), sequence(own));
        committed::<P>(state).all(|(_, it)| (it.session, it.sequence) != open)
    })
}
