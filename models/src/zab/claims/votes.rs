//! What must be true of fast leader election, whatever becomes of the messages, and what must be
//! possible.
//!
//! A vote is for a server and its history, which does not change while that looks. So who has voted
//! for whom in which round says all. Who is voted for has voted for itself first.

use std::collections::BTreeSet;
use std::sync::Arc;

use quorate_checker::spec::Step;
use stateright::actor::Id;

use super::ghost::{Cast, Ghost};
use super::properties::{System, SystemState};
use crate::claims::servers_up;
use crate::number::{Epoch, Round};
use crate::quorum::is_majority;
use crate::state_machine::StateMachine;
use crate::zab::state::{Process, Role};
use crate::zab::zxid::Zxid;
use crate::zab::{Params, Zab};

pub const ELECTED: &str = "who leads was voted for by a majority, in one round";
pub const NEWEST: &str = "nobody votes for an older history than its own";
pub const AGREEMENT: &str = "who finishes a round follows whom the others do";

/// The ghost of a spec of votes: who has voted for whom, by rounds.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, Zab<P>>,
) -> Option<Arc<Ghost>> {
    let known = step.after.server()?;
    let Role::Looking(looking) = &known.role else { return None };
    let cast = Cast { round: known.round, voter: step.actor, leader: looking.vote?.leader };
    if ghost.cast.contains(&cast) {
        return None;
    }
    let mut next = (**ghost).clone();
    next.cast.insert(cast);
    Some(Arc::new(next))
}

/// Whom each server has come to follow, or leads as, and in which round.
fn finished<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = (Id, Round, Id)> {
    servers_up(state).filter_map(|(id, known)| {
        let leader = known.following().map(|own| own.leader).or(known.leading().map(|_| id))?;
        Some((id, known.round, leader))
    })
}

/// Who leads, or is followed, was voted for by a majority in the round by which it was elected.
pub fn elected<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let count = state.actor_states.iter().filter(|member| member.server().is_some()).count();
    finished(state).all(|(_, round, leader)| {
        let cast = state.history.cast.iter();
        let votes = cast.filter(|cast| (cast.round, cast.leader) == (round, leader));
        let voters: BTreeSet<Id> = votes.map(|cast| cast.voter).chain([leader]).collect();
        is_majority(voters.len(), count)
    })
}

/// What a server has, as elections compare it.
fn rank<M: StateMachine>(known: &Process<M>) -> (Epoch, Zxid) {
    (known.disk.current, known.disk.log.last())
}

/// Nobody has voted for one whose history is older than its own: so who is elected has the newest
/// history of all who have elected it. Of a spec in which no history changes.
pub fn newest<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let of = |id: Id| state.actor_states.get(usize::from(id))?.server().map(rank);
    state.history.cast.iter().all(|cast| of(cast.voter) <= of(cast.leader))
}

/// Whoever has finished one round follows the same leader, or is it.
pub fn agreement<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    finished(state).all(|(_, round, leader)| {
        finished(state).all(|(_, other, another)| round != other || leader == another)
    })
}

/// All have finished.
pub fn all_finished<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    finished(state).count() == servers_up(state).count()
}

/// A server has finished a round that is not the first one.
pub fn a_second_round<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    finished(state).any(|(_, round, _)| round > Round(1))
}

/// A server follows one that it has not voted for in that round.
pub fn a_joiner<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    finished(state)
        .any(|(voter, round, leader)| !state.history.cast.contains(&Cast { round, voter, leader }))
}
