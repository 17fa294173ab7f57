//! View changes: a view whose primary is silent gives way to the next one.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::execute::commit_up_to;
use super::message::{DoViewChange, Message, StartView, StartViewChange};
use super::rules::Rule;
use super::server::Step;
use super::state::Status;
use super::{Command, Params, Timer, backup, primary};
use crate::number::ViewNumber;

/// Nothing was heard of the primary, or of the start of a view, for too long.
pub(super) fn handle_silence<P: Params>(step: &mut Step<P>) {
    let wants_next = match step.replica().status {
        Status::Backup => step.keeps(Rule::SilenceIsNoticed),
        Status::ViewChange { .. } => step.keeps(Rule::NextViewIsWanted),
        Status::Primary { .. } | Status::Recovering { .. } => false,
    };
    if wants_next {
        begin(step, step.replica().view.next());
    }
}

/// This replica wants `view` to start, and takes nothing of earlier views any more.
fn begin<P: Params>(step: &mut Step<P>, view: ViewNumber) {
    let known = step.replica_mut();
    known.view = view;
    known.status =
        Status::ViewChange { wanted_by: BTreeSet::new(), is_done: false, told: BTreeMap::new() };
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    step.broadcast(&Message::StartViewChange(StartViewChange { view }));
    do_if_wanted(step);
}

/// Is a message of this view for a view change that goes on here? One of a later view begins one.
fn takes_part<P: Params>(step: &mut Step<P>, view: ViewNumber) -> bool {
    if !step.require(Rule::RecoveringIsSilent, !step.replica().is_recovering()) {
        return false;
    }
    let known = step.replica();
    let is_older = view < known.view && !step.keeps(Rule::ViewRises);
    if (view > known.view || is_older) && step.keeps(Rule::OthersJoin) {
        begin(step, view);
    }
    let known = step.replica();
    known.view == view && matches!(known.status, Status::ViewChange { .. })
}

/// Somebody wants a view to start.
pub(super) fn handle_start_view_change<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: StartViewChange,
) {
    if !takes_part(step, message.view) {
        return;
    }
    if let Status::ViewChange { wanted_by, .. } = &mut step.replica_mut().status {
        wanted_by.insert(from);
    }
    do_if_wanted(step);
}

/// Gives the view's primary the log, once enough others want the view.
fn do_if_wanted<P: Params>(step: &mut Step<P>) {
    let Status::ViewChange { wanted_by, is_done: false, .. } = &step.replica().status else {
        return;
    };
    let is_wanted = step.server.is_quorum_with(wanted_by.len());
    if !step.require(Rule::DoViewChangeAfterF, is_wanted) {
        return;
    }
    if let Status::ViewChange { is_done, .. } = &mut step.replica_mut().status {
        *is_done = true;
    }
    do_view_change(step);
}

fn do_view_change<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let message = DoViewChange {
        view: known.view,
        log: known.log.clone(),
        last_normal: known.last_normal,
        commit: known.commit,
        crashes: known.crashes.clone(),
    };
    let primary = step.server.primary(known.view);
    if primary == step.id {
        count(step, primary, message);
    } else {
        step.send(primary, Message::DoViewChange(message));
    }
}

/// A replica tells the primary of a view what it has.
pub(super) fn handle_do_view_change<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: DoViewChange<Command<P>>,
) {
    let known = step.replica();
    let is_changing = matches!(known.status, Status::ViewChange { .. });
    let counts_all = is_changing && !step.keeps(Rule::DoViewChangeOfThisView);
    if counts_all || takes_part(step, message.view) {
        count(step, from, message);
    }
}

/// Counts what a replica has told, and starts the view if that is enough.
fn count<P: Params>(step: &mut Step<P>, from: Id, message: DoViewChange<Command<P>>) {
    if !step.is_primary_of_view() {
        return;
    }
    let known = step.replica_mut();
    known.crashes.merge(&message.crashes);
    if let Status::ViewChange { told, .. } = &mut known.status {
        told.insert(from, message);
    }
    start_if_told(step);
}

/// Starts the view when a majority has told what it has, and has not crashed since.
fn start_if_told<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let Status::ViewChange { told, .. } = &known.status else { return };
    let is_seen = step.keeps(Rule::CrashesAreSeen);
    let counts = |(id, it): &(&Id, &DoViewChange<_>)| {
        !is_seen || it.crashes.of(**id) >= known.crashes.of(**id)
    };
    let told: Vec<_> = told.iter().filter(counts).map(|(_, message)| message).collect();
    let is_enough = step.server.is_quorum_with(told.len().saturating_sub(1));
    if told.is_empty() || !step.require(Rule::StartsAfterQuorum, is_enough) {
        return;
    }
    let by_view = step.keeps(Rule::LastNormalBeforeLength);
    let by_length = step.keeps(Rule::LongestLog);
    let rank = |it: &&DoViewChange<_>| {
        let view = if by_view { it.last_normal } else { ViewNumber::ZERO };
        (view, if by_length { it.log.last().0 } else { 0 })
    };
    let best = told.iter().copied().max_by_key(rank).expect("somebody has told");
    let commit = told.iter().map(|it| it.commit).max().unwrap_or_default();
    let log = best.log.clone();
    start(step, StartView { view: known.view, log, commit });
}

/// The view starts, and this replica is its primary.
fn start<P: Params>(step: &mut Step<P>, message: StartView<Command<P>>) {
    let known = step.replica_mut();
    known.log = message.log.clone();
    known.last_normal = message.view;
    step.cancel_timer(Timer::Silence);
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    primary::begin(step);
    commit_up_to(step, message.commit);
    step.broadcast(&Message::StartView(message));
}

/// A view has started.
pub(super) fn handle_start_view<P: Params>(step: &mut Step<P>, message: StartView<Command<P>>) {
    let known = step.replica();
    let is_new = message.view > known.last_normal && message.view >= known.view;
    let is_silent = step.require(Rule::RecoveringIsSilent, !known.is_recovering());
    if is_silent && step.require(Rule::ViewRises, is_new) {
        step.replica_mut().log = message.log;
        backup::begin(step, message.view, message.commit);
    }
}

/// Says again what a view needs to start.
pub(super) fn send_again<P: Params>(step: &mut Step<P>, is_done: bool) {
    if step.keeps(Rule::ViewChangeIsSentAgain) {
        let view = step.replica().view;
        step.broadcast(&Message::StartViewChange(StartViewChange { view }));
        if is_done {
            do_view_change(step);
        }
    }
}
