//! Who leads: the best of its own list at once, or when a majority of all members confirms it.

use std::collections::BTreeSet;

use stateright::actor::Id;

use super::list::{is_best, say_word};
use super::message::{Ask, Confirm, Message};
use super::rules::Rule;
use super::state::{Durable, Role};
use super::{Step, Timer};
use crate::number::Epoch;
use crate::quorum::is_majority;

/// A server looks whether it is the best of its list, and does what follows from that.
pub(super) fn judge(step: &mut Step) {
    let (is_best, votes) = (is_best(step), step.keeps(Rule::MajorityConfirms));
    match step.state().role {
        Role::Follower { leader } => {
            let is_led = votes && leader.is_some();
            if is_best && !is_led {
                if votes { stand(step) } else { lead(step) }
            }
        }
        Role::Standing { .. } if !is_best => step.take_role(Role::Follower { leader: None }),
        // Who was confirmed leads until another one is.
        Role::Leader if !is_best && !votes => step.take_role(Role::Follower { leader: None }),
        Role::Standing { .. } | Role::Leader => {}
    }
}

/// A server asks all members to confirm it in an epoch of its own.
pub(super) fn stand(step: &mut Step) {
    let (id, epoch) = (step.id, step.state().durable.epoch.next());
    step.set_durable(|durable| Durable { epoch, confirmed: Some(id), ..durable });
    step.take_role(Role::Standing { confirmed_by: BTreeSet::from([id]) });
    step.say_to_others(Message::Ask(Ask { epoch }));
    lead_if_confirmed(step);
}

/// A server that leads says so.
fn lead(step: &mut Step) {
    step.take_role(Role::Leader);
    say_word(step);
}

/// A server that hears of a newer epoch makes it its own, and may confirm anew.
pub(super) fn observe(step: &mut Step, epoch: Epoch) {
    if epoch <= step.state().durable.epoch {
        return;
    }
    step.set_durable(|durable| Durable { epoch, confirmed: None, ..durable });
    if step.keeps(Rule::NewerEpochDeposes) && step.state().role != NO_LEADER {
        step.take_role(NO_LEADER);
    }
}

const NO_LEADER: Role = Role::Follower { leader: None };

/// A server hears another one say in its epoch that it leads, or that it does not.
pub(super) fn hear(step: &mut Step, from: Id, epoch: Epoch, leads: bool) {
    if epoch < step.state().durable.epoch {
        return;
    }
    let follows_it = step.state().role == (Role::Follower { leader: Some(from) });
    let is_leader = step.state().role == Role::Leader;
    if leads && !follows_it && !is_leader {
        step.take_role(Role::Follower { leader: Some(from) });
    }
    if !leads && follows_it && step.keeps(Rule::SpeakerLeads) {
        step.take_role(NO_LEADER);
    }
}

/// A member is asked to confirm a leader.
pub(super) fn handle_ask(step: &mut Step, candidate: Id, Ask { epoch }: Ask) {
    observe(step, epoch);
    let Durable { epoch: own, confirmed, .. } = step.state().durable;
    let is_current = epoch == own;
    let is_taken = is_current && confirmed.is_some_and(|other| other != candidate);
    let confirms = step.require(Rule::NoConfirmationInOlderEpoch, is_current)
        && step.require(Rule::OneConfirmationPerEpoch, !is_taken);
    if !confirms {
        return;
    }
    step.set_durable(|durable| Durable { confirmed: Some(candidate), ..durable });
    step.say(candidate, Message::Confirm(Confirm { epoch }));
}

/// A member has confirmed this server.
pub(super) fn handle_confirm(step: &mut Step, from: Id, Confirm { epoch }: Confirm) {
    let Role::Standing { confirmed_by } = &step.state().role else {
        return;
    };
    if !step.require(Rule::ConfirmedInThisEpoch, epoch == step.state().durable.epoch) {
        return;
    }
    let mut confirmed_by = confirmed_by.clone();
    confirmed_by.insert(from);
    step.state_mut().role = Role::Standing { confirmed_by };
    lead_if_confirmed(step);
}

fn lead_if_confirmed(step: &mut Step) {
    let members = step.server.members.len();
    if let Role::Standing { confirmed_by } = &step.state().role
        && is_majority(confirmed_by.len(), members)
    {
        step.cancel_timer(Timer::Stand);
        lead(step);
    }
}
