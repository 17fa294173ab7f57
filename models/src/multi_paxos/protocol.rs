//! Multi-Paxos as a protocol that a node runs.

use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::snapshot::Snapshot;
use super::state::{Role, ServerState, Storage};
use super::{Limits, Server, Timer, Timing, storage};
use crate::durable::{Ahead, Early};
use crate::kv::Kv;
use crate::protocol::{Awaited, Misfit, Protocol, Said, Settings, majority_follows, milliseconds};
use crate::quorum::is_majority;
use crate::rules::AllRules;
use crate::service::{Number, Status};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

const AGAIN: &str = "again";
const SILENCE: &str = "silence";
const LEASE_READS: &str = "lease_reads";

/// The role of a server that has lost its disk: it learns what is chosen, and has no vote.
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
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[(AGAIN, milliseconds(50, 50)), (SILENCE, milliseconds(150, 300))];
    const OPTIONS: &'static [(&'static str, bool)] = &[(LEASE_READS, false)];

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        Server {
            servers,
            first_stores: settings.stores.clone(),
            timing: Timing::of(settings),
            limits: Limits::default(),
            lease_reads: settings.option::<Self>(LEASE_READS),
            rules: AllRules,
        }
    }

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
            role: role(state).to_owned(),
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
            ..Status::default()
        }
    }

    /// Who has lost its disk has no vote, and if too many have, nobody is answered any more.
    fn serves(founders: usize, said: &[Said]) -> Result<(), String> {
        let voters: Vec<_> = said.iter().filter(|it| it.role != LEARNER).cloned().collect();
        let lost = said.len() - voters.len();
        if is_majority(founders - lost.min(founders), founders) {
            return majority_follows(founders, &voters);
        }
        Err(format!(
            "{lost} of {founders} nodes have lost their disks, and no majority is left that \
             remembers what it has promised: nobody is answered any more, and the cluster is to be \
             created anew"
        ))
    }

    fn gives_up(&self, _: &ServerState<Kv>) -> Option<String> {
        None
    }
}

impl Node {
    fn warnings(&self, id: Id, state: &ServerState<Kv>) -> Vec<String> {
        let wiped = state.is_wiped.then(|| match self.first_stores.get(&id) {
            None => "cluster.toml says no store_id of this node, so it cannot tell whether it has \
                     lost what it promised: it has no vote"
                .to_owned(),
            Some(_) => "its store is not the one that the cluster began with: it may have lost \
                        what it promised, so it learns what is chosen and has no vote"
                .to_owned(),
        });
        let unreadable = state.unreadable.map(|last| {
            "it cannot read a snapshot that it was sent, and lacks what that stands for".to_owned()
                + &format!(", up to slot {}", last.0)
        });
        wiped.into_iter().chain(unreadable).collect()
    }
}

/// The field's name of a server's role.
fn role(state: &ServerState<Kv>) -> &'static str {
    match state.role {
        _ if state.is_wiped => LEARNER,
        Role::Follower { .. } => "follower",
        Role::Scout { .. } => "candidate",
        Role::Leader(_) => "leader",
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
    use std::collections::BTreeMap;

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
