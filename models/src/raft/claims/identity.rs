//! What is true of servers that know each other by their stores, and what must be possible.

use stateright::actor::Id;

use super::membership::founders;
use super::properties::{Named, System, SystemState};
use crate::claims::{servers, servers_up};
use crate::raft::Params;
use crate::raft::identity::{StoreId, has_other_store, is_voteless};
use crate::raft::message::Message;
use crate::raft::state::Role;
use crate::service;

/// A record is dropped when its server leaves.
pub const STORES_OF_MEMBERS: &str = "the stores on record are those of members";
/// Who came later had its store recorded before it got its vote.
pub const VOTERS_ARE_RECORDED: &str = "the store of each voter that came later is on record";

/// Who is wiped would vote for itself.
pub const WIPED_DOES_NOT_STAND: &str = "whoever stands has no other store than is on record";

/// A leader would record for ever what it has recorded.
pub const CONFIGS_DIFFER: &str = "each configuration says something new";

/// Claims beside those of every spec.
pub fn claims<P: Params>() -> Vec<Named<P>> {
    vec![
        (STORES_OF_MEMBERS, stores_of_members),
        (VOTERS_ARE_RECORDED, voters_are_recorded),
        (WIPED_DOES_NOT_STAND, wiped_does_not_stand),
        (CONFIGS_DIFFER, configs_differ),
    ]
}

fn stores_of_members<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| {
        let members = server.config().members();
        server.config().stores.keys().all(|id| members.contains(id))
    })
}

fn voters_are_recorded<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let founders = founders(system);
    servers(state).all(|(_, server)| {
        let config = server.config();
        config.voters.iter().all(|id| founders.is_voter(*id) || config.stores.contains_key(id))
    })
}

fn wiped_does_not_stand<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).all(|(id, server)| {
        let rests = matches!(server.role, Role::Follower { .. } | Role::TakenOut { .. });
        rests || !has_other_store(id, server)
    })
}

fn configs_differ<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| {
        let (index, latest) = server.configs.latest();
        let (from, before) = server.configs.before(index);
        from == index || before != latest
    })
}

/// The store of each server that is up.
fn stores<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = (Id, StoreId)> {
    servers_up(state).map(|(id, server)| (id, server.storage.store))
}

/// A candidate asks a server that has another store than the candidate knows of.
pub fn is_asked_as_another<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|envelope| match &envelope.msg {
        service::Message::Peer(Message::RequestVote(request)) => stores::<P>(state)
            .any(|(id, store)| id == envelope.dst && request.store.is_some_and(|it| it != store)),
        _ => false,
    })
}

/// A leader has heard a server that has another store than is recorded, which has all of its log.
pub fn a_leader_hears_another<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| match &server.role {
        Role::Leader { followers, .. } => followers
            .values()
            .any(|known| known.has_other_store && known.matched == server.log().last_index()),
        _ => false,
    })
}

/// A server that was wiped, of those whose stores had a number, asks for a piece of a snapshot.
pub fn a_wiped_server_asks<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|envelope| match &envelope.msg {
        service::Message::Peer(Message::SnapshotReply(asks)) => {
            asks.store == Some(StoreId::default())
        }
        _ => false,
    })
}

/// A leader is asked for a change, and knows that one of three voters has lost its store.
pub fn is_asked_when_one_is_lost<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_asked = |leader: Id| {
        let mut envelopes = state.network.iter_all();
        envelopes.any(|it| it.dst == leader && matches!(it.msg, service::Message::Order(_)))
    };
    servers_up(state).any(|(id, server)| {
        let voters = &server.config().voters;
        let lost = voters.iter().filter(|voter| is_voteless(server, **voter)).count();
        is_asked(id) && lost == 1 && voters.len() == 3
    })
}

/// A server that was wiped, of those whose stores had a number, has voted for another one.
pub fn a_wiped_server_votes<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(id, server)| {
        let storage = &server.storage;
        storage.store == StoreId::default() && storage.voted_for.is_some_and(|it| it != id)
    })
}

/// A leader that is up knows each member's store, and that this is committed.
pub fn all_are_recorded<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| {
        let (index, config) = server.configs.latest();
        let is_recorded = config.members().iter().all(|id| config.stores.contains_key(id));
        server.is_leader() && index <= server.commit && is_recorded
    })
}
