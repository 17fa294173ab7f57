//! The atomic register as a protocol that a node runs.

use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::state::{State, Storage};
use super::{Server, Timing};
use crate::kv::Kv;
use crate::protocol::{Misfit, NewStore, Protocol, Said, Settings, milliseconds};
use crate::quorum::is_majority;
use crate::rules::AllRules;
use crate::service::{Number, Status, Stores};

/// What a node of a cluster runs: the keys of the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

const AGAIN: &str = "again";

const REPLICA: &str = "replica";

/// The role of a server that has lost its disk and copies what it held.
const REJOINING: &str = "rejoining";

/// How much of what it holds a replica tells another one at a time, in bytes. With a single value
/// beside that it is less than a message may be large, which is 4 MiB.
const PAGE: usize = 1 << 20;

impl Timing {
    /// As a cluster is set up: the same in its nodes and in the specs.
    pub fn of(settings: &Settings) -> Self {
        Timing { again: settings.timer::<Node>(AGAIN) }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "quorum-store";
    const KNOWS_ALL: bool = false;
    const NEW_STORE: NewStore = NewStore::Recovers;
    const NEEDS_STORE_IDS: bool = true;
    const TIMERS: &'static [(&'static str, Range<Duration>)] = &[(AGAIN, milliseconds(50, 50))];

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        let mut first_stores = settings.stores.clone();
        first_stores.retain(|id, _| servers.contains(id));
        let timing = Timing::of(settings);
        Server { servers, first_stores, timing, page: PAGE, rules: AllRules }
    }

    /// One timer there is, and nothing waits for another one's.
    fn fits(_: &Settings) -> Result<(), Misfit> {
        Ok(())
    }

    fn first_storage(number: u64) -> Option<Storage<Kv>> {
        Some(Storage::of(number))
    }

    fn status(&self, id: Id, state: &State<Kv>) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let Storage { store, crashes, registers, .. } = &state.storage;
        let (registers, open) = (registers.len() as u64, state.open.len() as u64);
        let lives = |id: &Id| crashes.of(*id).0;
        let recorded = self.servers.iter().filter_map(|id| {
            let founded = self.first_stores.get(id).copied();
            Some((*id, crashes.store_of(*id).or(founded)?))
        });
        let as_of = (0, self.servers.iter().map(lives).sum());
        Status {
            role: if state.is_wiped() { REJOINING } else { REPLICA }.to_owned(),
            leader: None,
            numbers: vec![
                number("life", "", "One more than how often it has lost its disk.", lives(&id)),
                number("registers", "", "The keys that it holds.", registers),
            ],
            measures: vec![number("operations", "open", "The commands that it coordinates.", open)],
            warnings: self.warnings(id, state),
            stores: Some(Stores { own: *store, recorded: recorded.collect(), as_of }),
            ..Status::default()
        }
    }

    /// Any majority of the nodes that take part answers.
    fn serves(founders: usize, said: &[Said]) -> Result<(), String> {
        let count = said.iter().filter(|it| it.role == REPLICA).count();
        match is_majority(count, founders) {
            true => Ok(()),
            false => Err(format!("no majority takes part, only {count} of {founders} nodes")),
        }
    }

    fn gives_up(&self, _: &State<Kv>) -> Option<String> {
        None
    }
}

impl Node {
    fn warnings(&self, id: Id, state: &State<Kv>) -> Vec<String> {
        let why = match self.first_stores.get(&id) {
            None => {
                "cluster.toml says no store_id of this node, so it cannot tell whether it has lost \
                 what it held"
            }
            Some(_) => "its store is not the one that it was founded with",
        };
        let copies = "it copies what the others hold, and takes part when it has all of enough";
        let warning = || format!("{why}: {copies} of them");
        state.is_wiped().then(warning).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn any_majority_that_takes_part_serves() {
        let said = |roles: &[&str]| -> Vec<Said> {
            let of = |(id, role): (usize, &&str)| Said {
                id: Id::from(id),
                role: (*role).to_owned(),
                leader: None,
                numbers: BTreeMap::new(),
                members: BTreeMap::new(),
            };
            roles.iter().enumerate().map(of).collect()
        };
        let serves = |roles: &[&str]| Node::serves(3, &said(roles));
        assert_eq!(serves(&[REPLICA, REPLICA]), Ok(()));
        assert_eq!(serves(&[REPLICA, REJOINING, REPLICA]), Ok(()));
        for few in [&[][..], &[REPLICA], &[REPLICA, REJOINING, REJOINING]] {
            assert!(serves(few).unwrap_err().starts_with("no majority takes part"), "{few:?}");
        }
    }
}
