//! Raft as a protocol that a node runs.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use stateright::actor::Id;

use super::compaction::Compaction;
use super::config::Config;
use super::identity::{self, StoreId};
use super::read::Reads;
use super::state::{Role, ServerState, Storage};
use super::{Batch, Options, Server, Timer, Timing, own_disk, storage};
use crate::durable::{Ahead, Early};
use crate::kv::Kv;
use crate::protocol::{Awaited, Misfit, NewStore, Protocol, Settings, milliseconds};
use crate::rules::AllRules;
use crate::service::{NO_MEMBER, Number, Part, Status, Stores};

/// What a node of a cluster runs: the key-value store behind all rules.
pub type Node = Server<(Kv, AllRules)>;

/// How many entries one message of the leader carries at most, and how many bytes of commands. One
/// command goes whatever its size, so this stays far below the limit of a message.
pub const BATCH: Batch = Batch { entries: 256, bytes: 256 << 10 };

/// How many of them are on their way to a follower at most.
pub const WINDOW: usize = 2;

/// A log of 4 MiB is compacted, or one of the size of the last snapshot, if that is more. Who is up
/// to 8 MiB behind is caught up without a snapshot, or up to the size of the last one. A piece is
/// asked for when the one before it is there, so small ones would take a busy leader longer than it
/// takes to its next snapshot.
pub const COMPACTION: Compaction =
    Compaction { floor: 4 << 20, keep: 8 << 20, keeps_size: true, piece: 1 << 20, aside: true };

/// After how many entries without a command of its own a session ends. A node takes ten seconds to
/// apply so many, at the least, and a client that has no answer by then has given up as a rule. It
/// is no option, for it must be the same on all nodes.
pub const SESSION_LENGTH: u64 = 100_000;

/// What is on unless a config file turns it off. Whoever is cut off, or comes back, deposes no
/// leader that a majority follows.
pub const OPTIONS: Options = Options {
    pre_vote: true,
    check_quorum: true,
    follower_reads: true,
    lease_reads: false,
    parallel_writes: true,
};

const PRE_VOTE: &str = "pre_vote";
const CHECK_QUORUM: &str = "check_quorum";
const FOLLOWER_READS: &str = "follower_reads";
const LEASE_READS: &str = "lease_reads";
const PARALLEL_WRITES: &str = "parallel_writes";

const HEARTBEAT: &str = "heartbeat";
const ELECTION: &str = "election";

impl Protocol for Node {
    const NAME: &'static str = "raft";
    const NEW_STORE: NewStore = NewStore::IsTakenBack;
    const TIMERS: &'static [(&'static str, Range<Duration>)] =
        &[(HEARTBEAT, milliseconds(50, 50)), (ELECTION, milliseconds(150, 300))];
    const OPTIONS: &'static [(&'static str, bool)] = &[
        (PRE_VOTE, OPTIONS.pre_vote),
        (CHECK_QUORUM, OPTIONS.check_quorum),
        (FOLLOWER_READS, OPTIONS.follower_reads),
        (LEASE_READS, OPTIONS.lease_reads),
        (PARALLEL_WRITES, OPTIONS.parallel_writes),
    ];

    const CHANGES_MEMBERS: bool = true;

    fn server(servers: Vec<Id>, settings: &Settings) -> Self {
        let timer = |name| settings.timer::<Self>(name);
        let timing = Timing { heartbeat: timer(HEARTBEAT).start, election: timer(ELECTION) };
        let option = |name| settings.option::<Self>(name);
        let options = Options {
            pre_vote: option(PRE_VOTE),
            check_quorum: option(CHECK_QUORUM),
            follower_reads: option(FOLLOWER_READS),
            lease_reads: option(LEASE_READS),
            parallel_writes: option(PARALLEL_WRITES),
        };
        let stores = settings.stores.iter().map(|(id, number)| (*id, StoreId(*number)));
        let (batch, window, compaction) = (BATCH, WINDOW, Some(COMPACTION));
        Server {
            servers,
            timing,
            batch,
            window,
            options,
            compaction,
            session_length: Some(SESSION_LENGTH),
            knows_stores: true,
            first_stores: stores.collect(),
            rules: AllRules,
        }
    }

    fn first_storage(number: u64) -> Option<Storage<Kv>> {
        Some(Storage::of(StoreId(number)))
    }

    fn fits(settings: &Settings) -> Result<(), Misfit> {
        settings.exceeds::<Self>(ELECTION, HEARTBEAT)?;
        if settings.option::<Self>(LEASE_READS) && !settings.option::<Self>(CHECK_QUORUM) {
            let problem = "leases need it: who hears a leader must vote for no other".to_owned();
            return Err(Misfit::of_option(CHECK_QUORUM, problem));
        }
        Ok(())
    }

    fn is_punctual(timer: &Timer) -> bool {
        *timer == Timer::Lease
    }

    fn ahead(state: &ServerState<Kv>) -> Ahead {
        storage::ahead(state)
    }

    fn made(state: &mut ServerState<Kv>, early: Early) {
        storage::made(state, early);
    }

    fn being_written(state: &ServerState<Kv>) -> Option<Storage<Kv>> {
        own_disk::being_written(state)
    }

    fn waits_for(timer: &Timer) -> Option<Awaited> {
        match timer {
            Timer::Snapshot => Some(Awaited::Records),
            Timer::Written => Some(Awaited::Storage),
            _ => None,
        }
    }

    fn status(&self, id: Id, state: &ServerState<Kv>) -> Status {
        let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
        let last = state.log().last_index();
        let snapshot = state.storage.snapshot.as_ref().map_or(0, |it| it.last.index.0);
        let sessions = state.applied.sessions.len() as u64;
        Status {
            role: role(id, state).to_owned(),
            leader: match state.role {
                Role::Follower { leader } => leader,
                Role::PreCandidate { .. } | Role::Candidate { .. } | Role::TakenOut { .. } => None,
                Role::Leader { .. } => Some(id),
            },
            numbers: vec![
                number("term", "", "The node's term.", state.term().0),
                number("commit", "index", "The last index known to be committed.", state.commit.0),
                number("last", "index", "The index of the last log entry.", last.0),
                number("snapshot", "index", "The last index that the snapshot holds.", snapshot),
                number("sessions", "", "The sessions that it remembers.", sessions),
            ],
            measures: measures(state),
            lags: lags(state),
            warnings: warnings(id, state),
            members: members(state.config()),
            voteless: voteless(id, state),
            stores: Some(stores(state)),
        }
    }

    fn gives_up(&self, state: &ServerState<Kv>) -> Option<String> {
        let Role::TakenOut { leader } = &state.role else { return None };
        Some(format!(
            "it lacks what it has acknowledged to server {}: {LOST}; what it voted may be lost as \
             well, so it takes no further part until it is removed, added and promoted with a new \
             store",
            usize::from(*leader)
        ))
    }
}

/// The field's name of a server's part, which is no other as long as it learns or is no member.
fn role(id: Id, state: &ServerState<Kv>) -> &'static str {
    let config = state.config();
    match state.role {
        Role::Follower { .. } if config.learners.contains(&id) => "learner",
        Role::Follower { .. } if !config.is_voter(id) => NO_MEMBER,
        _ => state.role.name(),
    }
}

/// What fills up, and what waits.
fn measures(state: &ServerState<Kv>) -> Vec<Number> {
    let number = |name, unit, meaning, value| Number { name, unit, meaning, value };
    let (log, snapshot) = (state.log(), state.storage.snapshot.as_ref());
    let entries = log.last_index().0 - log.base().index.0;
    let since = state.applied.index.0.saturating_sub(snapshot.map_or(0, |it| it.last.index.0));
    let weight = state.since_snapshot as u64;
    let size = snapshot.map_or(0, |it| it.size() as u64);
    let Reads { asked, waiting, held } = &state.reads;
    let reads = (asked.len() + waiting.len() + held.len()) as u64;
    let sent = match &state.role {
        Role::Leader { followers, .. } => followers.values().map(|it| it.in_flight.len()).sum(),
        _ => 0,
    };
    vec![
        number("log", "entries", "The entries in the log that are not compacted.", entries),
        number("since_snapshot", "entries", "The entries applied since the last snapshot.", since),
        number(
            "since_snapshot",
            "bytes",
            "What these weigh: the next snapshot is taken at 4 MiB, or at the size of the last one \
             if that is more.",
            weight,
        ),
        number("snapshot", "bytes", "The size of the last snapshot.", size),
        number("reads", "waiting", "The reads that are not answered yet.", reads),
        number(
            "appends",
            "in_flight",
            "A leader's appends that no answer has come to.",
            sent as u64,
        ),
    ]
}

/// How many entries of a leader's log each follower is not known to have.
fn lags(state: &ServerState<Kv>) -> BTreeMap<Id, u64> {
    let Role::Leader { followers, .. } = &state.role else { return BTreeMap::new() };
    let last = state.log().last_index().0;
    followers.iter().map(|(id, it)| (*id, last.saturating_sub(it.matched.0))).collect()
}

/// The part of each member.
fn members(config: &Config) -> BTreeMap<Id, Part> {
    let part = |id| match id {
        id if config.voters.contains(&id) => Part::Voter,
        id if config.learners.contains(&id) => Part::Learner,
        _ => Part::Leaving,
    };
    config.members().into_iter().map(|id| (id, part(id))).collect()
}

/// The members of which a leader knows that they count for nothing; any other server knows it of
/// itself alone.
fn voteless(id: Id, state: &ServerState<Kv>) -> BTreeSet<Id> {
    let knows = |of: &Id| {
        identity::is_voteless(state, *of) || *of == id && identity::has_other_store(id, state)
    };
    state.config().members().into_iter().filter(knows).collect()
}

/// The own store, and those on record. Of two logs the one whose last entry is of the later term
/// has the newer configuration, for the leader of that term had all that was committed before.
fn stores(state: &ServerState<Kv>) -> Stores {
    let (recorded, last) = (&state.config().stores, state.log().last());
    Stores {
        own: state.storage.store.0,
        recorded: recorded.iter().map(|(id, store)| (*id, store.0)).collect(),
        as_of: (last.term.0, last.index.0),
    }
}

/// What has become of a server that lacks what it acknowledged.
const LOST: &str = "its storage was lost, or an older one took its place";

/// What becomes of a server that has lost its store, and what an operator does about it.
const NO_VOTE: &str = "it has no vote until it is removed, added and promoted";

/// What a server knows of itself, or a leader of its followers, and an operator must hear.
fn warnings(id: Id, state: &ServerState<Kv>) -> Vec<String> {
    let own = identity::has_other_store(id, state).then(|| {
        format!("it has another store than the cluster knows of it, if it is a member: {NO_VOTE}")
    });
    let unreadable = state.unreadable.iter().map(|(term, last)| {
        format!("it cannot read the snapshot that the leader of term {} sends", term.0)
            + &format!(", and lacks what that stands for, up to index {}", last.index.0)
    });
    let followers = match &state.role {
        Role::Leader { followers, .. } => Some(followers),
        _ => None,
    };
    let lost = followers.into_iter().flatten().filter(|(_, progress)| progress.is_lost);
    let lost = lost.map(|(id, _)| {
        let id = usize::from(*id);
        format!("server {id} lacks what it has acknowledged: {LOST}; {NO_VOTE}")
    });
    let followers = followers.into_iter().flatten().map(|(id, _)| *id);
    let other = followers.filter(|id| identity::is_another(state, *id)).map(|id| {
        let id = usize::from(id);
        format!("server {id} has another store than the cluster knows of it: {NO_VOTE}")
    });
    own.into_iter().chain(unreadable).chain(lost).chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_on_unless_it_is_turned_off() {
        let options = |settings| Node::server(Vec::new(), &settings).options;
        assert_eq!(options(Settings::default()), OPTIONS);
        for name in [PRE_VOTE, CHECK_QUORUM, PARALLEL_WRITES] {
            let off = [(name.to_owned(), false)].into();
            let only = Options {
                pre_vote: name != PRE_VOTE,
                check_quorum: name != CHECK_QUORUM,
                follower_reads: name != FOLLOWER_READS,
                lease_reads: OPTIONS.lease_reads,
                parallel_writes: name != PARALLEL_WRITES,
            };
            assert_eq!(options(Settings { options: off, ..Settings::default() }), only);
        }
    }
}
