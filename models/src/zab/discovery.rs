//! Discovery: a leader finds an epoch above all that a majority has accepted, has a majority accept
//! it, and learns that nobody of these has a newer history.

use std::collections::{BTreeMap, BTreeSet};

use imbl::Vector;
use stateright::actor::Id;

use super::message::{AckEpoch, CEpoch, Message, NewEpoch};
use super::rules::Rule;
use super::server::Step;
use super::state::{FollowerPhase, Following, LeaderPhase, Leading, Link, LinkPhase, Role};
use super::sync::Syncs;
use super::zxid::Zxid;
use super::{Params, Timer, disk, election, synchronization};
use crate::number::{Epoch, Incarnation, Place};
use crate::state_machine::StateMachine;
use crate::window::Window;

/// This server leads from now on, as far as others follow.
pub(super) fn lead<P: Params>(step: &mut Step<P>) {
    disk::leave(step);
    let (own, disk) = (step.id, step.disk_mut());
    disk.begun = disk.begun.next();
    let (leadership, accepted) = (disk.begun, disk.accepted);
    step.process_mut().role = Role::Leading(Leading {
        leadership,
        phase: LeaderPhase::Discovery { accepted: BTreeMap::from([(own, accepted)]) },
        links: BTreeMap::new(),
        let_go: BTreeMap::new(),
        window: Window::default(),
        heard: BTreeSet::new(),
        syncs: Syncs::default(),
    });
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    step.set_timer(Timer::Census, step.server.timing.census.clone());
    announce_if_told(step);
}

/// This server follows `leader` from now on: it opens a link.
pub(super) fn follow<P: Params>(step: &mut Step<P>, leader: Id, leadership: Incarnation) {
    let disk = step.disk_mut();
    disk.begun = disk.begun.next();
    step.process_mut().role = Role::Following(Following {
        leader,
        leadership,
        epoch: Epoch::ZERO,
        accepts: false,
        heard: Place::ZERO,
        early: BTreeMap::new(),
        phase: FollowerPhase::Discovery,
        incoming: None,
    });
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    send_c_epoch(step);
}

/// Nothing was heard of the leader for too long.
pub(super) fn handle_silence<P: Params>(step: &mut Step<P>) {
    if step.process().following().is_some() && step.keeps(Rule::FollowerNeedsLeader) {
        election::look(step);
    }
}

/// The leader looks whom it has heard. It ceases to lead if that is no majority, or if they have
/// all said that they do not accept its epoch.
pub(super) fn handle_census<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let heard = own.heard.iter().filter(|id| own.counts(**id)).count();
    let is_heard = step.server.is_quorum(heard + 1);
    if !step.require(Rule::LeaderNeedsQuorum, is_heard) {
        return election::look(step);
    }
    if is_refused(own) && step.keeps(Rule::RefusedEpochIsLeft) {
        return election::look(step);
    }
    if let Some(own) = step.leading_mut() {
        let heard = std::mem::take(&mut own.heard);
        own.let_go(|id, _| !heard.contains(&id));
    }
    step.set_timer(Timer::Census, step.server.timing.census.clone());
}

/// Whether all who follow have answered, and too few of them accept the epoch. Who has accepted it
/// on another link, and whose word was lost, does not accept it again.
fn is_refused<M: StateMachine>(own: &Leading<M>) -> bool {
    let is_announced = matches!(own.phase, LeaderPhase::Announcement { .. });
    is_announced && own.links.values().all(|link| link.phase != LinkPhase::Discovery)
}

/// Tells the leader which epoch this server has accepted.
pub(super) fn send_c_epoch<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().following() else { return };
    let (leader, leadership) = (own.leader, own.leadership);
    let disk = &step.process().disk;
    let (session, accepted) = (disk.begun, disk.accepted);
    let observes = step.observes();
    step.send(leader, Message::CEpoch(CEpoch { leadership, session, accepted, observes }));
}

/// A follower has opened a link.
pub(super) fn handle_c_epoch<P: Params>(step: &mut Step<P>, from: Id, message: CEpoch) {
    let Some(own) = step.process().leading() else { return };
    let is_new = own.links.get(&from).is_none_or(|link| link.session < message.session);
    let is_meant = [own.leadership, Incarnation::ZERO].contains(&message.leadership);
    let is_open = !own.has_let_go(from, message.session);
    if !is_meant || !is_new || !step.require(Rule::LetGoStaysLetGo, is_open) {
        return;
    }
    let link = Link {
        session: message.session,
        observes: message.observes,
        phase: LinkPhase::Discovery,
        heard: Place::ZERO,
        unheard: Vector::new(),
        waited: 0,
        giving: None,
        sent: Zxid::ZERO,
        told: Zxid::ZERO,
        logged: Zxid::ZERO,
    };
    let (has_epoch, is_heard) = (own.has_epoch(), step.keeps(Rule::NewcomerIsHeard));
    let Some(own) = step.leading_mut() else { return };
    own.links.insert(from, link);
    if is_heard {
        own.heard.insert(from);
    }
    if let LeaderPhase::Discovery { accepted } = &mut own.phase
        && !message.observes
    {
        accepted.insert(from, message.accepted);
    }
    if has_epoch {
        return send_new_epoch(step, from);
    }
    announce_if_told(step);
}

/// Chooses the epoch, once a majority has told which it has accepted.
fn announce_if_told<P: Params>(step: &mut Step<P>) {
    let Some(own) = step.process().leading() else { return };
    let LeaderPhase::Discovery { accepted } = &own.phase else { return };
    if !step.require(Rule::EpochAboveQuorum, step.server.is_quorum(accepted.len())) {
        return;
    }
    let highest = accepted.values().max().copied().unwrap_or_default();
    let (id, followers) = (step.id, own.links.keys().copied().collect::<Vec<_>>());
    step.disk_mut().accepted = highest.next();
    if let Some(own) = step.leading_mut() {
        own.phase = LeaderPhase::Announcement { accepted_by: BTreeSet::from([id]) };
    }
    for to in followers {
        send_new_epoch(step, to);
    }
    synchronization::begin_if_accepted(step);
}

/// Tells a follower the epoch.
pub(super) fn send_new_epoch<P: Params>(step: &mut Step<P>, to: Id) {
    let epoch = step.process().disk.accepted;
    let Some(link) = step.process().leading().and_then(|own| own.links.get(&to)) else { return };
    let session = link.session;
    step.send(to, Message::NewEpoch(NewEpoch { session, epoch }));
}

/// The leader has chosen its epoch. The follower accepts it, unless it has accepted a later one.
pub(super) fn handle_new_epoch<P: Params>(step: &mut Step<P>, from: Id, message: NewEpoch) {
    let known = step.process();
    let Some(own) = known.following() else { return };
    let is_current = own.leader == from && known.disk.begun == message.session;
    let waits = own.phase == FollowerPhase::Discovery;
    if !is_current || !waits {
        return;
    }
    let accepted = known.disk.accepted;
    if !step.require(Rule::AcceptedEpochRises, message.epoch >= accepted) {
        return election::look(step);
    }
    let is_new = step.require(Rule::AcceptedEpochRises, message.epoch > accepted);
    let accepts = is_new || (own.accepts && own.epoch == message.epoch);
    if is_new {
        step.disk_mut().accepted = message.epoch;
    }
    if let Some(own) = step.following_mut() {
        own.epoch = message.epoch;
        own.accepts = accepts;
    }
    step.cancel_timer(Timer::Again);
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    let (current, last) = (step.process().disk.current, step.process().history.last());
    let NewEpoch { session, epoch } = message;
    step.send(from, Message::AckEpoch(AckEpoch { session, epoch, accepts, current, last }));
}

/// A follower knows the epoch.
pub(super) fn handle_ack_epoch<P: Params>(step: &mut Step<P>, from: Id, message: AckEpoch) {
    if !step.leads_on(from, message.session, message.epoch) {
        return;
    }
    let known = step.process();
    let Some(own) = known.leading() else { return };
    let (phase, observes) = (own.links[&from].phase, own.links[&from].observes);
    if phase != LinkPhase::Discovery {
        return;
    }
    let rank = |current, last| {
        let is_first = step.keeps(Rule::EpochBeforeZxid);
        (if is_first { current } else { Epoch::ZERO }, last)
    };
    let is_newest = observes
        || rank(message.current, message.last) <= rank(known.disk.current, known.history.last());
    if !own.is_accepted() && !step.require(Rule::NewestHistoryLeads, is_newest) {
        return election::look(step);
    }
    let is_accepted = own.is_accepted();
    let Some(own) = step.leading_mut() else { return };
    if let Some(link) = own.links.get_mut(&from) {
        link.phase = LinkPhase::Accepted { last: message.last };
    }
    if let LeaderPhase::Announcement { accepted_by } = &mut own.phase
        && message.accepts
        && !observes
    {
        accepted_by.insert(from);
    }
    match is_accepted {
        true => synchronization::begin(step, from),
        false => synchronization::begin_if_accepted(step),
    }
}
