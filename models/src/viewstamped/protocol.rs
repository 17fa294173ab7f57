//! Viewstamped Replication as a protocol that a node runs.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::checkpoint::Checkpoint;
use super::group::Group;
use super::state::{Replica, Status as Part, Storage};
use super::{Limits, Server, Timing};
use crate::kv::{Command, Kv};
use crate::protocol::{Misfit, NewStore, Protocol, Said, Settings, majority_follows, milliseconds};
use crate::quorum::is_majority;
use crate::rules::AllRules;
use crate::service::Part::Voter;
use crate::service::{NO_MEMBER, Number, Status};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

const AGAIN: &str = "again";
const SILENCE: &str = "silence";

const ON_DISK: &str = "on_disk";

const RECOVERING: &str = "recovering";

impl Timing {
    /// As a cluster is set up: the same in its nodes and in the specs.
    pub fn of(settings: &Settings) -> Self {
        let timer = |name| settings.timer::<Node>(name);
        Timing { again: timer(AGAIN), silence: timer(SILENCE) }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "viewstamped";
    const NEW_STORE: NewStore = NewStore::Recovers;
    const NEEDS_STORE_IDS: bool = true;
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[(AGAIN, milliseconds(50, 50)), (SILENCE, milliseconds(150, 300))];

    const OPTIONS: &'static [(&'static str, bool)] = &[(ON_DISK, false)];

    const CHANGES_MEMBERS: bool = true;

    /// Of fewer a crash leaves no majority that remembers anything.
    const LEAST_NODES: usize = 3;

    /// Unless disks keep more, all but the number of starts is in memory.
    fn outlives_a_stop(settings: &Settings) -> bool {
        settings.option::<Self>(ON_DISK)
    }

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        Server {
            founders: Group::of_founders(servers, settings.stores.clone()),
            least: Self::LEAST_NODES,
            timing: Timing::of(settings),
            limits: Limits::default(),
            on_disk: settings.option::<Self>(ON_DISK),
            rules: AllRules,
        }
    }

    fn fits(settings: &Settings) -> Result<(), Misfit> {
        settings.exceeds::<Self>(SILENCE, AGAIN)
    }

    /// What is on a disk would be dropped with the first save, if it were not to be kept there.
    fn forgets_nothing(settings: &Settings, storage: &Storage<Command>) -> Result<(), Misfit> {
        match storage.known.is_some() && !settings.option::<Self>(ON_DISK) {
            false => Ok(()),
            true => {
                let problem = "its disk holds what the node knows, and all of that would be lost \
                               without this option: turn it on again";
                Err(Misfit::of_option(ON_DISK, problem.to_owned()))
            }
        }
    }

    fn first_storage(number: u64) -> Option<Storage<Command>> {
        Some(Storage::of(number))
    }

    fn status(&self, id: Id, replica: &Replica<Kv>) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let (last, sessions) = (replica.log.last().0, replica.data.sessions.len() as u64);
        let starts = replica.nonce.incarnation.0;
        Status {
            role: self.role(id, replica).to_owned(),
            leader: replica.is_normal().then(|| self.primary(replica)),
            numbers: vec![
                number("view", "", "The node's view-number.", replica.view.number.0),
                number("commit", "index", "The node's commit-number.", replica.commit.0),
                number("last", "index", "The op-number of its last request.", last),
                number("sessions", "", "The sessions in its client-table.", sessions),
                number("epoch", "", "The node's epoch-number.", replica.epoch().0),
                number("starts", "", "How often the node has started in its epoch.", starts),
            ],
            measures: measures(replica),
            lags: self.lags(id, replica),
            warnings: self.warnings(id, replica),
            members: self.group(replica).replicas.iter().map(|id| (*id, Voter)).collect(),
            ..Status::default()
        }
    }

    /// A majority that has forgotten everything never answers again.
    fn serves(founders: usize, said: &[Said]) -> Result<(), String> {
        let forgot = said.iter().filter(|it| it.role == RECOVERING).count();
        let known = said.iter().map(|it| it.members.len()).max().filter(|count| *count > 0);
        let nodes = known.unwrap_or(founders);
        if is_majority(nodes - forgot.min(nodes), nodes) {
            return majority_follows(founders, said);
        }
        Err(format!(
            "{forgot} of {nodes} nodes have forgotten everything at once, and nobody may say \
             what there was: the data is lost, and the cluster is to be created anew"
        ))
    }

    fn gives_up(&self, _: &Replica<Kv>) -> Option<String> {
        None
    }
}

impl Node {
    /// How many requests of a primary's log each backup is not known to have.
    fn lags(&self, id: Id, replica: &Replica<Kv>) -> BTreeMap<Id, u64> {
        let Part::Primary { held, .. } = &replica.status else { return BTreeMap::new() };
        let last = replica.log.last().0;
        let has = |backup| held.get(&backup).copied().unwrap_or(replica.commit).0;
        self.group(replica)
            .others(id)
            .map(|backup| (backup, last.saturating_sub(has(backup))))
            .collect()
    }

    /// The field's name of a replica's status. One that was replaced is still needed for a while.
    fn role(&self, id: Id, replica: &Replica<Kv>) -> &'static str {
        match &replica.status {
            Part::Primary { .. } => "primary",
            Part::Backup => "backup",
            Part::ViewChange { .. } => "view change",
            Part::Counting { .. } | Part::Recovering { .. } => RECOVERING,
            Part::Outside { started } => {
                let is_needed = self.group(replica).needs(id, replica.commit, started.len());
                if is_needed { "replaced" } else { NO_MEMBER }
            }
        }
    }

    fn warnings(&self, id: Id, replica: &Replica<Kv>) -> Vec<String> {
        match &replica.status {
            Part::Counting { .. } if !self.group(replica).stores.contains_key(&id) => vec![
                "cluster.toml says no store_id of this node, so it cannot tell whether the cluster \
                 begins, and takes part in nothing until a majority has answered that does"
                    .to_owned(),
            ],
            Part::Counting { .. } | Part::Recovering { .. } => vec![
                "it has forgotten everything, and takes no part until a majority that has not, \
                 and their primary, have answered: for ever, if as many have as make a majority"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }
}

/// What fills up, and what waits.
fn measures(replica: &Replica<Kv>) -> Vec<Number> {
    let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
    let kept = replica.log.last().0 - replica.log.base().0;
    let checkpoint = replica.checkpoint.as_ref().map_or(0, Checkpoint::size) as u64;
    let waiting = match &replica.status {
        Part::Primary { window, .. } => window.waiting() as u64,
        _ => 0,
    };
    vec![
        number("log", "requests", "The requests in the log that are not dropped.", kept),
        number("log", "bytes", "What the committed ones of these weigh.", replica.kept as u64),
        number("checkpoint", "bytes", "The size of the state that others are given.", checkpoint),
        number("requests", "waiting", "A primary's requests without an op-number.", waiting),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_that_has_forgotten_everything_is_told_of() {
        let said = |id: usize, role: &str| Said {
            id: Id::from(id),
            role: role.to_owned(),
            leader: (role != RECOVERING).then(|| Id::from(1)),
            numbers: BTreeMap::new(),
            members: BTreeMap::new(),
        };
        let serves = |all: &[Said]| Node::serves(3, all).err().unwrap_or_default();
        let (primary, backup) = (said(1, "primary"), said(2, "backup"));
        let [second, third] = [2, 3].map(|id| said(id, RECOVERING));
        assert_eq!(serves(&[primary.clone(), backup, third.clone()]), "");
        assert!(serves(&[primary.clone(), second, third.clone()]).starts_with("2 of 3 nodes have"));
        assert!(serves(&[primary, third]).starts_with("no majority follows"));
    }
}
