//! State transfer: who lacks something of a view asks somebody who is normal in it.
//!
//! By the paper a replica that hears of a later view is normal in it at once, and first cuts its
//! log to what it knows to be committed. If it then gives that log to a yet later view, the log
//! passes for one of the view that it has heard of, and what it has cut can be lost. Here a replica
//! stays where it was until the state arrives.

use stateright::actor::Id;

use super::message::{GetState, Message, NewState};
use super::rules::Rule;
use super::server::Step;
use super::{Command, Params, backup};
use crate::number::ViewNumber;

/// Asks `from`, who is normal in `view`, for what is lacking of the view's log.
pub(super) fn ask<P: Params>(step: &mut Step<P>, from: Id, view: ViewNumber) {
    let is_later = view > step.replica().last_normal;
    if is_later && !step.keeps(Rule::CutsOnlyOnArrival) {
        let known = step.replica_mut();
        known.log.cut_behind(known.commit);
    }
    if is_later && !step.keeps(Rule::NormalViewOnlyWithLog) {
        let commit = step.replica().commit;
        backup::begin(step, view, commit);
    }
    if step.keeps(Rule::AsksForState) {
        let known = step.replica();
        let op = if is_later { known.commit } else { known.log.last() };
        step.send(from, Message::GetState(GetState { view, op }));
    }
}

/// Tells who asks what it lacks, if this replica is normal in that view.
pub(super) fn handle_get_state<P: Params>(step: &mut Step<P>, from: Id, message: GetState) {
    let known = step.replica();
    if known.is_normal() && known.view == message.view && message.op <= known.log.last() {
        let (log, commit) = (known.log.behind(message.op), known.commit);
        let GetState { view, op } = message;
        step.send(from, Message::NewState(NewState { view, op, log, commit }));
    }
}

/// Takes what is new.
pub(super) fn handle_new_state<P: Params>(step: &mut Step<P>, message: NewState<Command<P>>) {
    let known = step.replica();
    let is_late = message.view < known.view || message.op > known.log.last();
    if is_late || known.is_recovering() {
        return;
    }
    let log = known.log.followed_by(message.op, &message.log);
    if known.last_normal == message.view && log.last() <= known.log.last() {
        return;
    }
    step.replica_mut().log = log;
    backup::begin(step, message.view, message.commit);
}
