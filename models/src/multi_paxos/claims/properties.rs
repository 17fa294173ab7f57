//! What must be true of Multi-Paxos, and what must be possible, so that nothing holds for want of
//! behaviour.

use std::collections::BTreeSet;
use std::sync::Arc;

use stateright::actor::Id;

use super::ghost::Ghost;
use super::membership;
use crate::claims::{self, all_answered, is_explained, pairs, servers, servers_up};
use crate::multi_paxos::config::Changes;
use crate::multi_paxos::lease;
use crate::multi_paxos::log::Value;
use crate::multi_paxos::state::{Role, ServerState, Storage};
use crate::multi_paxos::{MachineOf, Params, Server};
use crate::number::Index;
use crate::quorum::is_majority;
use crate::state_machine::StateMachine;

/// The members of a system, and its history.
pub type System<P> = claims::System<Server<P>, Arc<Ghost<MachineOf<P>>>>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Arc<Ghost<MachineOf<P>>>>;
/// What is true or not of a state.
pub type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const LINEARIZABILITY: &str = "linearizability";
pub const ONE_VALUE: &str = "one value is chosen for a slot, once and for all";
pub const MAJORITY_HOLDS: &str = "a majority holds what is chosen";
pub const LEADER_HAS_ALL: &str = "the leader of the highest ballot has what is chosen";
pub const QUORUM_PROMISED: &str = "a majority has promised the ballot of whoever leads";
pub const COUNTED_ACCEPTED: &str = "whoever is counted has accepted, and for an open slot";
pub const ACCEPTED_IS_PROMISED: &str = "what is accepted is not above the promise";
pub const ONE_PROPOSAL: &str = "one value is proposed in a ballot for a slot";
pub const NEVER_BACK: &str = "what a server knows to be chosen only grows, but for a crash";
pub const STATE_FOLLOWS: &str = "the state is what the chosen commands make of it, each once";

/// What the clients see, and why.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (LINEARIZABILITY, linearizability),
        (ONE_VALUE, one_value),
        (MAJORITY_HOLDS, majority_holds),
        (LEADER_HAS_ALL, leader_has_all),
        (QUORUM_PROMISED, quorum_promised),
        (COUNTED_ACCEPTED, counted_accepted),
        (ACCEPTED_IS_PROMISED, accepted_is_promised),
        (ONE_PROPOSAL, one_proposal),
        (NEVER_BACK, never_back),
        (STATE_FOLLOWS, state_follows),
    ]
}

/// Some order of the operations explains what the clients were told.
pub fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// Whatever a server takes as chosen for a slot is what was first taken as chosen for it.
pub fn one_value<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let first = &state.history.chosen;
    servers(state).all(|(_, server)| {
        server.storage.log.iter().all(|(slot, value)| first.get(slot) == Some(value))
    })
}

/// Whether a server holds this value for a slot, chosen or accepted. What is compacted is not
/// compared, for the state tells what it was. Who has lost its disk counts for what it held.
fn holds<M: StateMachine>(server: &ServerState<M>, slot: Index, value: &Value<M::Command>) -> bool {
    let storage = &server.storage;
    server.is_wiped || slot <= storage.log.base() || server.held(slot) == Some(value)
}

/// More than half of those who decide about a slot hold what anybody takes as chosen for it,
/// whether they know that it is or have accepted it.
fn majority_holds<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let server = membership::any_server(system);
    let mut changes = Changes::default();
    state.history.chosen.iter().all(|(slot, value)| {
        let config = changes.at(slot, server.limits.alpha).unwrap_or(&server.founders);
        let held = |id: Id, server: &ServerState<_>| {
            config.is_lost(id, server.storage.store) || holds(server, slot, value)
        };
        let is_held =
            config.is_quorum(|id| servers(state).any(|(it, own)| it == id && held(it, own)));
        if let Value::Change(config) = value {
            changes.push(slot, config.clone());
        }
        is_held
    })
}

/// A leader with the highest ballot that anybody has promised knows all that is chosen, or has
/// proposed it, or is going to as soon as there is room. It has yet to be told of slots of which it
/// does not know who decides about them.
fn leader_has_all<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let alpha = membership::any_server(system).limits.alpha;
    let highest = servers(state).map(|(_, server)| server.promised()).max();
    let leads = |it: &&ServerState<_>| it.is_leader() && Some(it.promised()) == highest;
    let is_next = |leader: &ServerState<_>, slot: Index, value: &Value<_>| {
        let reported = leader.leader().and_then(|it| it.reported.get(&slot));
        reported.is_some_and(|pvalue| pvalue.value == *value)
    };
    servers(state).map(|(_, server)| server).filter(leads).all(|leader| {
        let last = leader.chosen().0 + alpha;
        let mut chosen = state.history.chosen.iter().filter(|(slot, _)| slot.0 <= last);
        chosen.all(|(slot, value)| holds(leader, slot, value) || is_next(leader, slot, value))
    })
}

/// More than half of the servers accept nothing below the ballot of a leader.
fn quorum_promised<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let all: Vec<_> = servers(state).map(|(_, server)| server).collect();
    all.iter().filter(|server| server.is_leader()).all(|leader| {
        let has_promised =
            |it: &&&ServerState<_>| it.is_wiped || it.promised() >= leader.promised();
        is_majority(all.iter().filter(has_promised).count(), all.len())
    })
}

/// Those whom a leader counts for a slot have accepted what it proposed or something later, or hold
/// what is chosen. It counts for no slot of which it knows what is chosen.
fn counted_accepted<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let chosen = &state.history.chosen;
    let has_accepted = |server: &ServerState<_>, slot: &Index, ballot| {
        let accepted = server.storage.accepted.get(slot);
        accepted.is_some_and(|it| it.ballot >= ballot)
            || chosen.get(*slot).is_some_and(|value| holds(server, *slot, value))
            || server.is_wiped
    };
    servers(state).all(|(_, leader)| {
        let Some(own) = leader.leader() else { return true };
        own.accepted_by.iter().all(|(slot, counted)| {
            let mut counted = servers(state).filter(|(id, _)| counted.contains(id));
            *slot > leader.chosen()
                && counted.all(|(_, server)| has_accepted(server, slot, leader.promised()))
        })
    })
}

/// No server has accepted anything of a higher ballot than it has promised.
fn accepted_is_promised<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| {
        server.storage.accepted.values().all(|it| it.ballot <= server.promised())
    })
}

/// No two servers have accepted different values of one ballot for one slot.
fn one_proposal<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    pairs(state).all(|(a, b)| {
        a.storage.accepted.iter().all(|(slot, own)| {
            let other = b.storage.accepted.get(slot).filter(|it| it.ballot == own.ballot);
            other.is_none_or(|other| other.value == own.value)
        })
    })
}

/// No server that did not crash knows less to be chosen than before.
fn never_back<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.went_back
}

/// A server's state is what the chosen commands make of an empty one, each of them once, and it
/// goes by the chosen changes.
fn state_follows<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let delay = membership::any_server(system).delay();
    let chosen = &state.history.chosen;
    servers(state).all(|(_, server)| {
        let mut again = ServerState::<MachineOf<P>>::of(Storage::of(0), true, delay);
        let known = chosen.iter().take_while(|(slot, _)| *slot <= server.chosen());
        known.for_each(|(slot, value)| again.perform(slot, value, true));
        again.changes.forget_before(server.chosen(), delay);
        again.data == server.data && again.changes == server.changes
    })
}

/// A server that is up leads, and all others that are up follow it in its ballot.
pub fn one_leader<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let Some((id, leader)) = servers_up(state).find(|(_, server)| server.is_leader()) else {
        return false;
    };
    let follows = Role::Follower { leader: Some(id) };
    servers_up(state).all(|(other, server)| {
        server.promised() == leader.promised() && (other == id || server.role == follows)
    })
}

/// All servers that are up know the same to be chosen, and have accepted nothing beyond.
pub fn all_caught_up<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let all = || servers_up(state).map(|(_, server)| server);
    let chosen: BTreeSet<_> = all().map(|server| server.chosen()).collect();
    chosen.len() == 1 && all().all(|server| server.storage.accepted.is_empty())
}

/// Two servers have accepted different values for one slot.
pub fn two_for_one_slot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    pairs(state).any(|(a, b)| {
        let mut both = a.storage.accepted.iter();
        both.any(|(slot, own)| {
            b.storage.accepted.get(slot).is_some_and(|other| other.value != own.value)
        })
    })
}

/// A server that is up leads.
pub fn one_leads<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| server.is_leader())
}

pub const LEASE_IS_ALONE: &str = "as long as a leader holds a lease, nobody leads above its ballot";

/// No server that holds a lease has a lower ballot than another one that leads.
pub fn lease_is_alone<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let leaders = || servers_up(state).map(|(_, server)| server).filter(|it| it.is_leader());
    let mut holders = leaders().filter(|server| lease::is_held(server));
    holders.all(|holder| leaders().all(|leader| leader.promised() <= holder.promised()))
}

/// A leader holds a lease.
pub fn a_lease<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, server)| lease::is_held(server))
}

/// Clients have had more answers than there are commands that are chosen.
pub fn a_read_without_a_slot<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let answers: usize = claims::scripts(system, state).map(|(_, answered)| answered).sum();
    answers as u64 > state.history.chosen.last().0
}

/// Two servers that are up lead, each in a ballot of its own.
pub fn two_lead<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).filter(|(_, server)| server.is_leader()).count() >= 2
}

/// A leader has begun with what others had accepted of a lower ballot.
pub fn an_adopted_value<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.adopted
}

/// A leader has begun so, and something was chosen since that another server accepted of a lower
/// ballot.
pub fn chosen_in_a_later_ballot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_chosen_elsewhere = |slot: &Index, value: &Value<_>| {
        servers(state).any(|(_, server)| server.storage.log.get(*slot) == Some(value))
    };
    state.history.adopted
        && servers(state).any(|(_, server)| {
            let mut accepted = server.storage.accepted.iter();
            accepted.any(|(slot, it)| is_chosen_elsewhere(slot, &it.value))
        })
}

/// A no-op is chosen for a slot, and a command for one behind it.
pub fn a_no_op_below_a_command<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let mut behind = state.history.chosen.iter().skip_while(|(_, it)| **it != Value::NoOp);
    behind.any(|(_, it)| *it != Value::NoOp)
}

/// Three servers have accepted one command for one slot, each in another ballot.
pub fn a_command_in_three_ballots<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, one)| {
        one.storage.accepted.iter().any(|(slot, own)| {
            let accepted = servers(state).filter_map(|(_, it)| it.storage.accepted.get(slot));
            let same = accepted.filter(|it| it.value == own.value);
            same.map(|it| it.ballot).collect::<BTreeSet<_>>().len() >= 3
        })
    })
}

/// A command is chosen for two slots.
pub fn chosen_twice<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let requests = state.history.chosen.iter().filter_map(|(_, value)| value.request());
    let numbers: Vec<_> = requests.map(|it| (it.session, it.sequence)).collect();
    numbers.iter().collect::<BTreeSet<_>>().len() < numbers.len()
}

/// A server was told what is chosen, and had not accepted it.
pub fn a_catch_up<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.caught_up
}

/// A server was given a snapshot.
pub fn an_installed_snapshot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.installed
}

/// A server has some pieces of a snapshot and not all, and another one has a later snapshot.
pub fn a_part_of_an_older_snapshot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let parts = servers_up(state).filter_map(|(_, it)| it.incoming.as_ref());
    let latest = servers_up(state).map(|(_, it)| it.storage.snapshot_last()).max();
    parts.into_iter().any(|part| latest > Some(part.last))
}

/// A server was given a snapshot, and one has started again with a snapshot of all that is chosen.
pub fn starts_with_a_snapshot<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let follows_nobody = |role: &Role<_>| matches!(role, Role::Follower { leader: None });
    let chosen = state.history.chosen.last();
    state.history.installed
        && servers_up(state)
            .any(|(_, it)| follows_nobody(&it.role) && it.storage.snapshot_last() == chosen)
}

/// A server that has lost its disk is up, and another one leads with what it was told.
pub fn a_wiped_server<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.adopted && servers_up(state).any(|(_, it)| it.is_wiped)
}

/// A server has lost its disk, and knows what is chosen nevertheless.
pub fn a_wiped_server_learns<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, it)| it.is_wiped && it.chosen() > Index::ZERO)
}

/// Every command is answered, and a leader has begun with what others had accepted.
pub fn answered_after_a_change<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    state.history.adopted && all_answered(system, state)
}
