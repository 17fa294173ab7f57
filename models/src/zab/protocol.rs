//! ZAB as a protocol that a node runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::compaction::Compaction;
use super::state::{Process, Role, Snapshot, Storage};
use super::{Elections, Flow, Server, Timer, Timing, storage};
use crate::durable::{Ahead, Early};
use crate::kv::Kv;
use crate::protocol::{Awaited, Misfit, NewStore, Protocol, Settings, milliseconds};
use crate::rules::AllRules;
use crate::service::{Number, Status, Stores};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

/// What has taken effect becomes a snapshot when it weighs 4 MiB, or as much as the last one. The
/// log keeps 8 MiB, or as much as the snapshot has. A follower is sent four pieces at once.
pub const COMPACTION: Compaction =
    Compaction { floor: 4 << 20, keep: 8 << 20, piece: 256 << 10, aside: true };

/// Whether servers answer linearizable reads without a transaction, unless a config file says
/// otherwise.
pub const READS: bool = true;

const FOLLOWER_READS: &str = "follower_reads";

const FINALIZE: &str = "finalize";
const AGAIN: &str = "again";
const CENSUS: &str = "census";
const SILENCE: &str = "silence";

impl Timing {
    /// As a cluster is set up: the same in its nodes and in the specs.
    pub fn of(settings: &Settings) -> Self {
        let timer = |name| settings.timer::<Node>(name);
        Timing {
            finalize: timer(FINALIZE),
            again: timer(AGAIN),
            census: timer(CENSUS),
            silence: timer(SILENCE),
        }
    }
}

impl Protocol for Node {
    const NAME: &'static str = "zab";
    const NEW_STORE: NewStore = NewStore::NeverCounts;
    const NEEDS_STORE_IDS: bool = true;
    const TIMERS: &'static [(&'static str, Range<Duration>)] = &[
        (FINALIZE, milliseconds(50, 50)),
        (AGAIN, milliseconds(50, 50)),
        (CENSUS, milliseconds(200, 200)),
        (SILENCE, milliseconds(150, 300)),
    ];

    const OPTIONS: &'static [(&'static str, bool)] = &[(FOLLOWER_READS, READS)];

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        Server {
            servers,
            timing: Timing::of(settings),
            elections: Elections::Fast { first: None },
            flow: Flow::WIDE,
            compaction: Some(COMPACTION),
            follower_reads: settings.option::<Self>(FOLLOWER_READS),
            first_stores: settings.stores.clone(),
            rules: AllRules,
        }
    }

    fn fits(settings: &Settings) -> Result<(), Misfit> {
        settings.exceeds::<Self>(SILENCE, AGAIN)?;
        settings.exceeds::<Self>(CENSUS, AGAIN)
    }

    fn first_storage(number: u64) -> Option<Storage<Kv>> {
        Some(Storage::of(number))
    }

    fn ahead(known: &Process<Kv>) -> Ahead {
        storage::ahead(known)
    }

    fn made(known: &mut Process<Kv>, early: Early) {
        storage::made(known, early);
    }

    fn waits_for(timer: &Timer) -> Option<Awaited> {
        (*timer == Timer::Snapshot).then_some(Awaited::Records)
    }

    fn status(&self, id: Id, known: &Process<Kv>) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let commit = known.history.index_of(known.committed).0;
        let snapshot = known.disk.snapshot.as_ref().map_or(0, |snapshot| snapshot.index.0);
        let last = known.history.last_index().0;
        let sessions = known.data.sessions.len() as u64;
        Status {
            role: self.role(id, known).to_owned(),
            leader: leader(id, known),
            numbers: vec![
                number("epoch", "", "The node's acceptedEpoch.", known.disk.accepted.0),
                number("commit", "index", "The last transaction known to be committed.", commit),
                number("last", "index", "The last transaction of its log.", last),
                number("snapshot", "index", "The last that the snapshot holds.", snapshot),
                number("sessions", "", "The sessions that it remembers.", sessions),
            ],
            measures: measures(known),
            lags: self.lags(id, known),
            warnings: self.warnings(id, known),
            voteless: self.voteless(id, known),
            stores: Some(self.stores(known)),
            ..Status::default()
        }
    }

    fn gives_up(&self, _: &Process<Kv>) -> Option<String> {
        None
    }
}

impl Node {
    /// Whether it has another store than the one with which it began.
    fn has_lost_its_disk(&self, id: Id, known: &Process<Kv>) -> bool {
        self.first_stores.get(&id) != Some(&known.disk.store)
    }

    fn role(&self, id: Id, known: &Process<Kv>) -> &'static str {
        match &known.role {
            Role::Following(_) | Role::Looking(_) if self.has_lost_its_disk(id, known) => {
                "observer"
            }
            Role::Following(own) if own.is_up_to_date() => "follower",
            Role::Following(_) => "joining",
            Role::Leading(_) if known.is_established() => "leader",
            Role::Leading(_) => "preparing",
            Role::Looking(_) => "looking",
        }
    }

    /// How many transactions of a leader's log each other server is not known to have.
    fn lags(&self, id: Id, known: &Process<Kv>) -> BTreeMap<Id, u64> {
        let Some(own) = known.leading().filter(|_| known.is_established()) else {
            return BTreeMap::new();
        };
        let (log, last) = (&known.history, known.history.last_index().0);
        let logged = |of: Id| own.links.get(&of).map_or(0, |link| log.index_of(link.logged).0);
        self.others(id).map(|of| (of, last.saturating_sub(logged(of)))).collect()
    }

    fn warnings(&self, id: Id, known: &Process<Kv>) -> Vec<String> {
        let own = self.has_lost_its_disk(id, known).then(|| match self.first_stores.get(&id) {
            Some(_) => format!("its storage was lost: {NO_VOTE}"),
            None => format!("cluster.toml says no store_id of this node: {NO_VOTE}"),
        });
        let lost = self.voteless(id, known).into_iter().filter(|of| *of != id);
        let lost =
            lost.map(|of| format!("node {} has lost its storage: {NO_VOTE}", usize::from(of)));
        own.into_iter().chain(lost).collect()
    }

    /// The servers that count for nothing, as a leader knows it, and any other one of itself.
    fn voteless(&self, id: Id, known: &Process<Kv>) -> BTreeSet<Id> {
        let links = known.leading().into_iter().flat_map(|own| &own.links);
        let lost = links.filter(|(_, link)| link.observes).map(|(of, _)| *of);
        lost.chain(self.has_lost_its_disk(id, known).then_some(id)).collect()
    }

    fn stores(&self, known: &Process<Kv>) -> Stores {
        let recorded = self.first_stores.clone();
        Stores { own: known.disk.store, recorded, as_of: (0, 0) }
    }
}

/// What becomes of a server that has lost its store.
const NO_VOTE: &str = "it stores what the others do, and has no vote any more";

/// The leader, once that is established.
fn leader(id: Id, known: &Process<Kv>) -> Option<Id> {
    match &known.role {
        Role::Leading(_) => known.is_established().then_some(id),
        Role::Following(own) => own.is_up_to_date().then_some(own.leader),
        Role::Looking(_) => None,
    }
}

/// What fills up, and what waits.
fn measures(known: &Process<Kv>) -> Vec<Number> {
    let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
    let size = known.disk.snapshot.as_ref().map_or(0, Snapshot::size) as u64;
    let leading = known.leading();
    let waiting = leading.map_or(0, |own| own.window.waiting()) as u64;
    let links = leading.into_iter().flat_map(|own| own.links.values());
    let sent: usize = links.map(|link| link.unheard.len()).sum();
    let since = known.since_snapshot as u64;
    vec![
        number("log", "entries", "The transactions in the log.", known.history.len() as u64),
        number(
            "since_snapshot",
            "bytes",
            "What has taken effect since the last snapshot: the next one is taken at 4 MiB, or at \
             the size of the last one if that is more.",
            since,
        ),
        number("snapshot", "bytes", "The size of the last snapshot.", size),
        number("requests", "waiting", "A leader's requests that are not proposed yet.", waiting),
        number(
            "packets",
            "in_flight",
            "A leader's packets that no answer has come to.",
            sent as u64,
        ),
    ]
}
