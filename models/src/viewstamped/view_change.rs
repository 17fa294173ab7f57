//! View changes: a view whose primary is silent gives way to the next one.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::execute::commit_up_to;
use super::group::View;
use super::log::Log;
use super::message::{DoViewChange, Message, StartView, StartViewChange};
use super::rules::Rule;
use super::server::Step;
use super::state::Status;
use super::{Command, Params, Timer, backup, checkpoint, primary, transfer};
use crate::number::Index;

/// Nothing was heard of the primary, or of the start of a view, for too long.
pub(super) fn handle_silence<P: Params>(step: &mut Step<P>) {
    let wants_next = match step.replica().status {
        Status::Backup => step.keeps(Rule::SilenceIsNoticed),
        Status::ViewChange { .. } => step.keeps(Rule::NextViewIsWanted),
        _ => false,
    };
    if wants_next {
        begin(step, step.replica().view.next());
    }
}

/// This replica wants `view` to start, and takes nothing of earlier views any more.
fn begin<P: Params>(step: &mut Step<P>, view: View) {
    let known = step.replica_mut();
    known.view = view;
    known.status =
        Status::ViewChange { wanted_by: BTreeSet::new(), is_done: false, told: BTreeMap::new() };
    step.remember();
    step.set_timer(Timer::Silence, step.server.timing.silence.clone());
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    step.broadcast(&Message::StartViewChange(StartViewChange { view }));
    do_if_wanted(step);
}

/// Is a message of this view for a view change that goes on here? One of a later view begins one.
fn takes_part<P: Params>(step: &mut Step<P>, view: View) -> bool {
    if !step.require(Rule::RecoveringIsSilent, !step.replica().is_apart()) {
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
    let is_wanted = step.is_quorum_with(wanted_by.len());
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
        log: checkpoint::end_of_log(step),
        last_normal: known.last_normal,
        commit: known.commit,
        crashes: known.crashes.clone(),
    };
    let primary = step.primary();
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
    step.remember();
    start_if_told(step);
}

/// Starts the view when a majority has told what it has, and has not crashed since. If this replica
/// lacks what is before the log that the view takes, it asks for that first.
pub(super) fn start_if_told<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let Status::ViewChange { told, .. } = &known.status else { return };
    let is_seen = step.keeps(Rule::CrashesAreSeen);
    let counts = |(id, it): &(&Id, &DoViewChange<_>)| {
        !is_seen || it.crashes.of(**id) >= known.crashes.of(**id)
    };
    let told: Vec<_> = told.iter().filter(counts).collect();
    let is_enough = step.is_quorum_with(told.len().saturating_sub(1));
    if told.is_empty() || !step.require(Rule::StartsAfterQuorum, is_enough) {
        return;
    }
    let commit = told.iter().map(|(_, it)| it.commit).max().unwrap_or_default();
    let best = told.into_iter().max_by_key(|(_, it)| rank(step, it));
    let (from, log) = best.map(|(id, it)| (*id, it.log.clone())).expect("somebody has told");
    if transfer::fits(step, &log) {
        start(step, &log, commit);
    } else if from != step.id {
        transfer::ask_once(step, from, step.replica().view);
    }
}

/// The log that ranks highest is that of the view.
fn rank<P: Params>(step: &Step<P>, told: &DoViewChange<Command<P>>) -> (View, Index) {
    let by_view = step.keeps(Rule::LastNormalBeforeLength);
    let by_length = step.keeps(Rule::LongestLog);
    let view = if by_view { told.last_normal } else { View::ZERO };
    (view, if by_length { told.log.last() } else { Index::ZERO })
}

/// The view starts with `log`, of which so much is committed, and this replica is its primary.
fn start<P: Params>(step: &mut Step<P>, log: &Log<Command<P>>, commit: Index) {
    transfer::take(step, log);
    let others = step.others();
    let known = step.replica_mut();
    let view = known.view;
    known.last_normal = view;
    step.remember();
    step.cancel_timer(Timer::Silence);
    step.set_timer(Timer::Again, step.server.timing.again.clone());
    primary::begin(step);
    commit_up_to(step, commit);
    let log = checkpoint::end_of_log(step);
    for to in others {
        step.send(to, Message::StartView(StartView { view, log: log.clone(), commit }));
    }
}

/// A view has started. A replica that lacks what is before its log asks for that.
pub(super) fn handle_start_view<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: StartView<Command<P>>,
) {
    let known = step.replica();
    let is_new = message.view > known.last_normal && message.view >= known.view;
    let is_silent = step.require(Rule::RecoveringIsSilent, !known.is_apart());
    if !is_silent || !step.require(Rule::ViewRises, is_new) {
        return;
    }
    if transfer::fits(step, &message.log) {
        transfer::take(step, &message.log);
        backup::begin(step, message.view, message.commit);
    } else {
        transfer::ask(step, from, message.view);
    }
}

/// Says again what a view needs to start.
pub(super) fn send_again<P: Params>(step: &mut Step<P>, is_done: bool) {
    transfer::is_time_to_ask(step);
    if step.keeps(Rule::ViewChangeIsSentAgain) {
        let view = step.replica().view;
        step.broadcast(&Message::StartViewChange(StartViewChange { view }));
        if is_done {
            do_view_change(step);
        }
    }
}
