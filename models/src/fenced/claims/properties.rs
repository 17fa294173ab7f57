//! What must be true of a fenced store, and what must be possible, so that nothing holds for want
//! of behaviour.

use stateright::actor::Id;

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
pub const OWN_EPOCH: &str = "each writes in the epoch that it was granted";
pub const LINEARIZABILITY: &str = "linearizability";

/// What the fence is for, and linearizability of what the clients saw.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (NEWEST_STAYS, nothing_older_is_written),
        (OWN_EPOCH, each_writes_in_its_own_epoch),
        (LINEARIZABILITY, linearizability),
    ]
}

fn store<P: Params>(state: &SystemState<P>) -> &Store<P::Machine> {
    let mut stores = servers(state).filter_map(|(_, state)| state.store());
    stores.next().expect("there is a store")
}

/// The writers that are up and take commands, each with its epoch.
fn writing<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = (Id, Epoch)> {
    servers_up(state).filter_map(|(id, state)| Some((id, state.writer()?.image()?.epoch)))
}

/// What the store holds was written in the newest epoch in which anything was.
fn nothing_older_is_written<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    store::<P>(state).image.epoch >= state.history.written
}

/// A writer takes commands only in an epoch that was granted to it, and to nobody else after it.
fn each_writes_in_its_own_epoch<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let granted = &state.history.granted;
    writing::<P>(state).all(|(id, epoch)| granted.get(&epoch) == Some(&id))
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

/// All clients have all their answers, and nothing was written in a second epoch.
pub fn answered_in_the_first_epoch<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    all_answered(system, state) && state.history.written == Epoch(1)
}

/// A writer has answered a command that it had taken before, in the same epoch.
pub fn a_retry_was_answered<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.answered_again
}
