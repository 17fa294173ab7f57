//! Who keeps to a leader, and a leader that is not heard any more (thesis §6.2, §4.2.3).
//!
//! A server that has heard a leader for less than the least election timeout votes for no other.
//! This alone would let a leader go on that reaches too few: such a leader steps down.

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
    let Role::Leader { followers, .. } = &state.role else {
        return false;
    };
    // Whoever is not a follower is the leader itself.
    let is_heard = |id| followers.get(&id).is_none_or(|known| known.is_heard);
    rules.require(Rule::StepsDownUnheard, state.config().is_quorum(rules, is_heard))
}

/// A server that hears its leader promises its vote to it, for the least election timeout. Whatever
/// becomes of the leader, or of what this server knows of it, the promise stands.
pub(super) fn promise<P: Params>(step: &mut Step<P>) {
    if step.server.options.lease_reads {
        step.set_timer(Timer::Promise, step.server.timing.least_election());
        if !step.state().has_promised {
            step.state_mut().has_promised = true;
        }
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
    step.server.options.check_quorum
        && (state.hears_a_leader() || state.has_promised)
        && step.keeps(Rule::HeardLeaderKeepsVote)
        && !(request.is_heir && step.keeps(Rule::HeirGetsVote))
}
