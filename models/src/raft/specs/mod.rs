//! Within which bounds Raft is checked.

pub mod aside;
pub mod custom;
pub mod cut;
mod directions;
pub mod identity;
pub mod large;
pub mod lease;
pub mod live;
pub mod membership;
pub mod parallel;
pub mod read;
mod safety;
pub mod sessions;
pub mod snapshot;
pub mod stale;
pub mod transfer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::{Claim, Sees, Spec};
use stateright::actor::Id;

use super::claims::ghost::Ghost;
use super::claims::properties::{Condition, System};
use super::rules::Rule;
use super::state::ServerState;
use super::{Batch, Options, Params, Raft, Server, State, Timing, own_disk};
use crate::client::Habits;
use crate::kv::{Command, Kv};
use crate::member;
use crate::rules::{AllBut, RuleBook};
use crate::system::Boxed;

pub use safety::*;

/// The rule book of the specs, which can suspend rules. The specs of the whole protocol suspend
/// none; that of a node cannot suspend any.
pub type Book = AllBut<Rule>;

/// The whole protocol.
pub const EVERY_RULE: Book = AllBut(Vec::new());

/// What the servers of the specs are made for.
pub type Checked = (Kv, Book);

/// A spec of Raft that replicates the key-value store.
pub type RaftSpec = Spec<Raft<Checked>, (), Arc<Ghost<Kv>>>;

impl Boxed for RaftSpec {
    fn boxed(self) -> Box<dyn AnySpec> {
        Box::new(self)
    }
}

/// What the claims see: who is in which state, and what happened. Some facts see more.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// A fact, which must be reachable.
pub type Fact = Claim<Raft<Checked>, (), Arc<Ghost<Kv>>>;

/// A fact about who is in which state, and about what happened.
pub const fn fact(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN, condition)
}

/// A fact that looks at what is in flight, too.
pub const fn fact_in_flight(name: &'static str, condition: Condition<Checked>) -> Fact {
    Claim::reachable(name, SEEN.and(Sees::NETWORK), condition)
}

/// The timing of a cluster on one machine.
pub fn timing() -> Timing {
    Timing {
        heartbeat: Duration::from_millis(50),
        election: Duration::from_millis(150)..Duration::from_millis(300),
    }
}

/// One entry a message: a leader that always sends its whole log cannot have a prefix of it on a
/// majority, and then figure 8 does not happen. There is room for no byte, so that each command is
/// one that goes however large it is.
const BATCH: Batch = Batch { entries: 1, bytes: 0 };

/// One append on its way to each follower.
const WINDOW: usize = 1;

/// Raft as in the paper.
pub const BASIC: Options = Options {
    pre_vote: false,
    check_quorum: false,
    follower_reads: false,
    lease_reads: false,
    parallel_writes: false,
};

/// One of these servers as the specs have it: as in the paper, with one entry a message, and one
/// message on its way to each follower.
pub fn server<P: Params>(servers: Vec<Id>, rules: P::Rules) -> Server<P> {
    let timing = timing();
    Server {
        servers,
        timing,
        batch: BATCH,
        window: WINDOW,
        options: BASIC,
        compaction: None,
        session_length: None,
        knows_stores: false,
        first_stores: BTreeMap::new(),
        rules,
    }
}

/// A cluster of `count` servers and clients with these scripts.
fn system(rules: Book, options: Options, count: usize, scripts: &[&[Command]]) -> System<Checked> {
    let servers: Vec<Id> = (0..count).map(Id::from).collect();
    let habits = Habits {
        asks_again: rules.keeps(Rule::ClientAsksAgain),
        tries_another: rules.keeps(Rule::ClientTriesAnother),
        follows_redirect: rules.keeps(Rule::ClientFollowsRedirect),
        knows_its_answer: rules.keeps(Rule::AnswerIsItsOwn),
        begins_once: rules.keeps(Rule::BeginsOnce),
    };
    let server = Server { options, ..server(servers.clone(), rules) };
    crate::system::system(Arc::new(Ghost::default()), count, server, &servers, scripts, habits)
}

/// False if a rule is suspended that keeps something on disk. That the storage agrees with the
/// state is then broken at once, before it does any harm; such specs show the harm.
fn keeps_all_durable(rules: &Book) -> bool {
    [Rule::TermSurvivesCrash, Rule::VoteSurvivesCrash, Rule::LogSurvivesCrash]
        .into_iter()
        .all(|rule| rules.keeps(rule))
}

/// True if two states of a member say the same about what survives a crash: all that is stored, but
/// for what a leader knows it has not written yet.
pub fn same_durable(one: &State<Kv>, other: &State<Kv>) -> bool {
    let (member::State::Server(one), member::State::Server(other)) = (one, other) else {
        return true;
    };
    let unwritten = [one, other].into_iter().find_map(own_disk::unwritten);
    let written = |server: &ServerState<Kv>| {
        let mut storage = server.storage.clone();
        if let Some(unwritten) = unwritten {
            storage.log.truncate_from(unwritten.first);
        }
        storage
    };
    written(one) == written(other)
}
