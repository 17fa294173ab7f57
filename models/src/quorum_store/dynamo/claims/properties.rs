//! What may be claimed of the leaderless store, and what must be possible, so that nothing holds
//! for want of behaviour.
//!
//! Claims speak of writes by their dots. A write *stands* in what somebody holds if it is there, or
//! if a write is there whose client had read it, or had read one whose client had, and so on. So a
//! value that is gone without anybody having read it does not stand, whatever the contexts say.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::ghost::Ghost;
use crate::claims::{self, clients, is_sequential, servers, servers_up};
use crate::kv::{self, Kv, Text};
use crate::member::Member;
use crate::quorum_store::dynamo::Server;
use crate::quorum_store::dynamo::message::Operation;
use crate::quorum_store::dynamo::object::{Command, Object, Output, Put};
use crate::quorum_store::dynamo::rules::Rule;
use crate::quorum_store::dynamo::state::State;
use crate::quorum_store::dynamo::version::Dot;
use crate::rules::RuleBook;
use crate::service::{Sequence, Session};

/// The members of a system, and its history.
pub type System<R> = claims::System<Server<R>, Ghost>;
/// Its state.
pub type SystemState<R> = claims::SystemState<Server<R>, Ghost>;
/// What is true or not of a state.
pub type Condition<R> = fn(&System<R>, &SystemState<R>) -> bool;

pub const LINEARIZABILITY: &str = "linearizability";
pub const ONE_WRITE: &str = "what is held under one dot is the same";
pub const NOTHING_LOST: &str = "no acknowledged write is lost";
pub const FRESH: &str = "a read sees what was acknowledged before it began";
pub const OWN_WRITES: &str = "a client reads its own writes";
pub const MONOTONIC: &str = "a client reads nothing older than it has read";
pub const STAYS_DELETED: &str = "what was deleted and forgotten does not return";
pub const CONVERGED: &str = "the homes of a key hold the same";

/// Which write is of which operation, and what the clients have read.
struct Past<'a> {
    written: &'a BTreeMap<Dot, Operation>,
    scripts: BTreeMap<Session, (&'a [Command], &'a [Output])>,
}

impl<'a> Past<'a> {
    fn of<R: RuleBook<Rule>>(system: &'a System<R>, state: &'a SystemState<R>) -> Self {
        let scripts = clients(system, state)
            .map(|(id, client, own)| (Session::of(id), (&client.script[..], &own.answers[..])));
        Past { written: &state.history.written, scripts: scripts.collect() }
    }

    /// What the client of a write had read of its key when it asked for it.
    fn read_before(&self, dot: &Dot) -> Option<&'a Object> {
        let Operation { session, sequence: Sequence(sequence) } = self.written.get(dot)?;
        let (script, answers) = self.scripts.get(session)?;
        let number = (*sequence as usize).checked_sub(1)?;
        let key = script.get(number)?.key();
        let before = script.iter().zip(answers.iter()).take(number);
        before.rev().find_map(|(command, output)| read_of(command, output, key))
    }

    /// The writes that stand where these versions are.
    fn standing(&self, versions: impl IntoIterator<Item = Dot>) -> BTreeSet<Dot> {
        let mut standing = BTreeSet::new();
        let mut left: Vec<Dot> = versions.into_iter().collect();
        while let Some(dot) = left.pop() {
            if standing.insert(dot) {
                let read = self.read_before(&dot).into_iter();
                left.extend(read.flat_map(|read| read.versions.keys().copied()));
            }
        }
        standing
    }

    /// The same of those who hold this, and nothing of what was forgotten.
    fn standing_in(&self, versions: impl IntoIterator<Item = Dot>, ghost: &Ghost) -> BTreeSet<Dot> {
        self.standing(versions.into_iter().chain(ghost.forgotten.iter().copied()))
    }
}

/// What a command has read of `key`, if that is what it did.
fn read_of<'a>(command: &Command, output: &'a Output, key: &Text) -> Option<&'a Object> {
    match output {
        Output::Object(object) if command.key() == key => Some(object),
        _ => None,
    }
}

/// All that servers hold and keep for others, those included that are down.
fn held<R: RuleBook<Rule>>(state: &SystemState<R>) -> impl Iterator<Item = &Object> {
    servers(state).flat_map(|(_, server)| {
        let kept = server.storage.hints.values().flat_map(BTreeMap::values);
        server.storage.objects.values().chain(kept)
    })
}

pub fn one_write<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let mut by_dot = BTreeMap::new();
    held(state)
        .flat_map(|object| &object.versions)
        .all(|(dot, version)| *by_dot.entry(dot).or_insert(version) == version)
}

pub fn nothing_lost<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let past = Past::of(system, state);
    let all = held(state).flat_map(|object| object.versions.keys().copied());
    let all = past.standing_in(all, &state.history);
    clients(system, state).flat_map(|(_, _, own)| &own.answers).all(|output| match output {
        Output::Stored(dot) => all.contains(dot),
        Output::Object(_) => true,
    })
}

/// True if each read sees those writes of its key that `must_see` says: of another client's
/// operation, by whether it is the client's own and by its number, the reader's number, and how
/// many of the other's operations had returned when the read began.
fn sees<R: RuleBook<Rule>>(
    system: &System<R>,
    state: &SystemState<R>,
    must_see: impl Fn(bool, usize, usize) -> bool,
) -> bool {
    let past = Past::of(system, state);
    let returned = &state.history.returned;
    clients(system, state).all(|(id, client, own)| {
        let all = client.script.iter().zip(&own.answers).enumerate();
        all.filter_map(|(at, (command, output))| {
            Some((at, command.key(), read_of(command, output, command.key())?))
        })
        .all(|(at, key, object)| {
            let read = past.standing_in(object.versions.keys().copied(), &state.history);
            clients(system, state).all(|(other, client, theirs)| {
                let is_own = other == id;
                let before = if is_own { at } else { returned.before(id, at, other) };
                let all = client.script.iter().zip(&theirs.answers).enumerate();
                all.filter(|(number, (command, _))| {
                    command.key() == key && must_see(is_own, *number, before)
                })
                .all(|(_, (_, output))| match output {
                    Output::Stored(dot) => read.contains(dot),
                    Output::Object(_) => true,
                })
            })
        })
    })
}

pub fn fresh<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    sees(system, state, |_, number, before| number < before)
}

pub fn own_writes<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    sees(system, state, |is_own, number, before| is_own && number < before)
}

pub fn monotonic<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let past = Past::of(system, state);
    clients(system, state).all(|(_, client, own)| {
        let reads = client.script.iter().zip(&own.answers).filter_map(|(command, output)| {
            Some((command.key(), read_of(command, output, command.key())?))
        });
        let reads: Vec<(&Text, &Object)> = reads.collect();
        reads.iter().enumerate().all(|(at, (key, later))| {
            let read = past.standing_in(later.versions.keys().copied(), &state.history);
            let earlier = reads[..at].iter().filter(|(other, _)| other == key);
            earlier.flat_map(|(_, object)| object.versions.keys()).all(|it| read.contains(it))
        })
    })
}

/// What a register would have returned is one value. Siblings are no answer of its.
pub fn linearizability<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let command = |command: &Command| match command {
        Command::Get { key } => kv::Command::Get { key: key.clone() },
        Command::Put(Put { key, version, .. }) => {
            let value = version.content.clone().unwrap_or_else(|| Text::from(DELETED));
            kv::Command::Put { key: key.clone(), value }
        }
    };
    let output = |output: &Output| match output {
        Output::Stored(_) => kv::Output::Stored,
        Output::Object(Object { versions, .. }) => {
            let mut values = versions.values().map(|version| {
                Some(version.content.clone().unwrap_or_else(|| Text::from(DELETED)))
            });
            match versions.len() {
                0 | 1 => kv::Output::Value(values.next().flatten()),
                _ => kv::Output::Values(values.collect()),
            }
        }
    };
    let all: Vec<_> = clients(system, state)
        .map(|(id, client, own)| {
            let script: Vec<_> = client.script.iter().map(command).collect();
            (id, script, own.answers.iter().map(output).collect::<Vec<_>>())
        })
        .collect();
    let all: Vec<_> = all.iter().map(|(id, script, own)| (*id, &script[..], &own[..])).collect();
    is_sequential::<Kv>(&all, |client, number, other| {
        state.history.returned.before(client, number, other)
    })
}

/// What a register holds that was deleted.
const DELETED: &str = "(deleted)";

/// Nobody who holds no deletion that was forgotten holds what it has superseded.
pub fn stays_deleted<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let past = Past::of(system, state);
    let forgotten = &state.history.forgotten;
    let gone = past.standing(forgotten.iter().copied());
    let is_back = |dot: &Dot| gone.contains(dot) && !forgotten.contains(dot);
    held(state).all(|object| !object.versions.keys().any(is_back))
}

/// All homes of each key that are up hold the same of it, and nothing is kept for any of them.
pub fn converged<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let homes = |key: &Text| match system.actors.first() {
        Some(Member::Server(server)) => server.homes(key),
        _ => Vec::new(),
    };
    let up: BTreeMap<Id, &State> = servers_up(state).collect();
    let mut keys = up.values().flat_map(|server| server.storage.objects.keys());
    let are_alike = keys.all(|key| {
        let held = homes(key).into_iter().filter_map(|home| Some(up.get(&home)?.object(key)));
        held.collect::<BTreeSet<_>>().len() <= 1
    });
    let mut kept = up.values().flat_map(|server| server.storage.hints.keys());
    are_alike && !kept.any(|home| up.contains_key(home))
}

/// The same, and every client has its answers.
pub fn all_hold_the_same<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    claims::all_answered(system, state) && converged(system, state)
}

/// Some server holds siblings.
pub fn siblings<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    held(state).any(|object| object.versions.len() > 1)
}

/// A write has superseded siblings.
pub fn resolved<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let past = Past::of(system, state);
    let has_read_two = |dot| past.read_before(dot).is_some_and(|read| read.versions.len() > 1);
    held(state).any(|object| object.versions.keys().any(has_read_two))
}

/// A fallback has handed off what it kept.
pub fn handed_off<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    state.history.handed_off
}

/// A read has repaired a home.
pub fn repaired<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    state.history.repaired
}

/// A deletion was forgotten, and nobody holds anything.
pub fn all_forgotten<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    !state.history.forgotten.is_empty() && held(state).all(|object| object.versions.is_empty())
}
