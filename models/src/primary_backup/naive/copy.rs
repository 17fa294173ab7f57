//! How commands are taken and answered, and how the leader's log gets to the follower.

use stateright::actor::Id;

use super::message::Message;
use super::rules::Rule;
use super::state::Role;
use super::takeover;
use super::{Log, Step, Timer};
use crate::kv::{Command, Kv};
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// The leader takes the command into its log and answers when it may. A follower says who leads.
pub(super) fn handle_request(step: &mut Step, request: Request<Command>) {
    let leads = step.state().leads();
    let is_read = Kv::is_read_only(&request.command);
    if !leads && is_read && !step.keeps(Rule::ReadsAtLeader) {
        return answer_from_store(step, &request);
    }
    if !step.require(Rule::OnlyLeaderWrites, leads) {
        let leader = (step.state().role == Role::Follower).then(|| step.server.partner(step.id));
        return step.answer(request.session, request.sequence, Answer::Redirect { leader });
    }
    if !step.keeps(Rule::WriteTakesEffect) {
        return answer_from_store(step, &request);
    }
    let known = step.state().log.iter().position(|entry| *entry == request);
    let place = known.unwrap_or_else(|| {
        step.log_mut().push(request);
        step.state().log.len() - 1
    });
    if may_answer(step, place) {
        answer(step, place);
    }
}

/// May the command at this place be answered? A follower that takes commands waits for nobody.
fn may_answer(step: &Step, place: usize) -> bool {
    match step.state().role {
        Role::Leader { copied } => step.require(Rule::AnsweredWhenCopied, place < copied),
        _ => true,
    }
}

/// Answers the command at this place of the log.
fn answer(step: &mut Step, place: usize) {
    let Request { session, sequence, .. } = step.state().log[place];
    let output = step.state().output(place);
    step.answer(session, sequence, Answer::done(output));
}

/// Answers the command by what the store holds now, and changes nothing.
fn answer_from_store(step: &mut Step, request: &Request<Command>) {
    let output = step.state().store().apply(&request.command);
    step.answer(request.session, request.sequence, Answer::done(output));
}

/// Answers the commands from this place on that come before the place `end`.
pub(super) fn answer_waiting(step: &mut Step, from: usize, end: usize) {
    if step.keeps(Rule::AnsweredWhenCopied) {
        for place in from..end.min(step.state().log.len()) {
            answer(step, place);
        }
    }
}

/// A follower asks its leader for the log.
pub(super) fn poll(step: &mut Step) {
    if step.state().role != Role::Follower {
        return;
    }
    let (leader, log) = (step.server.partner(step.id), step.state().log.clone());
    step.send(leader, Message::Pull { have: log.len() });
    if !step.keeps(Rule::LogGoesOneWay) {
        step.send(leader, Message::Push { log });
    }
}

/// A leader learns what its follower has, answers what waited for that, and sends its log.
pub(super) fn handle_pull(step: &mut Step, from: Id, have: usize) {
    let Role::Leader { copied } = step.state().role else {
        return;
    };
    step.renew(Timer::Silence);
    if copied < have {
        step.state_mut().role = Role::Leader { copied: have };
        answer_waiting(step, copied, have);
    }
    let entries = step.state().log.clone();
    step.send(from, Message::Entries { have, entries });
}

/// A follower takes over the leader's log.
pub(super) fn handle_entries(step: &mut Step, have: usize, entries: Log) {
    if !matches!(step.state().role, Role::Follower | Role::Syncing) {
        return;
    }
    step.renew(Timer::Silence);
    if !step.require(Rule::FitsItsPull, have == step.state().log.len()) {
        return;
    }
    if !step.keeps(Rule::EntryHasItsPlace) {
        step.log_mut().extend(entries.into_iter().next());
    } else if step.state().log != entries {
        *step.log_mut() = entries;
    }
    if step.state().role == Role::Syncing {
        takeover::lead_alone(step);
    }
}

/// A leader takes over the log of its follower.
pub(super) fn handle_push(step: &mut Step, log: Log) {
    if step.state().leads() && step.state().log != log {
        *step.log_mut() = log;
    }
}
