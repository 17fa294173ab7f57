//! What must be true of leaders that hand over, and what must be possible.

use stateright::actor::Id;

use super::properties::{System, SystemState};
use crate::claims::{servers, servers_up};
use crate::number::{Index, Term};
use crate::raft::Params;
use crate::raft::identity::StoreId;
use crate::raft::message::Message::TimeoutNow;
use crate::raft::state::{Role, ServerState};
use crate::service::Message;

pub const HEIR_HAS_ALL: &str = "whoever is told to stand has all that its leader has";
pub const HEIR_ALONE: &str = "nobody is told to stand but whoever is to take over";
pub const ONE_TERM_EACH: &str = "an election or an order makes one term at most";

/// Whom the operator of these specs wants to lead: the second server.
pub const HEIR: usize = 1;

fn server<P: Params>(state: &SystemState<P>, id: Id) -> Option<&ServerState<P::Machine>> {
    state.actor_states.get(usize::from(id))?.server()
}

/// As long as its leader is handing over, whoever is told to stand has all of that one's log: so
/// its election costs nobody a command.
pub fn heir_has_all<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().all(|message| {
        let Message::Peer(TimeoutNow(told)) = message.msg else { return true };
        match (server::<P>(state, message.src), server::<P>(state, message.dst)) {
            (Some(leader), Some(heir)) if leader.hands_over().is_some() => {
                leader.term() != told.term || heir.log().starts_with(leader.log())
            }
            _ => true,
        }
    })
}

/// Nobody but the server that the operator named is told to stand.
pub fn heir_alone<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().all(|message| {
        !matches!(message.msg, Message::Peer(TimeoutNow(_))) || usize::from(message.dst) == HEIR
    })
}

/// No server is in a later term than the second: of a spec with one election and one order.
pub fn two_terms<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| server.term() <= Term(2))
}

/// A server that is up is handing over.
pub fn hands_over<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| server.hands_over().is_some())
}

/// No server that is up is handing over.
pub fn nobody_hands_over<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    !hands_over(system, state)
}

/// Whoever was to take over leads.
pub fn the_heir_leads<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(id, server)| usize::from(id) == HEIR && server.is_leader())
}

/// Whoever was to take over leads, in the term behind that of the first leader.
pub fn the_heir_leads_next<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let of_next = servers(state).any(|(_, server)| server.is_leader() && server.term() == Term(2));
    of_next && the_heir_leads(system, state)
}

/// A server is told to stand that is up and was wiped, of those whose stores had a number.
pub fn a_wiped_server_is_told<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let mut up = servers_up(state).filter(|(id, _)| *id == message.dst);
        matches!(message.msg, Message::Peer(TimeoutNow(_)))
            && up.any(|(_, server)| server.storage.store == StoreId::default())
    })
}

/// A leader has taken a command since it went on: whoever was to take over had all of its log when
/// it was told to stand, which is still on its way, and has not all of it any more.
pub fn takes_commands_again<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let Message::Peer(TimeoutNow(told)) = message.msg else { return false };
        let Some(leader) = server::<P>(state, message.src) else { return false };
        let Role::Leader { followers, transfer: None, .. } = &leader.role else { return false };
        let matched = followers.get(&message.dst).map_or(Index::ZERO, |known| known.matched);
        leader.term() == told.term && leader.log().last_index() > matched
    })
}
