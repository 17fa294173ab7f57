//! A backup takes what the primary of its view has ordered, in that order.

use stateright::actor::Id;

use super::execute::commit_up_to;
use super::group::View;
use super::message::{Commit, Message, Prepare, PrepareOk};
use super::rules::Rule;
use super::server::Step;
use super::state::Status;
use super::{Command, Params, Timer, transfer};
use crate::number::Index;

/// The primary of `view` is heard. Is this replica a normal backup of that view? If the view is
/// later than the log here, the replica asks for what it lacks, and wants no other view as long as
/// it hears that primary.
fn hears<P: Params>(step: &mut Step<P>, primary: Id, view: View) -> bool {
    let known = step.replica();
    if known.view == view && matches!(known.status, Status::Backup) {
        step.set_timer(Timer::Silence, step.server.timing.silence.clone());
        return true;
    }
    if !step.require(Rule::RecoveringIsSilent, !known.is_apart()) {
        return false;
    }
    if !step.keeps(Rule::NormalAndSameView) {
        return true;
    }
    if view >= known.view && view > known.last_normal {
        step.set_timer(Timer::Silence, step.server.timing.silence.clone());
        transfer::ask_once(step, primary, view);
    }
    false
}

/// Takes an entry if it is the next one.
pub(super) fn handle_prepare<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Prepare<Command<P>>,
) {
    if !hears(step, from, message.view) {
        return;
    }
    let last = step.replica().log.last();
    if !step.require(Rule::PreparesInOrder, message.op <= last.next()) {
        return transfer::ask_once(step, from, message.view);
    }
    if step.require(Rule::TakenOnce, message.op > last) {
        step.replica_mut().log.push(message.entry);
        step.remember();
    }
    commit_up_to(step, message.commit);
    let op = step.replica().log.last().max(message.op);
    step.send(from, Message::PrepareOk(PrepareOk { view: message.view, op }));
}

/// The primary is there, and has committed so much.
pub(super) fn handle_commit<P: Params>(step: &mut Step<P>, from: Id, message: Commit) {
    if step.replica().has_asked && message.view >= step.replica().view {
        transfer::is_time_to_ask(step);
    }
    if !hears(step, from, message.view) {
        return;
    }
    if message.commit > step.replica().log.last() {
        return transfer::ask_once(step, from, message.view);
    }
    commit_up_to(step, message.commit);
}

/// This replica has the log of `view`, and is normal in it.
pub(super) fn begin<P: Params>(step: &mut Step<P>, view: View, commit: Index) {
    let known = step.replica_mut();
    known.view = view;
    known.last_normal = view;
    known.status = Status::Backup;
    known.has_asked = false;
    step.remember();
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    step.cancel_timer(Timer::Again);
    commit_up_to(step, commit);
    acknowledge(step);
}

/// Tells the primary how much this replica has of the view's log, if not all is committed.
fn acknowledge<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let (view, op, primary) = (known.view, known.log.last(), step.primary());
    if op > known.commit && primary != step.id {
        step.send(primary, Message::PrepareOk(PrepareOk { view, op }));
    }
}
