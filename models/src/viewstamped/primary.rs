//! A primary orders the requests, and answers those that a majority has.

use std::collections::BTreeMap;

use stateright::actor::Id;

use super::execute::{answer_executed, commit_up_to};
use super::log::{Entry, Log};
use super::message::{Commit, Message, Prepare, PrepareOk};
use super::rules::Rule;
use super::server::Step;
use super::state::Status;
use super::{Command, Params};
use crate::number::Index;
use crate::service::Request;
use crate::window::Window;

/// A client asks for a command. The primary gives it an op-number, unless it knows it already.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if !step.require(Rule::OnlyPrimaryServes, step.replica().is_primary()) {
        return step.redirect(session, sequence);
    }
    let known = step.replica();
    let is_open = matches!(&known.status,
        Status::Primary { window, .. } if window.has(session, sequence));
    let is_known = is_open || known.data.sessions.has_done(session, sequence);
    if !step.require(Rule::RetryTakesEffectOnce, !is_known) {
        if step.keeps(Rule::RetryIsAnswered) {
            answer_executed(step, session, sequence);
        }
        return;
    }
    match &mut step.replica_mut().status {
        Status::Primary { window, .. } => window.wait(request),
        _ => append(step, Entry::Request(request)),
    }
    order_waiting(step);
    commit(step);
}

/// Whether a reconfiguration is in the log that is not committed. It is the last entry: nothing
/// comes behind that.
pub(super) fn is_ending<P: Params>(step: &Step<P>) -> bool {
    let known = step.replica();
    let last = known.log.last();
    last > known.commit && known.log.get(last).is_some_and(|entry| entry.group().is_some())
}

/// Gives op-numbers to the requests that wait, as far as the window has room, and the epoch goes
/// on.
fn order_waiting<P: Params>(step: &mut Step<P>) {
    if !step.require(Rule::EpochStopsOld, !is_ending(step)) {
        return;
    }
    let most = step.server.limits.window;
    let is_kept = step.keeps(Rule::WindowIsKept);
    while let Status::Primary { window, .. } = &mut step.replica_mut().status
        && let Some(request) = window.next::<P::Machine>(|weight| weight <= most || !is_kept)
    {
        append(step, Entry::Request(request));
    }
}

/// Gives an entry the next op-number, and tells the backups.
pub(super) fn append<P: Params>(step: &mut Step<P>, entry: Entry<Command<P>>) {
    step.replica_mut().log.push(entry);
    step.remember();
    if let Some(prepare) = prepare_last(step) {
        step.broadcast(&prepare);
    }
}

/// What tells a backup of the last entry.
fn prepare_last<P: Params>(step: &Step<P>) -> Option<Message<Command<P>>> {
    let known = step.replica();
    let op = known.log.last();
    let entry = known.log.get(op)?.clone();
    Some(Message::Prepare(Prepare { view: known.view, op, entry, commit: known.commit }))
}

/// A backup has the log up to an op-number.
pub(super) fn handle_prepare_ok<P: Params>(step: &mut Step<P>, from: Id, message: PrepareOk) {
    let known = step.replica();
    let Status::Primary { held, .. } = &known.status else { return };
    if message.view != known.view {
        return;
    }
    let has = held.get(&from).copied().unwrap_or(known.commit);
    if message.op <= has {
        return;
    }
    if let Status::Primary { held, .. } = &mut step.replica_mut().status {
        held.insert(from, message.op);
    }
    commit(step);
}

/// Commits what a majority has, and answers it.
pub(super) fn commit<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let Status::Primary { held, .. } = &known.status else { return };
    let is_held = |op: &Index| {
        let others = held.values().filter(|up_to| *up_to >= op).count();
        step.require(Rule::CommitsAfterF, step.is_quorum_with(others))
    };
    let open = (known.commit.0 + 1..=known.log.last().0).map(Index);
    let Some(op) = open.take_while(is_held).last() else { return };
    commit_up_to(step, op);
    if let Status::Primary { held, .. } = &mut step.replica_mut().status {
        held.retain(|_, up_to| *up_to > op);
    }
    order_waiting(step);
}

/// The status of the primary of a cluster that begins.
pub(super) fn with_nothing<P: Params>() -> Status<Command<P>> {
    of_log::<P>(&Log::default())
}

/// The status of a primary that has this uncommitted, and does not know who else has it.
pub(super) fn of_log<P: Params>(uncommitted: &Log<Command<P>>) -> Status<Command<P>> {
    let window = Window::of::<P::Machine>(uncommitted.requests_behind(uncommitted.base()));
    Status::Primary { heard: BTreeMap::new(), held: BTreeMap::new(), window, said: Index::ZERO }
}

/// This replica is primary of its view from now on, and does not know who has how much of its log.
pub(super) fn begin<P: Params>(step: &mut Step<P>) {
    let known = step.replica_mut();
    known.status = of_log::<P>(&known.log.behind(known.commit));
    commit(step);
}

/// The primary says that it is there, and what it has committed. If there is nothing new since it
/// said so before, a backup that lacks the last entry is sent that again, and asks for more if it
/// lacks more.
pub(super) fn send_again<P: Params>(step: &mut Step<P>, held: &BTreeMap<Id, Index>, said: Index) {
    let known = step.replica();
    let (view, commit, last) = (known.view, known.commit, known.log.last());
    if step.keeps(Rule::PrimaryIsHeard) {
        step.broadcast(&Message::Commit(Commit { view, commit }));
    }
    if last > said {
        if let Status::Primary { said, .. } = &mut step.replica_mut().status {
            *said = last;
        }
        return;
    }
    if last == commit || !step.keeps(Rule::PreparesAreSentAgain) {
        return;
    }
    let Some(prepare) = prepare_last(step) else { return };
    for to in step.others() {
        if held.get(&to).is_none_or(|has| *has < last) {
            step.send(to, prepare.clone());
        }
    }
}
