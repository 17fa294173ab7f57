//! What must be true of the atomic register, and what must be possible, so that nothing holds for
//! want of behaviour.

use std::collections::BTreeMap;

use super::ghost::Ghost;
use crate::claims::{self, is_explained, servers, servers_up};
use crate::quorum::is_majority;
use crate::quorum_store::abd::{MachineOf, Params, Server};
use crate::quorum_store::register::Tag;

/// The members of a system, and its history.
pub type System<P> = claims::System<Server<P>, Ghost<MachineOf<P>>>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Ghost<MachineOf<P>>>;
/// What is true or not of a state.
pub type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const LINEARIZABILITY: &str = "linearizability";
pub const ONE_CONTENT: &str = "what two replicas hold under one tag is the same";
pub const MAJORITY_HOLDS: &str = "a majority holds what was answered, or something later";
pub const ONE_TAG: &str = "a write has one tag, whoever coordinates it";
pub const NEVER_BACK: &str = "what a replica holds only gets later, but for a crash";

/// What the clients see, and why.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (LINEARIZABILITY, linearizability),
        (ONE_CONTENT, one_content),
        (MAJORITY_HOLDS, majority_holds),
        (ONE_TAG, one_tag),
        (NEVER_BACK, never_back),
    ]
}

/// Some order of the operations explains what the clients were told.
pub fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

fn one_content<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let mut by_tag = BTreeMap::new();
    servers(state).all(|(_, server)| {
        server.storage.registers.iter().all(|(key, held)| {
            *by_tag.entry((key, held.tag)).or_insert(&held.content) == &held.content
        })
    })
}

/// Who has lost its disk counts for what it held.
fn majority_holds<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let count = servers(state).count();
    state.history.answered.iter().all(|(key, tag)| {
        let holds =
            servers(state).filter(|(_, server)| server.is_wiped() || server.held(key).tag >= *tag);
        is_majority(holds.count(), count)
    })
}

fn one_tag<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.changed_tag
}

fn never_back<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    !state.history.went_back
}

/// Two replicas hold writes of one number, each by a writer of its own.
pub fn two_of_one_number<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).any(|(one, other)| {
        one.storage.registers.iter().any(|(key, held)| {
            let (own, other): (Tag, Tag) = (held.tag, other.held(key).tag);
            own.number == other.number && own.writer != other.writer
        })
    })
}

/// A read has taken something later than what its coordinator held.
pub fn a_late_read<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.wrote_back
}

/// A server takes part again that has lost its disk.
pub fn one_has_rejoined<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).any(|(_, server)| server.storage.has_rejoined)
}

/// Every server is up and holds what it has said that it holds.
pub fn all_take_part<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let taking_part = servers_up(state).filter(|(_, server)| !server.is_wiped());
    taking_part.count() == servers(state).count()
}

/// Two servers coordinate one operation.
pub fn two_coordinate<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    claims::pairs(state).any(|(one, other)| {
        one.open.iter().any(|(session, own)| {
            other.open.get(session).is_some_and(|it| it.sequence == own.sequence)
        })
    })
}
