//! Multi-Paxos as a protocol that a node runs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::config::Config;
use super::snapshot::Snapshot;
use super::state::{Role, ServerState, Storage};
use super::{Limits, Server, Timer, Timing, storage};
use crate::durable::{Ahead, Early};
use crate::kv::Kv;
use crate::protocol::{
    Awaited, Misfit, NewStore, Protocol, Said, Settings, majority_follows, milliseconds,
};
use crate::quorum::is_majority;
use crate::rules::AllRules;
use crate::service::{NO_MEMBER, Number, Part, Status, Stores};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

const AGAIN: &str = "again";
const SILENCE: &str = "silence";
const LEASE_READS: &str = "lease_reads";

/// The role of a server that is to get a vote, or has lost its disk: it learns what is chosen, and
/// has no vote.
const LEARNER: &str = "learner";

impl Timing {
    /// As a cluster is set up: the same in its nodes and in the specs.
    pub fn of(settings: &Settings) -> Self {
        let timer = |name| settings.timer::<Node>(name);
        Timing { again: timer(AGAIN), silence: timer(SILENCE) }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "multi-paxos";
    const NEW_STORE: NewStore = NewStore::IsTakenBack;
    const NEEDS_STORE_IDS: bool = true;
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[(AGAIN, milliseconds(50, 50)), (SILENCE, milliseconds(150, 300))];
    const OPTIONS: &'static [(&'static str, bool)] = &[(LEASE_READS, false)];

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        let mut stores = settings.stores.clone();
        stores.retain(|id, _| servers.contains(id));
        let voters = servers.into_iter().collect();
        Server {
            founders: Config { voters, stores, ..Config::default() },
            timing: Timing::of(settings),
            limits: Limits::default(),
            lease_reads: settings.option::<Self>(LEASE_READS),
            rules: AllRules,
        }
    }

    const CHANGES_MEMBERS: bool = true;

    fn fits(settings: &Settings) -> Result<(), Misfit> {
        settings.exceeds::<Self>(SILENCE, AGAIN)
    }

    fn first_storage(number: u64) -> Option<Storage<Kv>> {
        Some(Storage::of(number))
    }

    fn is_punctual(timer: &Timer) -> bool {
        matches!(timer, Timer::Lease(_))
    }

    fn ahead(state: &ServerState<Kv>) -> Ahead {
        storage::ahead(state)
    }

    fn made(state: &mut ServerState<Kv>, early: Early) {
        storage::made(state, early);
    }

    fn waits_for(timer: &Timer) -> Option<Awaited> {
        match timer {
            Timer::Snapshot => Some(Awaited::Records),
            Timer::Again | Timer::Silence | Timer::Lease(_) | Timer::Promise => None,
        }
    }

    fn status(&self, id: Id, state: &ServerState<Kv>) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let storage = &state.storage;
        let last = storage.accepted.get_max().map_or(storage.log.last(), |(slot, _)| *slot);
        let sessions = state.data.sessions.len() as u64;
        Status {
            role: self.role(id, state).to_owned(),
            leader: match state.role {
                Role::Follower { leader } => leader,
                Role::Scout { .. } => None,
                Role::Leader(_) => Some(id),
            },
            numbers: vec![
                number(
                    "round",
                    "",
                    "The round of the ballot that it has promised.",
                    state.promised().round.0,
                ),
                number("commit", "index", "The last slot known to be chosen.", state.chosen().0),
                number(
                    "last",
                    "index",
                    "The last slot for which it has accepted anything.",
                    last.0,
                ),
                number(
                    "snapshot",
                    "index",
                    "The last slot that the snapshot holds.",
                    storage.snapshot_last().0,
                ),
                number("sessions", "", "The sessions that it remembers.", sessions),
            ],
            measures: measures(state),
            warnings: self.warnings(id, state),
            members: self.members(state),
            stores: Some(self.stores(state)),
            ..Status::default()
        }
    }

    /// Who has lost its disk has no vote, and if too many have, nobody is answered any more.
    fn serves(founders: usize, said: &[Said]) -> Result<(), String> {
        let members = said.iter().map(|it| &it.members).find(|members| !members.is_empty());
        let has_vote = |id| members.is_none_or(|it| it.get(&id).is_some_and(|it| it.has_vote()));
        let (lost, others): (Vec<_>, Vec<_>) =
            said.iter().cloned().partition(|it| it.role == LEARNER && has_vote(it.id));
        let voters = members.map_or(founders, |it| it.keys().filter(|id| has_vote(**id)).count());
        let lost = lost.len();
        if is_majority(voters - lost.min(voters), voters) {
            return majority_follows(founders, &others);
        }
        Err(format!(
            "{lost} of {voters} nodes have lost their disks, and no majority is left that \
             remembers what it has promised: nobody is answered any more, and the cluster is to be \
             created anew"
        ))
    }

    fn gives_up(&self, _: &ServerState<Kv>) -> Option<String> {
        None
    }
}

impl Node {
    /// The configuration that is there when all that is chosen has taken effect.
    fn latest<'a>(&'a self, state: &'a ServerState<Kv>) -> &'a Config {
        state.changes.iter().next_back().unwrap_or(&self.founders)
    }

    /// The configuration that decides about the next slot.
    fn present<'a>(&'a self, state: &'a ServerState<Kv>) -> &'a Config {
        state.changes.at(state.chosen().next(), self.delay()).unwrap_or(&self.founders)
    }

    /// The part of each member.
    fn members(&self, state: &ServerState<Kv>) -> BTreeMap<Id, Part> {
        let (present, latest) = (self.present(state), self.latest(state));
        let leaving = present.voters.iter().map(|id| (*id, Part::Leaving));
        let learners = latest.learners.iter().map(|id| (*id, Part::Learner));
        let voters = latest.voters.iter().map(|id| (*id, Part::Voter));
        leaving.chain(learners).chain(voters).collect()
    }

    /// The own store, and those on record. Who knows more to be chosen knows of later changes.
    fn stores(&self, state: &ServerState<Kv>) -> Stores {
        let recorded = self.latest(state).stores.clone();
        Stores { own: state.storage.store, recorded, as_of: (0, state.chosen().0) }
    }

    /// The field's name of a server's role, which is no other as long as it has no vote.
    fn role(&self, id: Id, state: &ServerState<Kv>) -> &'static str {
        let part = self.members(state).get(&id).copied();
        match state.role {
            _ if state.is_wiped => LEARNER,
            Role::Follower { .. } if part.is_none() => NO_MEMBER,
            Role::Follower { .. } if part == Some(Part::Learner) => LEARNER,
            Role::Follower { .. } => "follower",
            Role::Scout { .. } => "candidate",
            Role::Leader(_) => "leader",
        }
    }

    fn warnings(&self, id: Id, state: &ServerState<Kv>) -> Vec<String> {
        let wiped = state.is_wiped.then(|| match self.latest(state).stores.get(&id) {
            None => "cluster.toml says no store_id of this node, so it cannot tell whether it has \
                     lost what it promised: it has no vote"
                .to_owned(),
            Some(_) => "its store is not the one that the cluster knows of it: it may have lost \
                        what it promised, so it learns what is chosen and has no vote until it is \
                        removed, added and promoted"
                .to_owned(),
        });
        let unreadable = state.unreadable.map(|last| {
            "it cannot read a snapshot that it was sent, and lacks what that stands for".to_owned()
                + &format!(", up to slot {}", last.0)
        });
        wiped.into_iter().chain(unreadable).collect()
    }
}

/// What fills up, and what waits.
fn measures(state: &ServerState<Kv>) -> Vec<Number> {
    let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
    let storage = &state.storage;
    let kept = storage.log.last().0 - storage.log.base().0;
    let size = storage.snapshot.as_ref().map_or(0, Snapshot::size) as u64;
    let open = storage.accepted.len() as u64;
    let waiting = state.leader().map_or(0, |leader| leader.window.waiting()) as u64;
    let since = state.since_snapshot as u64;
    vec![
        number("log", "slots", "The slots in the log that are not compacted.", kept),
        number(
            "since_snapshot",
            "bytes",
            "What was chosen since the last snapshot weighs: the next one is taken at 4 MiB, or at \
             the size of the last one if that is more.",
            since,
        ),
        number("snapshot", "bytes", "The size of the last snapshot.", size),
        number("slots", "open", "The slots accepted and not known to be chosen.", open),
        number("requests", "waiting", "A leader's commands without a slot.", waiting),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_lost_its_disk_has_no_vote() {
        let said = |id: usize, role: &str| Said {
            id: Id::from(id),
            role: role.to_owned(),
            leader: Some(Id::from(1)),
            numbers: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        let serves = |all: &[Said]| Node::serves(3, all).err().unwrap_or_default();
        let (leader, follower) = (said(1, "leader"), said(2, "follower"));
        let [second, third] = [2, 3].map(|id| said(id, LEARNER));
        assert_eq!(serves(&[leader.clone(), follower, third.clone()]), "");
        assert!(serves(&[leader.clone(), third.clone()]).starts_with("no majority answers"));
        assert!(serves(&[leader, second, third]).starts_with("2 of 3 nodes have lost"));
    }
}
