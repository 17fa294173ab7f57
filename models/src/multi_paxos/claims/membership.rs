//! What is true of clusters that change their servers, and what must be possible.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::properties::{Named, System, SystemState};
use crate::claims::{servers, servers_up};
use crate::member::Member;
use crate::multi_paxos::ballot::Ballot;
use crate::multi_paxos::config::{Changes, Config};
use crate::multi_paxos::log::Value;
use crate::multi_paxos::membership::Changing;
use crate::multi_paxos::state::{Role, ServerState};
use crate::multi_paxos::{Params, Server};
use crate::number::Index;

/// One of the servers of a system, which are all set up the same.
///
/// # Panics
/// If there is none.
pub fn any_server<P: Params>(system: &System<P>) -> &Server<P> {
    let server = system.actors.iter().find_map(|actor| match actor {
        Member::Server(server) => Some(server),
        Member::Client(_) | Member::Operator(_) => None,
    });
    server.expect("a server")
}

/// Those that decide about the next slots by what a server knows, the present ones first.
fn open<'a, P: Params>(
    system: &'a System<P>,
    server: &'a ServerState<P::Machine>,
) -> impl Iterator<Item = &'a Config> {
    let own = any_server(system);
    let present = server.changes.at(server.chosen().next(), own.delay());
    let founders = present.is_none().then_some(&own.founders);
    founders.into_iter().chain(server.changes.iter())
}

/// The voters when all that anybody takes as chosen has taken effect.
fn latest<'a, P: Params>(system: &'a System<P>, state: &'a SystemState<P>) -> &'a BTreeSet<Id> {
    let changes = state.history.chosen.iter().filter_map(|(_, value)| match value {
        Value::Change(config) => Some(config),
        Value::NoOp | Value::Command(_) => None,
    });
    &changes.last().unwrap_or(&any_server(system).founders).voters
}

/// Who has no vote any more does not lead.
pub const LEADERS_VOTE: &str = "whoever leads has a vote";

/// Claims beside those of every spec.
pub fn claims<P: Params>() -> Vec<Named<P>> {
    vec![(LEADERS_VOTE, leaders_vote)]
}

/// Whoever leads decides about some slot that may be open.
fn leaders_vote<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let mut leaders = servers(state).filter(|(_, server)| server.is_leader());
    leaders.all(|(id, leader)| open(system, leader).any(|config| config.voters.contains(&id)))
}

/// A server knows that a change has taken effect.
pub fn a_change<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let delay = any_server(system).delay();
    servers(state).any(|(_, server)| server.changes.at(server.chosen().next(), delay).is_some())
}

/// A server leads that has a vote when a change has taken effect.
pub fn who_is_left_leads<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let voters = latest(system, state);
    let is_changed = *voters != any_server(system).founders.voters;
    is_changed && servers_up(state).any(|(id, server)| server.is_leader() && voters.contains(&id))
}

/// A server leads that was no founder.
pub fn a_new_server_leads<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let founders = &any_server(system).founders.voters;
    servers_up(state).any(|(id, server)| server.is_leader() && !founders.contains(&id))
}

/// A server has a vote, and another store than at first.
pub fn a_new_store_votes<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let first = &any_server(system).founders.stores;
    servers_up(state).any(|(id, server)| {
        let store = server.storage.store;
        let mut known = open(system, server);
        known.all(|config| config.voters.contains(&id) && !config.is_lost(id, store))
            && first.get(&id) != Some(&store)
    })
}

/// Something is chosen for a slot about which a change has decided.
pub fn chosen_by_new<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let alpha = any_server(system).limits.alpha;
    let mut changes = Changes::default();
    state.history.chosen.iter().any(|(slot, value)| {
        let is_new = changes.at(slot, alpha).is_some();
        if let Value::Change(config) = value {
            changes.push(slot, config.clone());
        }
        is_new
    })
}

/// Of those who have a vote when all has taken effect, one leads, and a majority with it.
pub fn a_majority_follows<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let voters = latest(system, state);
    let config = Config { voters: voters.clone(), ..Config::default() };
    let up: Vec<_> = servers_up(state).collect();
    up.iter().any(|(id, leader)| {
        let follows = Role::Follower { leader: Some(*id) };
        let has = |voter| {
            up.iter().any(|(other, it)| {
                *other == voter
                    && it.promised() == leader.promised()
                    && (voter == *id || it.role == follows)
            })
        };
        leader.is_leader() && voters.contains(id) && config.is_quorum(has)
    })
}

/// All that are up and take part know the same to be chosen, and nothing is open.
pub fn members_caught_up<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let voters = latest(system, state);
    let all = || servers_up(state).filter(|(id, _)| voters.contains(id)).map(|(_, it)| it);
    let chosen: BTreeSet<_> = all().map(|server| server.chosen()).collect();
    chosen.len() == 1 && all().all(|server| server.storage.accepted.is_empty())
}

/// These have a vote, by what all of them know who are up.
pub fn so_many_vote<const N: usize, P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let delay = any_server(system).delay();
    let voters = latest(system, state);
    let mut all = servers_up(state).filter(|(id, _)| voters.contains(id));
    voters.len() == N
        && all.all(|(_, it)| {
            let present = it.changes.at(it.chosen().next(), delay);
            present.is_some_and(|config| config.voters == *voters)
        })
}

/// Who was removed and does not know it stands in vain.
pub const REMOVED_IN_VAIN: &str = "who knows of a removal has promised nothing to who is removed";

/// Nobody has promised the ballot of another server that has no vote by what it knows.
pub fn removed_stands_in_vain<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).all(|(id, server)| {
        let owner = server.promised().server;
        let is_own = owner == id || server.promised() == Ballot::none();
        is_own || open(system, server).any(|config| config.voters.contains(&owner))
    })
}

/// Every change that a leader knows of has taken effect.
pub fn nothing_pending<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let delay = any_server(system).delay();
    servers_up(state).all(|(_, server)| {
        server.leader().is_none_or(|leader| {
            let Changing { last, wanted, .. } = &leader.changing;
            wanted.is_none() && (last.0 == 0 || last.0 + delay <= server.chosen().0 + 1)
        })
    })
}

/// Nobody stands, and nobody leads who has no vote.
pub fn nobody_disturbs<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let voters = latest(system, state);
    servers_up(state)
        .all(|(id, server)| matches!(server.role, Role::Follower { .. }) || voters.contains(&id))
}

/// A server that has just started has a snapshot with a change, and not in its log.
pub fn starts_with_a_change<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| {
        let (storage, snapshot) = (&server.storage, &server.storage.snapshot);
        let change = snapshot.as_ref().map(|known| known.changes.last());
        matches!(server.role, Role::Follower { leader: None })
            && change.is_some_and(|slot| Index::ZERO < slot && slot <= storage.log.base())
    })
}
