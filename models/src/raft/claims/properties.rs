//! What must be true of Raft (figure 3, and what clients see), and what must be possible, so that
//! nothing holds for want of behaviour.

use std::sync::Arc;

use stateright::actor::Id;

use super::ghost::Ghost;
use crate::claims::{self, is_explained, pairs, servers, servers_up};
use crate::number::{Index, Term};
use crate::quorum::is_majority;
use crate::raft::log::{Entry, Log, Payload};
use crate::raft::state::{Role, ServerState};
use crate::raft::{MachineOf, Params, Server};

/// The members of a Raft system and its history.
pub type System<P> = claims::System<Server<P>, Arc<Ghost<MachineOf<P>>>>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Arc<Ghost<MachineOf<P>>>>;
/// A condition on its state.
pub type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const ELECTION_SAFETY: &str = "election safety";
pub const LEADER_APPEND_ONLY: &str = "leader append-only";
pub const LOG_MATCHING: &str = "log matching";
pub const LEADER_COMPLETENESS: &str = "leader completeness";
pub const STATE_MACHINE_SAFETY: &str = "state machine safety";
pub const LINEARIZABILITY: &str = "linearizability";

/// Where no storage is rolled back.
pub const NOBODY_TAKEN_OUT: &str = "nobody is taken out";

/// The five properties of figure 3, and linearizability of what the clients saw.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (ELECTION_SAFETY, election_safety),
        (LEADER_APPEND_ONLY, leader_append_only),
        (LOG_MATCHING, log_matching),
        (LEADER_COMPLETENESS, leader_completeness),
        (STATE_MACHINE_SAFETY, state_machine_safety),
        (LINEARIZABILITY, linearizability),
    ]
}

/// The servers that are up, but for those that have lost what they acknowledged and know it.
fn taking_part<P: Params>(
    state: &SystemState<P>,
) -> impl Iterator<Item = (Id, &ServerState<P::Machine>)> {
    servers_up(state).filter(|(_, server)| !server.is_taken_out())
}

/// At most one leader can be elected in a given term. (§5.2)
fn election_safety<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let two_now = pairs(state).any(|(a, b)| a.is_leader() && b.is_leader() && a.term() == b.term());
    !two_now && state.history.winners.values().all(|winners| winners.len() == 1)
}

/// A leader never overwrites or deletes entries in its log; it only appends new entries. (§5.3)
fn leader_append_only<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.leader_rewrote
}

/// If two logs contain an entry with the same index and term, then the logs are identical in all
/// entries up through the given index. (§5.3)
fn log_matching<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    pairs(state).all(|(a, b)| {
        let (a, b) = (a.log(), b.log());
        // What is compacted in one of them stands nowhere to be compared.
        let first = a.base().index.max(b.base().index);
        let mut index = a.last_index().min(b.last_index());
        while index > first && a.term_at(index) != b.term_at(index) {
            index = Index(index.0 - 1);
        }
        index <= first
            || (a.term_at(first) == b.term_at(first)
                && (first.0 + 1..=index.0).map(Index).all(|index| a.get(index) == b.get(index)))
    })
}

/// If a log entry is committed in a given term, then that entry will be present in the logs of the
/// leaders for all higher-numbered terms. (§5.4) The term is that of the commitment: an entry of an
/// older term may be missing from leaders between its own term and the one that committed it.
fn leader_completeness<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).filter(|(_, server)| server.is_leader()).all(|(_, leader)| {
        (1..).map(Index).zip(&state.history.committed).all(|(index, committed)| {
            committed.term >= leader.term() || has(leader.log(), index, &committed.entry)
        })
    })
}

/// True if this entry is in the log, or is compacted, as far as the log still tells.
fn has<C: Clone + PartialEq>(log: &Log<C>, index: Index, entry: &Entry<C>) -> bool {
    if index > log.base().index {
        return log.get(index) == Some(entry);
    }
    index < log.base().index || entry.term == log.base().term
}

/// If a server has applied a log entry at a given index to its state machine, no other server will
/// ever apply a different log entry for the same index. (§5.4.3) What two servers have computed
/// from the same entries is the same: the machine, and what the sessions were answered.
fn state_machine_safety<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let committed = &state.history.committed;
    let applied_what_is_committed = servers(state).all(|(_, server)| {
        (1..=server.applied.index.0).all(|index| {
            let committed = committed.get(index as usize - 1);
            committed.is_some_and(|it| has(server.log(), Index(index), &it.entry))
        })
    });
    applied_what_is_committed
        && pairs(state).all(|(a, b)| a.applied.index != b.applied.index || a.applied == b.applied)
}

/// Some order of the operations explains what the clients were told.
pub fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// A server is leader.
pub fn a_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, server)| server.is_leader())
}

/// A server that is up is leader.
pub fn a_leader_is_up<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| server.is_leader())
}

/// A server that is up is leader, and all others that are up and take part follow it in its term.
pub fn all_follow_a_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let Some((id, leader)) = servers_up(state).find(|(_, server)| server.is_leader()) else {
        return false;
    };
    let follows = Role::Follower { leader: Some(id) };
    taking_part(state).all(|(other, server)| {
        server.term() == leader.term() && (other == id || server.role == follows)
    })
}

/// Of all servers a majority are a leader that is up and those that follow it in its term.
pub fn a_majority_follows<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let count = servers(state).count();
    servers_up(state).filter(|(_, server)| server.is_leader()).any(|(id, leader)| {
        let follows = Role::Follower { leader: Some(id) };
        let led = servers_up(state)
            .filter(|(_, server)| server.term() == leader.term() && server.role == follows);
        is_majority(1 + led.count(), count)
    })
}

/// No server that is up stands for election.
pub fn nobody_stands<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).all(|(_, server)| !matches!(server.role, Role::Candidate { .. }))
}

/// No server is in a later term than the first.
pub fn one_term<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| server.term() <= Term(1))
}

/// The first two servers are in no later term than the first.
pub fn one_term_of_two<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).take(2).all(|(_, server)| server.term() <= Term(1))
}

/// A server asks whether it may stand, and a majority follows a leader.
pub fn asks_though_led<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let asks = |server: &ServerState<P::Machine>| matches!(server.role, Role::PreCandidate { .. });
    a_majority_follows(system, state) && servers_up(state).any(|(_, server)| asks(server))
}

/// All servers that are up and take part know of the same entries that they are committed.
pub fn all_caught_up<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let mut commits = taking_part(state).map(|(_, server)| server.commit);
    let first = commits.next();
    commits.all(|commit| Some(commit) == first)
}

/// Two servers that are up stand in the same term.
pub fn a_split_vote<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let stands = |server: &&ServerState<P::Machine>| matches!(server.role, Role::Candidate { .. });
    let candidates = || servers_up(state).map(|(_, server)| server).filter(stands);
    candidates().any(|one| candidates().filter(|other| other.term() == one.term()).count() > 1)
}

/// A server that is up leads behind entries of an older term.
pub fn a_later_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let mut leaders = servers_up(state).filter(|(_, server)| server.is_leader());
    leaders.any(|(_, leader)| leader.log().term_at(Index(1)).is_some_and(|t| t < leader.term()))
}

/// Two terms have had a leader.
pub fn a_second_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.winners.len() >= 2
}

/// An entry is committed.
pub fn a_commit<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.committed.is_empty()
}

/// A client's command is committed in a later term than the one it was appended in.
pub fn an_older_command_committed<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.committed.iter().any(|committed| {
        matches!(committed.entry.payload, Payload::Command(_))
            && committed.term > committed.entry.term
    })
}

/// A server lost an entry of its log to a newer leader's.
pub fn an_overwritten_entry<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.overwritten
}

/// A server that crashed is up again, with its log.
pub fn a_recovered_server<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.recovered
}

/// A server has lost what it acknowledged, and knows it.
pub fn a_server_taken_out<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, server)| server.is_taken_out())
}

/// A leader has been told that a server has lost what it acknowledged.
pub fn a_leader_knows_of_a_loss<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, server)| match &server.role {
        Role::Leader { followers, .. } => followers.values().any(|progress| progress.is_lost),
        _ => false,
    })
}

/// A leader counts on no server that has lost what it acknowledged.
pub fn the_lost_do_not_count<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| match &server.role {
        Role::Leader { followers, .. } => {
            followers.values().all(|progress| !progress.is_lost || progress.matched == Index::ZERO)
        }
        _ => true,
    })
}

/// No server is taken for one that has lost what it acknowledged: of a spec in which no storage is
/// lost.
pub fn nobody_is_taken_out<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| !server.is_taken_out())
}
