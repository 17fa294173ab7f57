//! Who keeps to a leader, and a leader that is not heard any more (thesis §6.2, §4.2.3).
//!
//! A server that has heard a leader for less than the least election timeout votes for no other.
//! This alone would let a leader go on that reaches too few: such a leader steps down.

use std::time::Duration;

use stateright::actor::Id;

use super::config::Config;
use super::message::Message;
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Command, Params, Timer};
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// The least election timeout has passed. A follower does not count on its leader any more; a
/// leader goes on if it has heard a majority.
pub(super) fn check<P: Params>(step: &mut Step<P>) {
    match &step.state().role {
        Role::Follower { leader: Some(_) } => step.become_follower(None),
        Role::Leader { .. } => check_quorum(step),
        _ => {}
    }
}

fn check_quorum<P: Params>(step: &mut Step<P>) {
    let is_heard = hears_majority(&step.server.rules, step.state());
    if !is_heard {
        return step.become_follower(None);
    }
    step.set_contact_timer();
    let Role::Leader { followers, .. } = &mut step.state_mut().role else { return };
    followers.values_mut().for_each(|known| known.is_heard = false);
}

/// Has this leader heard so many since it last counted that they are a majority with it?
pub fn hears_majority(rules: &impl RuleBook<Rule>, state: &ServerState<impl StateMachine>) -> bool {
    let is_quorum = state.config().is_quorum(rules, |id| is_heard(state, id));
    state.is_leader() && rules.require(Rule::StepsDownUnheard, is_quorum)
}

/// Whom `next` needs that this leader has not heard since it last counted: one that gets a vote, or
/// one without which those that it has heard are no majority.
pub fn unheard(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    next: &Config,
) -> Option<Id> {
    let are_enough = next.is_quorum(rules, |id| is_heard(state, id));
    let mut silent = next.all_voters();
    silent.retain(|id| !is_heard(state, *id));
    let gets_a_vote = silent.iter().copied().find(|id| !state.config().is_voter(*id));
    gets_a_vote.or_else(|| silent.first().copied().filter(|_| !are_enough))
}

/// Has this leader heard the server since it last counted, or is it that server?
fn is_heard(state: &ServerState<impl StateMachine>, id: Id) -> bool {
    let Role::Leader { followers, .. } = &state.role else { return false };
    followers.get(&id).is_none_or(|known| known.is_heard)
}

/// For how long a server promises its vote to the leader that it hears.
pub(super) fn promised<P: Params>(step: &Step<P>) -> Option<Duration> {
    step.server.options.lease_reads.then_some(step.server.timing.election.start)
}

/// A server that hears its leader promises its vote to it, for the least election timeout. Whatever
/// becomes of the leader, or of what this server knows of it, the promise stands: one that was
/// longer, before the timers of this server were changed, is kept to its end.
pub(super) fn promise<P: Params>(step: &mut Step<P>) {
    let Some(length) = promised(step) else { return };
    let (has_promised, before) = (step.state().has_promised, step.state().storage.promise);
    let length = before.filter(|before| has_promised && *before > length).unwrap_or(length);
    step.set_timer(Timer::Promise, length..length);
    if !has_promised {
        step.state_mut().has_promised = true;
    }
    if before != Some(length) {
        step.storage_mut().promise = Some(length);
    }
}

/// The time of a promise is over.
pub(super) fn redeem<P: Params>(step: &mut Step<P>) {
    if step.state().has_promised {
        step.state_mut().has_promised = false;
    }
}

/// A server takes no further part: it counts on no leader, and gives nobody a vote.
pub(super) fn rest<P: Params>(step: &mut Step<P>) {
    if step.server.options.are_sticky() {
        step.cancel_timer(Timer::Contact);
    }
    if step.server.options.lease_reads {
        step.cancel_timer(Timer::Promise);
        redeem(step);
    }
}

/// Does this server ignore a candidate, since it hears a leader? Not if the leader wants it.
pub(super) fn ignores<P: Params>(step: &Step<P>, message: &Message<Command<P>>) -> bool {
    let Message::RequestVote(request) = message else {
        return false;
    };
    let state = step.state();
    let hears_a_leader = step.server.options.check_quorum && state.hears_a_leader();
    (hears_a_leader || state.has_promised)
        && step.keeps(Rule::HeardLeaderKeepsVote)
        && !(request.is_heir && step.keeps(Rule::HeirGetsVote))
}
