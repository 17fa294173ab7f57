//! What must be true of a fenced store, and what must be possible, so that nothing holds for want
//! of behaviour.

use std::collections::BTreeSet;

use super::ghost::Ghost;
use crate::claims::{self, all_answered, is_explained, servers, servers_up};
use crate::fenced::state::Store;
use crate::fenced::{Params, Server};
use crate::number::Epoch;

/// The members of a system with a store and its history.
pub type System<P> = claims::System<Server<P>, Ghost>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Ghost>;
type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const NEWEST_STAYS: &str = "nothing older is written over something newer";
pub const ONE_WRITER: &str = "one writer an epoch";
pub const LINEARIZABILITY: &str = "linearizability";

/// What the fence is for, and linearizability of what the clients saw.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (NEWEST_STAYS, nothing_older_is_written),
        (ONE_WRITER, one_writer_an_epoch),
        (LINEARIZABILITY, linearizability),
    ]
}

fn store<P: Params>(state: &SystemState<P>) -> &Store<P::Machine> {
    let mut stores = servers(state).filter_map(|(_, state)| state.store());
    stores.next().expect("there is a store")
}

/// The epochs of the writers that are up and take commands.
fn writing<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = Epoch> {
    servers_up(state).filter_map(|(_, state)| Some(state.writer()?.image()?.epoch))
}

/// What the store holds was written in the newest epoch in which anything was.
fn nothing_older_is_written<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    store::<P>(state).image.epoch >= state.history.written
}

/// No two writers take commands in the same epoch.
fn one_writer_an_epoch<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let epochs: BTreeSet<_> = writing::<P>(state).collect();
    epochs.len() == writing::<P>(state).count()
}

/// Some order of the operations explains what the clients were told.
fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// Two writers take commands, and one of them was replaced and does not know it.
pub fn two_take_commands<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    writing::<P>(state).count() == 2
}

/// All clients have all their answers, although the store has refused something that was written
/// in an older epoch.
pub fn answered_though_some_was_refused<P: Params>(
    system: &System<P>,
    state: &SystemState<P>,
) -> bool {
    all_answered(system, state) && state.history.refused
}

/// All clients have all their answers, and the store was written in two epochs at least.
pub fn answered_in_a_later_epoch<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    all_answered(system, state) && state.history.written > Epoch(1)
}
