//! What is claimed of an election, however it elects: who leads, in which epoch, and who follows.

use std::collections::{BTreeMap, BTreeSet};

use quorate_checker::spec::{self, Claim, Sees};
use serde::Serialize;
use stateright::actor::{Actor, ActorModel, ActorModelState, Id};

use crate::number::Epoch;

/// A server that takes part in elections.
pub trait Elector {
    /// The epoch in which it leads, if it does. Where there are no epochs it is `ZERO`.
    fn leads_in(&self) -> Option<Epoch>;

    /// Whom it takes for leader, if it does not lead itself.
    fn follows(&self) -> Option<Id>;
}

/// An actor whose every server takes part in elections.
pub trait Elects: Actor<State: Elector, Msg: Ord, Timer: Ord> {}
impl<A: Actor<State: Elector, Msg: Ord, Timer: Ord>> Elects for A {}

/// A history of who led, and whether a leader had to go.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Past {
    /// By epoch, who has led in it.
    pub led: BTreeMap<Epoch, BTreeSet<Id>>,
    /// A leader that did not crash leads no more.
    pub is_deposed: bool,
}

/// The servers of an election.
pub type System<A> = ActorModel<A, (), Past>;
/// Their state.
pub type SystemState<A> = ActorModelState<A, Past>;
/// A condition on their state.
pub type Condition<A> = fn(&System<A>, &SystemState<A>) -> bool;
/// What is claimed of them.
pub type ClaimOf<A> = Claim<A, (), Past>;

/// No two servers ever lead in one epoch, not even one after the other.
pub const ONE_LEADER_AN_EPOCH: &str = "at most one leader an epoch";
/// No two servers that are up lead at once. No protocol keeps it that replaces a leader which it
/// does not hear: that one may be up.
pub const ONE_LEADER: &str = "at most one leader at once";
/// A leader leads on as long as it is up.
pub const LEADER_STAYS: &str = "a leader that is up leads on";
/// A server that is up leads.
pub const A_LEADER: &str = "a leader is up";
/// One server leads, and all others that are up follow it.
pub const ALL_FOLLOW: &str = "all follow one leader";

/// What the claims of states see.
pub const SEEN: Sees = Sees::ACTORS.and(Sees::GHOST);

/// The history after `step`, if that changed it.
pub fn observe<A: Elects>((): &(), past: &Past, step: &spec::Step<'_, A>) -> Option<Past> {
    let (before, after) = (step.before.leads_in(), step.after.leads_in());
    if before == after {
        return None;
    }
    let mut next = past.clone();
    if let Some(epoch) = after {
        next.led.entry(epoch).or_default().insert(step.actor);
    }
    next.is_deposed |= after.is_none() && !matches!(step.event, spec::Event::Crash);
    (next != *past).then_some(next)
}

/// [`ONE_LEADER_AN_EPOCH`], as a claim.
pub fn one_leader_an_epoch<A: Elects>() -> ClaimOf<A> {
    Claim::always(ONE_LEADER_AN_EPOCH, Sees::GHOST, |_, state| {
        state.history.led.values().all(|leaders| leaders.len() == 1)
    })
}

/// [`ONE_LEADER`], as a claim.
pub fn one_leader<A: Elects>() -> ClaimOf<A> {
    Claim::always(ONE_LEADER, Sees::ACTORS, |_, state| leaders(state).count() <= 1)
}

/// [`LEADER_STAYS`], as a claim.
pub fn leader_stays<A: Elects>() -> ClaimOf<A> {
    Claim::always(LEADER_STAYS, Sees::GHOST, |_, state| !state.history.is_deposed)
}

/// All servers that are up.
pub fn servers_up<A: Elects>(state: &SystemState<A>) -> impl Iterator<Item = (Id, &A::State)> {
    let servers = state.actor_states.iter().enumerate();
    let up = servers.filter(|(index, _)| !state.crashed[*index]);
    up.map(|(index, server)| (Id::from(index), &**server))
}

/// The servers that are up and lead.
fn leaders<A: Elects>(state: &SystemState<A>) -> impl Iterator<Item = Id> {
    servers_up(state).filter(|(_, server)| server.leads_in().is_some()).map(|(id, _)| id)
}

/// A server that is up leads.
pub fn a_leader_is_up<A: Elects>(_: &System<A>, state: &SystemState<A>) -> bool {
    leaders(state).next().is_some()
}

/// One server leads, and all others that are up follow it.
pub fn all_follow_one<A: Elects>(_: &System<A>, state: &SystemState<A>) -> bool {
    let mut leaders = leaders(state);
    let (Some(leader), None) = (leaders.next(), leaders.next()) else { return false };
    servers_up(state).all(|(id, server)| id == leader || server.follows() == Some(leader))
}

/// Two of these epochs are the same.
pub fn share_one(epochs: impl Iterator<Item = Epoch>) -> bool {
    let mut epochs: Vec<Epoch> = epochs.collect();
    epochs.sort_unstable();
    epochs.windows(2).any(|two| two[0] == two[1])
}

/// A server has led, and in a later epoch one has led again.
pub fn led_again<A: Elects>(_: &System<A>, state: &SystemState<A>) -> bool {
    state.history.led.len() > 1
}
