//! What must be true of the store, what must happen, and what must be possible, so that nothing
//! holds for want of behaviour.

use stateright::actor::{ActorModel, ActorModelState};

use super::ghost::Ghost;
use crate::gossip::store::Server;
use crate::gossip::store::rules::Rule;
use crate::gossip::store::state::State;
use crate::rules::RuleBook;

/// The replicas and their history.
pub type System<R> = ActorModel<Server<R>, (), Ghost>;
/// Its state.
pub type SystemState<R> = ActorModelState<Server<R>, Ghost>;
/// A condition on it.
pub type Condition<R> = fn(&System<R>, &SystemState<R>) -> bool;

/// A property and its name.
pub type Named<R> = (&'static str, Condition<R>);

pub const NEVER_BACK: &str = "nobody goes back to an earlier version";
pub const ONE_VALUE: &str = "one version is one value";
pub const WRITES_SHOW: &str = "a write shows where it was asked for";

/// Convergence: in the end all stores are one.
pub const ALIKE: &str = "all stores are alike";
/// And nothing that was written is lost but to a later write.
pub const LATEST: &str = "all have the latest of each key";
/// Rumours die.
pub const QUIET: &str = "nothing is told as a rumour";

/// What is always true, whatever the faults.
pub fn safety<R: RuleBook<Rule>>() -> Vec<Named<R>> {
    vec![
        (NEVER_BACK, |_, state| !state.history.went_back),
        (ONE_VALUE, |_, state| !state.history.twice),
        (WRITES_SHOW, |_, state| !state.history.did_not_show),
    ]
}

/// The replicas that are up.
fn up<R: RuleBook<Rule>>(state: &SystemState<R>) -> impl Iterator<Item = &State> {
    let replicas = state.actor_states.iter().zip(&state.crashed);
    replicas.filter(|(_, crashed)| !**crashed).map(|(own, _)| &**own)
}

/// All replicas that are up hold the same.
pub fn alike<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let first = up(state).next();
    first.is_none_or(|first| up(state).all(|own| own.store == first.store))
}

/// All replicas that are up hold the latest version of each key that was ever written.
pub fn all_have_the_latest<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    let ghost = &state.history;
    up(state).all(|own| {
        ghost
            .written
            .keys()
            .all(|key| own.store.get(key).map(|entry| entry.version) == ghost.latest(key))
    })
}

/// Nobody tells a rumour.
pub fn quiet<R: RuleBook<Rule>>(_: &System<R>, state: &SystemState<R>) -> bool {
    up(state).all(|own| own.hot.is_empty())
}

/// Every write of every script was carried out.
fn all_is_written<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let mut replicas = system.actors.iter().zip(&state.actor_states);
    replicas.all(|(server, own)| usize::from(own.written) == server.script.len())
}

/// Two replicas have written one key with one number, and all hold the same of it.
pub fn a_tie_was_broken<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    let is_tie = state.history.written.values().any(|versions| {
        let mut pairs = versions.keys().zip(versions.keys().skip(1));
        pairs.any(|(one, next)| one.number == next.number)
    });
    is_tie && all_is_written(system, state) && alike(system, state)
}

/// All was written, all rumours have died, and somebody has not heard of it.
pub fn a_rumour_left_one_out<R: RuleBook<Rule>>(
    system: &System<R>,
    state: &SystemState<R>,
) -> bool {
    all_is_written(system, state) && quiet(system, state) && !alike(system, state)
}

/// All was written, all hold it, and no rumour is told any more.
pub fn all_is_well<R: RuleBook<Rule>>(system: &System<R>, state: &SystemState<R>) -> bool {
    all_is_written(system, state)
        && quiet(system, state)
        && all_have_the_latest(system, state)
        && !state.history.written.is_empty()
}
