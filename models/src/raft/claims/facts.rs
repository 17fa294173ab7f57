//! What faults and retries must be able to lead to, so that nothing holds because they did nothing.
//! No ghost tells of these: what a state shows of its past is enough, and no state more is needed.

use stateright::actor::Id;

use super::properties::{System, SystemState};
use crate::claims::{all_answered, clients, has_seen, servers, servers_up};
use crate::kv::{Kv, Output};
use crate::number::{Index, Term};
use crate::raft::log::Payload;
use crate::raft::message::Message::AppendEntries;
use crate::raft::state::{Role, ServerState};
use crate::raft::{Params, own_disk};
use crate::service::Message;
use crate::state_machine::StateMachine;

pub const ANSWERED_AFTER_DROP: &str = "all answered though a message was lost";
pub const ASKED_AGAIN: &str = "a leader is asked again for what it did";
pub const OVERTAKEN: &str = "a leader is asked again for what a later command has overtaken";
pub const HALF_KNOWN: &str = "a follower is sent what it has and more";
pub const READ_AFTER_WRITE: &str = "a read began after the write was answered";

/// Where in a server's log are commands without an answer yet, and their terms. For one client,
/// whose commands are there in the order of its script.
fn open_commands<P: Params>(
    system: &System<P>,
    state: &SystemState<P>,
    server: &ServerState<P::Machine>,
) -> Vec<(Index, Term)> {
    let answered: usize = clients(system, state)
        .map(|(_, client, own)| {
            let answered = client.script.iter().take(own.answers.len());
            answered.filter(|command| !P::Machine::is_read_only(command)).count()
        })
        .sum();
    let commands = server.log().behind(Index::ZERO);
    let commands = commands.filter(|(_, entry)| matches!(entry.payload, Payload::Command(_)));
    commands.skip(answered).map(|(index, entry)| (index, entry.term)).collect()
}

/// A command without an answer is in the log of a server that is down, and in no other.
pub fn a_command_gone_with_its_leader<P: Params>(
    system: &System<P>,
    state: &SystemState<P>,
) -> bool {
    let has_some = |(id, server): (Id, &ServerState<P::Machine>)| {
        let some = !open_commands(system, state, server).is_empty();
        some.then_some(state.crashed[usize::from(id)])
    };
    let mut down = servers(state).filter_map(has_some).peekable();
    down.peek().is_some() && down.all(|is_down| is_down)
}

/// A server has voted for a leader whose log was shorter than its own, but newer.
pub fn a_shorter_log_won<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).filter(|(_, server)| server.is_leader()).any(|(id, leader)| {
        // The leader has one entry more since.
        servers(state).any(|(_, voter)| {
            voter.term() == leader.term()
                && voter.storage.voted_for == Some(id)
                && voter.log().last().term < leader.term()
                && voter.log().last_index() >= leader.log().last_index()
        })
    })
}

/// A leader has applied a command of an older term to which the client has no answer.
pub fn a_later_leader_answers<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let mut leaders = servers_up(state).filter(|(_, server)| server.is_leader());
    leaders.any(|(_, leader)| {
        let open = open_commands(system, state, leader);
        open.into_iter().any(|(at, term)| at <= leader.applied.index && term < leader.term())
    })
}

/// A leader has committed an entry that its own disk does not have: its followers have.
pub fn committed_and_not_written<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_ahead = |server: &ServerState<P::Machine>| {
        own_disk::unwritten(server).is_some_and(|unwritten| unwritten.first <= server.commit)
    };
    servers_up(state).any(|(_, server)| is_ahead(server))
}

/// A leader writes a snapshot that it has taken aside, and has appended entries since it began.
pub fn compacts_and_appends<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let does = |server: &ServerState<P::Machine>| {
        let writing = own_disk::unwritten(server).and_then(|unwritten| unwritten.writing);
        writing.is_some_and(|it| it.compacts && it.next <= server.log().last_index())
    };
    servers_up(state).any(|(_, server)| does(server))
}

/// True if this server was elected in `term`.
fn led<P: Params>(state: &SystemState<P>, id: Id, term: Term) -> bool {
    state.history.winners.get(&term).is_some_and(|winners| winners.contains(&id))
}

/// The servers that are down since they led: nobody leads on in a term that is not its own.
fn leaders_down<P: Params>(
    state: &SystemState<P>,
) -> impl Iterator<Item = &ServerState<P::Machine>> {
    let down = servers(state).filter(|(id, _)| state.crashed[usize::from(*id)]);
    down.filter(|(id, server)| led(state, *id, server.term())).map(|(_, server)| server)
}

/// A leader is down with a command in its log that the client has no answer to.
pub fn a_leader_down_unanswered<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    leaders_down(state).any(|leader| !open_commands(system, state, leader).is_empty())
}

/// A leader is down with a command in its log that the client has the answer to.
pub fn a_leader_down_answered<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    leaders_down(state).any(|leader| {
        let commands = leader.log().behind(Index::ZERO);
        let commands = commands.filter(|(_, entry)| matches!(entry.payload, Payload::Command(_)));
        commands.count() > open_commands(system, state, leader).len()
    })
}

/// A leader that crashed is up again, follows a later one and has an entry of it. That it crashed
/// shows in its commit index, which goes back for nothing else: in its term it had committed more.
pub fn a_leader_rejoined<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(id, server)| {
        let committed = (1..).map(Index).zip(&state.history.committed);
        let mut forgotten = committed.filter(|(index, _)| *index > server.commit);
        matches!(server.role, Role::Follower { leader: Some(_) })
            && server.log().last().term == server.term()
            && forgotten.any(|(_, it)| it.term < server.term() && led(state, id, it.term))
    })
}

/// A leader has answered a read, and the write before it is an older leader's.
pub fn a_later_leader_reads<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).filter(|(_, server)| server.is_leader()).any(|(_, leader)| {
        let mut applied = leader.log().behind(Index::ZERO);
        let older_write = applied.any(|(index, entry)| {
            let is_command = matches!(entry.payload, Payload::Command(_));
            is_command && entry.term < leader.term() && index <= leader.applied.index
        });
        older_write && leader.round() > 0 && leader.reads.asked.is_empty()
    })
}

/// A follower knows what it takes to answer a read, and has not applied so much yet.
pub fn a_read_is_held<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| !server.reads.held.is_empty())
}

/// A read came when a round was on its way.
pub fn a_read_waits<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state)
        .any(|(_, server)| !server.reads.asked.is_empty() && !server.reads.waiting.is_empty())
}

/// All commands are answered, and a server lacks the leader's entries for good: nothing is on its
/// way to it or from it, as it would be if what was sent to it had not been lost.
pub fn answered_after_drop<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    all_answered(system, state)
        && servers_up(state).any(|(_, server)| server.is_leader())
        && servers_up(state).any(|(id, server)| {
            let mut messages = state.network.iter_all();
            server.log().last_index() == Index::ZERO
                && !messages.any(|message| message.src == id || message.dst == id)
        })
}

/// A command is on its way to a leader that has applied it.
pub fn asked_again<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let Message::Request(request) = message.msg else { return false };
        servers_up(state).any(|(id, server)| {
            let last = server.applied.sessions.last(request.session);
            let is_done = last.is_some_and(|last| last.sequence >= request.sequence);
            id == message.dst && server.is_leader() && is_done
        })
    })
}

/// A command is on its way to a leader that has applied a later one of its session.
pub fn overtaken<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let Message::Request(request) = message.msg else { return false };
        servers_up(state).any(|(id, server)| {
            let last = server.applied.sessions.last(request.session);
            let is_over = last.is_some_and(|last| last.sequence > request.sequence);
            id == message.dst && server.is_leader() && is_over
        })
    })
}

/// On its way to a server is an entry that it has, and in the same message one that it has not.
pub fn half_known<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let Message::Peer(AppendEntries(append)) = message.msg else { return false };
        let Some(first) = append.entries.first() else { return false };
        let index = append.previous.index.next();
        servers_up(state).filter(|(id, _)| *id == message.dst).any(|(_, server)| {
            let has_first = server.log().get(index) == Some(first);
            let end = append.previous.index.0 + append.entries.len() as u64;
            has_first && server.log().last_index().0 < end
        })
    })
}

/// A leader has sent a follower more before it answered.
pub fn two_on_their_way<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, server)| match &server.role {
        Role::Leader { followers, .. } => followers.values().any(|it| it.in_flight.len() > 1),
        _ => false,
    })
}

/// A client had an answer, and another one to a command that it submitted later.
pub fn read_after_write<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.returned.one_after_another()
}

/// All commands are answered, and a client has asked a server last that it did not start with and
/// that never led, so that no redirect has led there: it asked again.
pub fn answered_after_retry<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let has_led = |id: &Id| state.history.winners.values().any(|winners| winners.contains(id));
    let mut targets = clients(system, state).map(|(_, it, own)| (it.servers[0], own.target));
    all_answered(system, state) && targets.any(|(first, last)| first != last && !has_led(&last))
}

/// A read came before the write.
pub fn nothing_read<P: Params<Machine = Kv>>(_: &System<P>, state: &SystemState<P>) -> bool {
    has_seen(state, |output| *output == Output::Value(None))
}

/// A read came after the write whose client is still waiting.
pub fn read_while_writing<P: Params<Machine = Kv>>(
    system: &System<P>,
    state: &SystemState<P>,
) -> bool {
    has_seen(state, |output| matches!(output, Output::Value(Some(_))))
        && !all_answered(system, state)
}
