//! What is true of owners on a ring.

use std::collections::BTreeSet;

use quorate_checker::spec::Step;
use serde::Serialize;

use super::rules::Rule;
use super::{Ownership, Server};
use crate::claims::{self, Returned, clients, is_explained, servers_up};
use crate::kv::{Kv, Text};
use crate::member::Member;
use crate::quorum_store::register::{Access, Registers};
use crate::rules::RuleBook;

/// The history of a run: what the clients saw return before what.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
}

/// The ghost after `step`, if that changed it.
pub fn observe<R: RuleBook<Rule>>(
    (): &(),
    ghost: &Ghost,
    step: &Step<'_, Ownership<R>>,
) -> Option<Ghost> {
    ghost.returned.after(step).map(|returned| Ghost { returned })
}

/// The members of a system, and its history.
pub type System<R> = claims::System<Server<R>, Ghost>;
/// Its state.
pub type SystemState<R> = claims::SystemState<Server<R>, Ghost>;
/// What is true or not of a state.
pub type Condition<R> = fn(&System<R>, &SystemState<R>) -> bool;

pub const LINEARIZABILITY: &str = "linearizability";
pub const ONE_SERVES: &str = "one server at most serves a key";
pub const ALL_MOVED: &str = "every server is whole by the last ring";

/// What the clients see, and why.
pub fn safety<R: RuleBook<Rule>>() -> [(&'static str, Condition<R>); 2] {
    [(LINEARIZABILITY, linearizability), (ONE_SERVES, one_serves)]
}

fn linearizability<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// The servers, how they are set up, of which all are set up alike.
fn server<R: RuleBook<Rule>>(system: &System<R>) -> Option<&Server<R>> {
    system.actors.iter().find_map(|actor| match actor {
        Member::Server(server) => Some(server),
        Member::Client(_) | Member::Operator(_) => None,
    })
}

/// The keys that clients ask for.
fn keys<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> BTreeSet<Text> {
    let commands = clients(system, state).flat_map(|(_, client, _)| &client.script);
    commands
        .filter_map(|command| match Kv::access(command)? {
            Access::Read(key) | Access::Write(key, _) => Some(key),
        })
        .collect()
}

fn one_serves<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let Some(server) = server(system) else { return true };
    keys(system, state)
        .iter()
        .all(|key| servers_up(state).filter(|(id, own)| server.serves(*id, own, key)).count() <= 1)
}

/// Every server is up, has gone over to the last ring, and holds all that it owns.
pub fn all_moved<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let Some(server) = server(system) else { return true };
    let all = claims::servers(state).count();
    let done = servers_up(state).filter(|(_, own)| own.storage.whole == server.last());
    done.count() == all
}

/// A key was written by one owner, and is held by another one too.
pub fn a_key_moved<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    claims::pairs(state)
        .any(|(one, other)| one.storage.held.keys().any(|key| other.storage.held.contains_key(key)))
}
