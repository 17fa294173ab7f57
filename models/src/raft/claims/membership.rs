//! What is true of clusters that change their servers, and what must be possible.

use stateright::actor::Id;

use super::properties::{Named, System, SystemState};
use crate::claims::{servers, servers_up};
use crate::member::Member;
use crate::number::Index;
use crate::raft::Params;
use crate::raft::config::{Config, Configs};
use crate::raft::log::Payload;
use crate::raft::state::{Role, ServerState};

/// A server forgets no configuration of its log, and goes by none that is not there.
pub const GOES_BY_ITS_LOG: &str = "a server goes by the configurations of its log";
/// Who learns does not lead, nor who knows for good that it is removed.
pub const LEADERS_VOTE: &str = "whoever leads has a vote or is needed yet";

/// Whoever leads in the newest term does not count on what is not there.
pub const MATCHED_IS_STORED: &str = "what a leader takes for stored is stored";

/// Of servers that lose nothing as long as they are members.
pub fn matched_is_stored<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let logs: Vec<_> = servers_up(state).map(|(id, server)| (id, server.log())).collect();
    let newest = servers_up(state).map(|(_, server)| server.term()).max();
    servers_up(state).filter(|(_, server)| Some(server.term()) == newest).all(|(_, leader)| {
        let Role::Leader { followers, .. } = &leader.role else { return true };
        logs.iter().all(|(id, log)| {
            followers.get(id).is_none_or(|known| known.matched <= log.last_index())
        })
    })
}

/// Claims beside those of every spec.
pub fn claims<P: Params>() -> Vec<Named<P>> {
    vec![(GOES_BY_ITS_LOG, goes_by_its_log), (LEADERS_VOTE, leaders_vote)]
}

/// What a snapshot stands for is not looked for in the log.
fn goes_by_its_log<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| {
        let snapshot = server.storage.snapshot.as_ref();
        let first = snapshot.map(|it| it.config.clone());
        let (since, first) = first.unwrap_or_else(|| (Index::ZERO, founders(system)));
        let mut expected = Configs::starting_at(since, first);
        let last = snapshot.map_or(Index::ZERO, |it| it.last.index);
        for (index, entry) in server.log().behind(last) {
            if let Payload::Config(config) = &entry.payload {
                expected.push(index, config.clone());
            }
        }
        server.configs == expected
    })
}

fn leaders_vote<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).filter(|(_, server)| server.is_leader()).all(|(id, leader)| {
        let (index, config) = leader.configs.latest();
        config.is_voter(id) || (!config.learners.contains(&id) && index > leader.commit)
    })
}

/// The configurations that are committed.
fn committed<P: Params>(state: &SystemState<P>) -> impl DoubleEndedIterator<Item = &Config> {
    state.history.committed.iter().filter_map(|it| match &it.entry.payload {
        Payload::Config(config) => Some(config),
        _ => None,
    })
}

/// A change is committed.
pub fn a_change<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    committed(state).any(|config| !config.is_joint())
}

/// A server knows that it is committed that four have a vote.
pub fn four_vote<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, server)| {
        let (index, config) = server.configs.latest();
        config.voters.len() == 4 && index <= server.commit
    })
}

/// Two changes are committed, of which neither is joint.
pub fn two_changes<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    committed(state).filter(|config| !config.is_joint()).count() > 1
}

/// A server knows that a joint configuration is committed, and no log has the one that ends it.
pub fn a_joint_configuration_stays<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let is_latest = |server: &ServerState<P::Machine>| {
        let (index, config) = server.configs.latest();
        config.is_joint() && index <= server.commit
    };
    servers_up(state).any(|(_, server)| is_latest(server))
}

/// A server that is removed stands for election.
pub fn a_removed_server_stands<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let Some(last) = committed(state).next_back() else { return false };
    servers_up(state).any(|(id, server)| {
        let asks = matches!(server.role, Role::Candidate { .. } | Role::PreCandidate { .. });
        asks && !last.members().contains(&id)
    })
}

/// A leader that is not a voter any more leads until that is committed.
pub fn a_removed_leader_leads<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(id, server)| server.is_leader() && !server.config().is_voter(id))
}

/// Who learnt has a vote, and leads.
pub fn a_promoted_server_leads<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let founders = founders(system);
    servers_up(state).any(|(id, server)| server.is_leader() && !founders.is_voter(id))
}

/// Who took part before any change.
///
/// # Panics
/// If there is no server.
pub fn founders<P: Params>(system: &System<P>) -> Config {
    let server = system.actors.iter().find_map(|actor| match actor {
        Member::Server(server) => Some(server),
        Member::Client(_) | Member::Operator(_) => None,
    });
    server.expect("a server").first_config()
}

/// Of those who have a vote by the latest configuration of a leader that is up, enough to decide
/// are that leader and those that follow it in its term.
pub fn a_quorum_follows<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let up = |id: Id| servers_up(state).find(|(other, _)| *other == id).map(|(_, server)| server);
    servers_up(state).filter(|(_, server)| server.is_leader()).any(|(id, leader)| {
        let follows = Role::Follower { leader: Some(id) };
        leader.config().is_quorum(&crate::rules::AllRules, |voter| {
            voter == id
                || up(voter).is_some_and(|it| it.term() == leader.term() && it.role == follows)
        })
    })
}

/// No leader that is up has a joint configuration.
pub fn nobody_is_joint<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).all(|(_, server)| !server.is_leader() || !server.config().is_joint())
}

/// No server that is up stands, or asks whether it may.
pub fn nobody_asks<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).all(|(_, server)| {
        !matches!(server.role, Role::PreCandidate { .. } | Role::Candidate { .. })
    })
}

/// Every leader that is up sends its entries to the members of its configuration alone.
pub fn followers_are_members<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).all(|(_, server)| match &server.role {
        Role::Leader { followers, .. } => {
            let members = server.config().members();
            followers.keys().all(|id| members.contains(id))
        }
        _ => true,
    })
}

/// No leader that is up waits for a configuration to be committed.
pub fn nothing_pending<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state)
        .all(|(_, server)| !server.is_leader() || server.configs.latest().0 <= server.commit)
}
