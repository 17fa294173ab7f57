//! Who is asked whether it lives, and what is made of its silence.

use stateright::actor::Id;

use super::message::{Ack, Message, Ping, PingReq, Relayed};
use super::rules::Rule;
use super::server::Step;
use super::state::{Probe, State};
use super::word::{Status, Word};
use super::{Server, Timer, gossip};
use crate::rules::RuleBook;

/// A period begins: whoever has not answered in the last one is suspected, and another member is
/// probed. Which one is drawn at random of those that were not probed in this round.
pub(super) fn handle_period<R: RuleBook<Rule>>(step: &mut Step<R>) {
    end_probe(step);
    let mut candidates = still_to_probe(step);
    if candidates.is_empty() || !step.keeps(Rule::RoundRobinProbe) {
        step.state_mut().probed.clear();
        candidates = still_to_probe(step);
    }
    match candidates[..] {
        [] => {}
        [only] => begin_probe(step, only),
        _ => step.choose("probe", candidates),
    }
    let health = step.state().health;
    let period = step.server.timing.period * u32::from(health + 1);
    step.set_timer(Timer::Period(health), period..period);
}

/// Who is to be probed before anybody is probed again.
fn still_to_probe<R: RuleBook<Rule>>(step: &Step<R>) -> Vec<Id> {
    let State { members, probed, .. } = step.state();
    let living = members.iter().filter(|(_, word)| word.may_live()).map(|(member, _)| *member);
    let contacts = step.server.contacts.iter().copied();
    let contacts = contacts.filter(|_| step.keeps(Rule::ContactsAreProbed));
    let mut all: Vec<Id> = living.chain(contacts).filter(|it| *it != step.id).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|member| !probed.contains(member));
    all
}

/// A member asks another one whether it lives.
pub(super) fn begin_probe<R: RuleBook<Rule>>(step: &mut Step<R>, target: Id) {
    let health = step.state().health;
    let state = step.state_mut();
    state.probed.insert(target);
    state.probe = Some(Probe { target, is_relayed: false, health });
    let direct = step.server.timing.direct * u32::from(health + 1);
    step.set_timer(Timer::Direct(health), direct..direct);
    step.send_with(target, |gossip| Message::Ping(Ping { asker: None, gossip }));
}

/// The member that is probed has not answered, so others are asked to ask it: the link may be at
/// fault.
pub(super) fn handle_direct<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let Some(Probe { target, is_relayed: false, .. }) = step.state().probe else { return };
    if !step.keeps(Rule::IndirectBeforeSuspect) {
        return suspect(step, target);
    }
    if let Some(probe) = &mut step.state_mut().probe {
        probe.is_relayed = true;
    }
    for relay in relays(step, target) {
        step.send_with(relay, |gossip| Message::PingReq(PingReq { target, gossip }));
    }
}

/// The next so many members behind this one, in a ring, that live as far as it knows.
fn relays<R: RuleBook<Rule>>(step: &Step<R>, target: Id) -> Vec<Id> {
    let State { members, .. } = step.state();
    let ring = members.range(step.id..).chain(members.range(..step.id));
    let living = ring.filter(|(member, word)| **member != target && word.status == Status::Alive);
    living.map(|(member, _)| *member).take(step.server.settings.relays).collect()
}

/// The probe that is under way has failed if it went the whole way. That a dead contact does not
/// answer tells nothing.
fn end_probe<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let Some(probe) = step.state().probe else { return };
    step.cancel_timer(Timer::Direct(probe.health));
    step.state_mut().probe = None;
    if probe.is_relayed && step.state().takes_for_living(probe.target) {
        suspect(step, probe.target);
        grow_unhealthy(step);
    }
}

/// A member has not answered, whoever asked it.
fn suspect<R: RuleBook<Rule>>(step: &mut Step<R>, member: Id) {
    let known = step.state().members.get(&member).copied();
    if let Some(known) = known.filter(|word| word.may_live()) {
        gossip::hear_of(step, member, known.is_now(Status::Suspect));
    }
}

/// The member that is probed lives.
fn answered<R: RuleBook<Rule>>(step: &mut Step<R>, target: Id) {
    if let Some(probe) = step.state().probe.filter(|probe| probe.target == target) {
        step.cancel_timer(Timer::Direct(probe.health));
        let state = step.state_mut();
        state.probe = None;
        state.health = state.health.saturating_sub(1);
    }
    let known = step.state().members.get(&target).copied();
    if let Some(suspect) = known.filter(|word| word.status == Status::Suspect)
        && !step.keeps(Rule::OnlyOwnerRaises)
    {
        gossip::hear_of(step, target, Word::alive(suspect.incarnation.next()));
    }
}

/// Some answer did not come, or others missed one: this member may be the slow one.
pub(super) fn grow_unhealthy<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let Server { settings, .. } = step.server;
    if step.state().health < settings.patience {
        step.state_mut().health += 1;
    }
}

pub(super) fn handle_ping<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Ping) {
    let Ping { asker, gossip } = message;
    gossip::hear(step, from, gossip);
    step.send_with(from, |gossip| Message::Ack(Ack { asker, gossip }));
}

/// The answer is this member's own, or it is passed on to the one that wants to know.
pub(super) fn handle_ack<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Ack) {
    gossip::hear(step, from, message.gossip);
    match message.asker {
        None => answered(step, from),
        Some(asker) => {
            step.send_with(asker, |gossip| Message::Relayed(Relayed { target: from, gossip }))
        }
    }
}

pub(super) fn handle_ping_req<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: PingReq) {
    let PingReq { target, gossip } = message;
    gossip::hear(step, from, gossip);
    step.send_with(target, |gossip| Message::Ping(Ping { asker: Some(from), gossip }));
}

pub(super) fn handle_relayed<R: RuleBook<Rule>>(step: &mut Step<R>, from: Id, message: Relayed) {
    gossip::hear(step, from, message.gossip);
    answered(step, message.target);
}
