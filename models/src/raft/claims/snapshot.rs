//! What is true of snapshots, and what must be possible with them.

use stateright::actor::Id;

use super::membership::founders;
use super::properties::{System, SystemState};
use super::sessions;
use crate::claims::{servers, servers_up};
use crate::number::Index;
use crate::raft::Params;
use crate::raft::log::Payload;
use crate::raft::message::{InstallSnapshot, Message};
use crate::raft::snapshot::Snapshot;
use crate::raft::state::{Applied, Progress, Role, ServerState};
use crate::service;
use crate::session::Last;
use crate::state_machine::StateMachine;

pub const IS_ITS_PREFIX: &str = "a snapshot is what its prefix computes";
pub const ASKED_OF_A_SNAPSHOT: &str = "a leader is asked for what is compacted";
pub const COVERS_THE_LOG: &str = "what is compacted stands in the snapshot";

/// Every snapshot, and whatever else a server has computed, is what applying the committed entries
/// one after the other comes to.
pub fn is_its_prefix<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let length = sessions::length(system);
    servers(state).all(|(_, server)| {
        let snapshot = server.storage.snapshot.as_ref();
        let knows_members = snapshot.is_none_or(|it| has_its_config::<P>(system, state, it));
        let snapshot = snapshot.map(|it| it.decode::<P::Machine>().ok());
        let is_computed = |applied: &Applied<P::Machine>| {
            computed::<P>(state, applied.index, length).as_ref() == Some(applied)
        };
        knows_members
            && is_computed(&server.applied)
            && snapshot.is_none_or(|applied| applied.as_ref().is_some_and(is_computed))
    })
}

/// True if a snapshot has the last configuration that was committed up to its last entry.
fn has_its_config<P: Params>(
    system: &System<P>,
    state: &SystemState<P>,
    snapshot: &Snapshot,
) -> bool {
    let committed = (1..).map(Index).zip(&state.history.committed);
    let until = committed.take_while(|(index, _)| *index <= snapshot.last.index);
    let configs = until.filter_map(|(index, it)| match &it.entry.payload {
        Payload::Config(config) => Some((index, config)),
        Payload::NoOp | Payload::Command(_) => None,
    });
    let (since, config) = &snapshot.config;
    let founders = founders(system);
    configs.last().unwrap_or((Index::ZERO, &founders)) == (*since, config)
}

/// What the committed entries up to `last` compute, if so many are committed.
fn computed<P: Params>(
    state: &SystemState<P>,
    last: Index,
    length: Option<u64>,
) -> Option<Applied<P::Machine>> {
    let mut applied = Applied::<P::Machine>::default();
    for committed in state.history.committed.get(..usize::try_from(last.0).ok()?)? {
        applied.index = applied.index.next();
        if let Payload::Command(request) = &committed.entry.payload {
            let output = applied.machine.apply(&request.command);
            let last = Last { sequence: request.sequence, index: applied.index, output };
            applied.sessions.record(request.session, last);
        }
        if let Some(length) = length {
            applied.sessions.end_before(Index((applied.index.0 + 1).saturating_sub(length)));
        }
    }
    Some(applied)
}

/// A log is compacted no further than the snapshot reaches, and the snapshot no further than the
/// log and what is applied.
pub fn covers_the_log<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| {
        let (log, snapshot) = (server.log(), server.storage.snapshot.as_ref());
        let last = snapshot.map(|snapshot| snapshot.last).unwrap_or_default();
        let is_applied = server.applied.index.min(server.commit) >= last.index;
        log.base().index <= last.index && log.contains(last) && is_applied
    })
}

/// A server has a snapshot and no entry behind it.
pub fn a_snapshot_at_the_tail<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| {
        let log = server.log();
        log.base().index > Index::ZERO && log.base() == log.last()
    })
}

/// A server that learns has a snapshot.
pub fn who_learns_has_one<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(id, server)| {
        server.config().learners.contains(&id) && server.storage.snapshot.is_some()
    })
}

/// A leader asks whether it still leads, and a follower has been sent all that is compacted and has
/// told of a part of it.
pub fn a_round_before_the_base<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| {
        let base = server.log().base().index;
        let Role::Leader { followers, .. } = &server.role else { return false };
        let has_part =
            |known: &Progress| known.next > base && (Index(1)..base).contains(&known.matched);
        !server.reads.asked.is_empty() && followers.values().any(has_part)
    })
}

/// The snapshots on their way to servers that are up and will heed them, and those servers.
fn on_their_way<P: Params>(
    state: &SystemState<P>,
) -> impl Iterator<Item = (&InstallSnapshot, &ServerState<P::Machine>)> {
    state.network.iter_all().filter_map(|envelope| {
        let service::Message::Peer(Message::InstallSnapshot(message)) = envelope.msg else {
            return None;
        };
        let receiver = up::<P>(state, envelope.dst)?;
        (message.term >= receiver.term()).then_some((message, receiver))
    })
}

fn up<P: Params>(state: &SystemState<P>, id: Id) -> Option<&ServerState<P::Machine>> {
    servers_up(state).find(|(other, _)| *other == id).map(|(_, server)| server)
}

/// True if `message` brings the piece of its snapshot that the server still lacks.
fn completes(message: &InstallSnapshot, server: &ServerState<impl StateMachine>) -> bool {
    let received = server.incoming.as_ref().map_or(0, |incoming| {
        let is_it = (incoming.term, incoming.last) == (message.term, message.last);
        if is_it { incoming.pieces.len() as u32 } else { 0 }
    });
    let last = message.piece.as_ref().is_some_and(|it| it.number == received);
    last && received + 1 == message.pieces && message.last.index > server.commit
}

/// A server is about to install a snapshot though it has some of the entries.
pub fn has_a_part<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state).any(|(message, server)| {
        let log = server.log();
        completes(message, server)
            && log.last_index() > Index::ZERO
            && log.last_index() < message.last.index
    })
}

/// A server is about to install a snapshot, and has another entry than its last.
pub fn has_a_conflict<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state).any(|(message, server)| {
        let term = server.log().term_at(message.last.index);
        completes(message, server) && term.is_some_and(|term| term != message.last.term)
    })
}

/// A snapshot is on its way to a server that has its last entry and one behind it, and does not
/// know that they are committed.
pub fn has_a_suffix<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state).any(|(message, server)| {
        server.log().contains(message.last)
            && server.commit < message.last.index
            && server.log().last_index() > message.last.index
    })
}

/// A piece is on its way to a server that has pieces of a newer snapshot.
pub fn an_older_piece<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state).any(|(message, server)| {
        let incoming = server.incoming.as_ref();
        message.piece.is_some() && incoming.is_some_and(|it| it.last.index > message.last.index)
    })
}

/// A piece that is not the first is on its way to a server that has pieces of an older snapshot.
pub fn a_newer_piece<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state).any(|(message, server)| {
        let incoming = server.incoming.as_ref();
        message.piece.is_some() && incoming.is_some_and(|it| it.last.index < message.last.index)
    })
}

/// A server has applied entries since it began to take a snapshot.
pub fn is_outrun<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| {
        server.taking.as_ref().is_some_and(|taking| taking.last.index < server.applied.index)
    })
}

/// A server is about to install a snapshot while it takes an older one.
pub fn has_an_older_one<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state)
        .any(|(message, server)| completes(message, server) && server.taking.is_some())
}

/// A snapshot is on its way to a server that has committed more.
pub fn an_old_snapshot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    on_their_way::<P>(state).any(|(message, server)| message.last.index < server.commit)
}

/// Entries are on their way to a server that has compacted what is before them.
pub fn compacted_before<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|envelope| {
        let service::Message::Peer(Message::AppendEntries(message)) = envelope.msg else {
            return false;
        };
        up::<P>(state, envelope.dst).is_some_and(|server| {
            message.term >= server.term() && message.previous.index < server.log().base().index
        })
    })
}

/// A server has a piece of a snapshot, and not all of it.
pub fn a_piece<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| server.incoming.is_some())
}

/// A command is on its way to a leader that has it in no log, and knows what it returned.
pub fn asked_of_a_snapshot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|envelope| {
        let service::Message::Request(request) = envelope.msg else { return false };
        up::<P>(state, envelope.dst).is_some_and(|server| {
            let is_it = |payload: &Payload<_>| match payload {
                Payload::Command(own) => own == request,
                Payload::NoOp | Payload::Config(_) => false,
            };
            let mut entries = server.log().behind(Index::ZERO);
            server.is_leader()
                && server.applied.sessions.has_done(request.session, request.sequence)
                && !entries.any(|(_, entry)| is_it(&entry.payload))
        })
    })
}
