//! What must be true of a leader and its follower, and what must be possible.

use stateright::actor::Id;

use super::state::{Role, ServerState};
use super::{Naive, Server};
use crate::claims::{self, Returned, is_explained, pairs, servers, servers_up};
use crate::kv::Kv;
use crate::service::{Sequence, Session};
use crate::state_machine::StateMachine;
use quorate_checker::spec::Step;

/// What the claims must know of the past: which operation returned before which was invoked.
pub type Ghost = Returned;
/// A system of these servers, with its clients.
pub type System = claims::System<Server, Ghost>;
/// Its state.
pub type SystemState = claims::SystemState<Server, Ghost>;
/// A condition on its state.
pub type Condition = fn(&System, &SystemState) -> bool;
/// A condition and its name.
pub type Named = (&'static str, Condition);

/// Some order of the commands explains every answer.
pub const LINEARIZABILITY: Named = ("linearizability", linearizability);
/// While somebody leads, every acknowledged write is in the log of a server that is up.
pub const NO_WRITE_LOST: Named = ("no acknowledged write is lost", no_write_is_lost);
/// A follower has what its leader has, in the same places, and nothing more.
pub const LOG_MATCHING: Named = ("log matching", logs_match);
/// An acknowledgement is worth what stays copied.
pub const COPY_KEPT: Named = ("a follower keeps what the leader counts on", copies_are_kept);
/// What the articles call consistency. It is no claim that a correct store could keep.
pub const SAME_READS: Named = ("all nodes read the same", all_read_the_same);
/// Two primaries would answer clients, and neither would know of the other.
pub const ONE_ALONE: Named = ("at most one server leads alone", one_leads_alone);
/// No two servers are elected in one term.
pub const ONE_LEADER: Named = ("at most one leader a term", one_leader_a_term);
/// Nobody but its own death takes a leader's office from it.
pub const LIVE_LEADER_LEADS: Named = ("a leader that is up leads on", a_live_leader_leads);

/// The ghost after `step`, if that changed it.
pub fn observe((): &(), ghost: &Ghost, step: &Step<'_, Naive>) -> Option<Ghost> {
    ghost.after(step)
}

fn linearizability(system: &System, state: &SystemState) -> bool {
    is_explained(system, state, &state.history)
}

fn no_write_is_lost(system: &System, state: &SystemState) -> bool {
    !a_leader_is_up(system, state)
        || claims::clients(system, state).all(|(id, client, own)| {
            let acknowledged = client.script.iter().take(own.answers.len());
            (1..).map(Sequence).zip(acknowledged).all(|(sequence, command)| {
                let session = Session::of(id);
                Kv::is_read_only(command)
                    || servers_up(state).any(|(_, server)| has(server, session, sequence))
            })
        })
}

/// True if the command of this number is in the server's log.
fn has(server: &ServerState, session: Session, sequence: Sequence) -> bool {
    server.log.iter().any(|entry| (entry.session, entry.sequence) == (session, sequence))
}

fn logs_match(_: &System, state: &SystemState) -> bool {
    let leaders = || servers_up(state).filter(|(_, server)| server.leads());
    let mut followers = servers_up(state).filter(|(_, server)| server.role == Role::Follower);
    followers
        .all(|(_, follower)| leaders().all(|(_, leader)| leader.log.starts_with(&follower.log)))
}

fn copies_are_kept(_: &System, state: &SystemState) -> bool {
    pairs(state).all(|(leader, follower)| match leader.role {
        Role::Leader { copied } => copied <= follower.log.len(),
        _ => true,
    })
}

fn all_read_the_same(_: &System, state: &SystemState) -> bool {
    pairs(state).all(|(a, b)| a.store() == b.store())
}

fn one_leads_alone(_: &System, state: &SystemState) -> bool {
    servers_up(state).filter(|(_, server)| server.role == Role::Alone).count() <= 1
}

fn one_leader_a_term(_: &System, state: &SystemState) -> bool {
    let is_elected = |server: &ServerState| server.role == Role::Elected;
    !pairs(state).any(|(a, b)| is_elected(a) && is_elected(b) && a.term == b.term)
}

fn a_live_leader_leads(system: &System, state: &SystemState) -> bool {
    the_leader_is_down(system, state) || a_leader_is_up(system, state)
}

/// A server that leads is up.
pub fn a_leader_is_up(_: &System, state: &SystemState) -> bool {
    servers_up(state).any(|(_, server)| server.leads())
}

/// The server that led at the start is down.
pub fn the_leader_is_down(_: &System, state: &SystemState) -> bool {
    state.crashed[0]
}

/// The monitor knows who of the others is down, or is down itself.
pub fn the_monitor_knows(_: &System, state: &SystemState) -> bool {
    let is_down = |id: Id| state.crashed[usize::from(id)];
    servers_up(state).all(|(_, server)| match &server.role {
        Role::Monitor { down, .. } => {
            servers(state).all(|(id, _)| is_down(id) == down.contains(&id))
        }
        _ => true,
    })
}

/// The follower leads.
pub fn the_follower_leads(_: &System, state: &SystemState) -> bool {
    servers_up(state).any(|(id, server)| id == Id::from(1) && server.leads())
}

/// The follower has an entry.
pub fn an_entry_is_copied(_: &System, state: &SystemState) -> bool {
    servers_up(state).any(|(id, server)| id == Id::from(1) && !server.log.is_empty())
}

/// Two servers stand for election in one term.
pub fn two_stand(_: &System, state: &SystemState) -> bool {
    let stands = |server: &ServerState| matches!(server.role, Role::Candidate { .. });
    pairs(state).any(|(a, b)| stands(a) && stands(b) && a.term == b.term)
}
