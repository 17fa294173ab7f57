//! Fast leader election: who looks for a leader votes for the newest history it hears of, and a
//! majority of equal votes decides.
//!
//! Votes are counted by *rounds*. Who hears of a later round begins that one. Who follows or leads
//! tells those that look whom, so that they need no round. Who has lost its disk has no vote: it
//! only asks, and tells nobody anything.
//!
//! Whatever becomes of the messages, who leads has the votes of a majority, and the newest history
//! of all who voted for it. But two may be elected in one round, by a better vote that comes when
//! the first has decided. To wait for one makes that rare, and discovery makes it harmless: an
//! epoch takes a majority that has accepted it.
//!
//! Source: ZooKeeper's `FastLeaderElection`; its order of votes is by epoch, zxid and server.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::message::{Message, Notification, Stance, Vote};
use super::rules::Rule;
use super::server::Step;
use super::state::{Looking, Process, Role};
use super::{Elections, Params, Timer, discovery, disk};
use crate::number::{Epoch, Incarnation, Round};
use crate::state_machine::StateMachine;

/// This server starts, and looks for a leader; but the first time it may know who leads.
pub(super) fn start<P: Params>(step: &mut Step<P>) {
    let Elections::Fast { first: Some(first) } = step.server.elections else { return look(step) };
    if step.process().disk.begun > Incarnation::ZERO || step.observes() {
        return look(step);
    }
    step.process_mut().round = Round(1);
    if first == step.id {
        discovery::lead(step);
    } else {
        discovery::follow(step, first, Incarnation::ZERO);
    }
}

/// This server leaves its leader, and looks for one.
pub(super) fn look<P: Params>(step: &mut Step<P>) {
    disk::leave(step);
    if step.server.elections == Elections::Oracle {
        return step.set_timer(Timer::Elect, step.server.timing.silence.clone());
    }
    let vote = (!step.observes()).then(|| own_vote(step));
    let known = step.process_mut();
    known.round = known.round.next();
    known.role = Role::Looking(Looking { vote, votes: BTreeMap::new(), told: BTreeMap::new() });
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    send_notifications(step);
    wait_if_decided(step);
}

/// A vote for this server.
fn own_vote<P: Params>(step: &Step<P>) -> Vote {
    let known = step.process();
    Vote { epoch: known.disk.current, zxid: known.history.last(), leader: step.id }
}

/// What this server tells of whom it votes for, or follows.
fn notification<P: Params>(step: &Step<P>) -> Notification {
    let known = step.process();
    let own = own_vote(step);
    let (vote, stance) = match &known.role {
        Role::Looking(_) if step.observes() => (own, Stance::Observing),
        Role::Looking(looking) => (looking.vote.unwrap_or(own), Stance::Looking),
        Role::Following(it) => (Vote { leader: it.leader, ..own }, Stance::Following),
        Role::Leading(_) => (own, Stance::Leading),
    };
    Notification { round: known.round, vote, stance }
}

/// Tells all others.
pub(super) fn send_notifications<P: Params>(step: &mut Step<P>) {
    let message = Message::Notification(notification(step));
    step.send_to_all(&message, |_| true);
}

/// Somebody tells whom it votes for, or follows.
pub(super) fn handle_notification<P: Params>(step: &mut Step<P>, from: Id, message: Notification) {
    let is_looking = matches!(step.process().role, Role::Looking(_));
    match (is_looking, message.stance) {
        (true, Stance::Looking) if !step.observes() => count(step, from, message),
        (true, Stance::Following | Stance::Leading) => join_if_told(step, from, message),
        (false, Stance::Looking | Stance::Observing) if !step.observes() => answer(step, from),
        (true, Stance::Looking | Stance::Observing)
        | (false, Stance::Looking | Stance::Observing | Stance::Following | Stance::Leading) => {}
    }
}

/// Who looks is told whom this server follows.
fn answer<P: Params>(step: &mut Step<P>, from: Id) {
    if step.keeps(Rule::LookingIsAnswered) {
        let message = Message::Notification(notification(step));
        step.send(from, message);
    }
}

/// Counts the vote of one that looks as well. In a round votes only get better, so one that is not
/// better was counted or has been overtaken.
fn count<P: Params>(step: &mut Step<P>, from: Id, message: Notification) {
    let round = step.process().round;
    let is_older = message.round < round;
    if is_older && step.keeps(Rule::RoundsApart) {
        let message = Message::Notification(notification(step));
        return step.send(from, message);
    }
    let is_later = message.round > round;
    if is_later && !step.keeps(Rule::RoundIsAdopted) {
        return;
    }
    let Role::Looking(looking) = &step.process().role else { return };
    let own = own_vote(step);
    let before = looking.vote.unwrap_or(own);
    let base = if is_later { own } else { before };
    let vote = if is_better(step, message.vote, base) { message.vote } else { base };
    let known = looking.votes.get(&from).filter(|_| !is_later);
    let is_new = known.is_none_or(|known| is_better(step, message.vote, *known));
    if !step.require(Rule::VoteCountsOnce, is_new) {
        return;
    }
    let is_apart = step.keeps(Rule::RoundsApart);
    let known = step.process_mut();
    known.round = round.max(message.round);
    let Role::Looking(looking) = &mut known.role else { return };
    if is_later && is_apart {
        looking.votes.clear();
    }
    looking.vote = Some(vote);
    looking.votes.insert(from, message.vote);
    if (is_later || vote != before) && step.keeps(Rule::VoteIsTold) {
        send_notifications(step);
    }
    wait_if_decided(step);
}

/// Whether the one vote is for a newer history than the other, or for the same and a later server.
fn is_better<P: Params>(step: &Step<P>, one: Vote, other: Vote) -> bool {
    let rank = |vote: Vote| {
        let is_first = step.keeps(Rule::EpochBeforeZxid);
        (if is_first { vote.epoch } else { Epoch::ZERO }, vote.zxid, vote.leader)
    };
    if step.keeps(Rule::VoteForNewest) {
        rank(one) > rank(other)
    } else {
        one.leader > other.leader
    }
}

/// Who votes as this server does, and it itself.
fn voters<M: StateMachine>(known: &Process<M>, id: Id) -> BTreeSet<Id> {
    let Role::Looking(looking) = &known.role else { return BTreeSet::new() };
    let same = looking.votes.iter().filter(|(_, vote)| Some(**vote) == looking.vote);
    same.map(|(voter, _)| *voter).chain([id]).collect()
}

/// Whether a majority votes as this server does.
fn is_decided<P: Params>(step: &Step<P>) -> bool {
    let count = voters(step.process(), step.id).len();
    step.require(Rule::MajorityElects, step.server.is_quorum(count))
}

/// Once a majority votes as this server does, a better vote may come for a while yet.
fn wait_if_decided<P: Params>(step: &mut Step<P>) {
    match is_decided(step) {
        true if !step.keeps(Rule::BetterVoteIsAwaited) => handle_elect(step),
        true => step.set_timer(Timer::Elect, step.server.timing.finalize.clone()),
        false => step.cancel_timer(Timer::Elect),
    }
}

/// No better vote has come.
pub(super) fn handle_elect<P: Params>(step: &mut Step<P>) {
    let Role::Looking(looking) = &step.process().role else { return };
    let Some(vote) = looking.vote else { return };
    if !is_decided(step) {
        return;
    }
    if vote.leader == step.id {
        discovery::lead(step);
    } else {
        discovery::follow(step, vote.leader, Incarnation::ZERO);
    }
}

/// Somebody follows a leader, or is one. This server joins if a majority does, and the leader too;
/// it leads if a majority follows it.
fn join_if_told<P: Params>(step: &mut Step<P>, from: Id, message: Notification) {
    let Role::Looking(looking) = &mut step.process_mut().role else { return };
    looking.told.insert(from, (message.round, message.vote.leader, message.stance));
    let (round, leader) = (message.round, message.vote.leader);
    let followers = followers(step.process(), step.id, round, leader);
    let is_majority = step.server.is_quorum(followers.len());
    if !step.require(Rule::MajorityIsJoined, is_majority) {
        return;
    }
    if leader == step.id {
        discovery::lead(step);
    } else {
        step.process_mut().round = round;
        discovery::follow(step, leader, Incarnation::ZERO);
    }
}

/// Who follows `leader` since `round`, or votes for it in that. Nobody unless that leads, or is
/// this server, and has not seen yet that it is to.
fn followers<M: StateMachine>(
    known: &Process<M>,
    id: Id,
    round: Round,
    leader: Id,
) -> BTreeSet<Id> {
    let Role::Looking(looking) = &known.role else { return BTreeSet::new() };
    let leads = looking.told.get(&leader) == Some(&(round, leader, Stance::Leading));
    let is_due = leader == id && round == known.round;
    if !leads && !is_due {
        return BTreeSet::new();
    }
    let told = looking.told.iter().filter(|(_, it)| (it.0, it.1) == (round, leader));
    let mut all: BTreeSet<Id> = told.map(|(id, _)| *id).collect();
    if round == known.round {
        let votes = looking.votes.iter().filter(|(_, vote)| vote.leader == leader);
        all.extend(votes.map(|(id, _)| *id));
        all.extend(looking.vote.filter(|vote| vote.leader == leader).map(|_| id));
    }
    all
}
