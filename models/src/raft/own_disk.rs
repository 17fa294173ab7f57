//! A leader that sends entries on before its own disk has them, and writes them while its followers
//! do (thesis §10.2.1). An entry is in the leader's log at once, and would be gone after a crash:
//! only once the disk has it does the leader count itself among those that store it.
//!
//! Only a leader does this, and only with what it appends. Whatever else a server saves is all that
//! it knows.

use std::time::Duration;

use super::log::Entry;
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Command, Params, Timer, commit};
use crate::number::Index;
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// Takes `entry` into the log, and has it written soon; false if a server does not write later.
pub(super) fn append_first<P: Params>(step: &mut Step<P>, entry: &Entry<Command<P>>) -> bool {
    let next = step.state().log().last_index().next();
    if !step.server.options.parallel_writes {
        return false;
    }
    let Role::Leader { unwritten, .. } = &mut step.state_mut().role else { return false };
    unwritten.get_or_insert(next);
    step.state_mut().storage.log.append(entry.clone());
    step.set_timer(Timer::Write, Duration::ZERO..Duration::ZERO);
    true
}

/// The leader writes what it has sent on, and counts itself.
pub(super) fn write<P: Params>(step: &mut Step<P>) {
    if first_unwritten(step.state()).is_none() {
        return;
    }
    step.storage_mut();
    if step.keeps(Rule::WrittenIsCounted) {
        commit::advance(step);
    }
}

/// Only a leader has entries that are not written.
pub(super) fn write_before_stepping_down<P: Params>(step: &mut Step<P>) {
    if first_unwritten(step.state()).is_some() {
        step.cancel_timer(Timer::Write);
        step.storage_mut();
    }
}

/// What is saved is all that a server knows, so nothing is unwritten any more.
pub(super) fn all_is_written<M: StateMachine>(state: &mut ServerState<M>) {
    if let Role::Leader { unwritten, .. } = &mut state.role {
        *unwritten = None;
    }
}

/// Does a leader's own disk have the log up to `index`?
pub(super) fn has_written(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    index: Index,
) -> bool {
    let is_written = first_unwritten(state).is_none_or(|first| index < first);
    rules.require(Rule::LeaderCountsWhatIsWritten, is_written)
}

/// The first entry that a leader's own disk does not have yet.
pub fn first_unwritten(state: &ServerState<impl StateMachine>) -> Option<Index> {
    match &state.role {
        Role::Leader { unwritten, .. } => *unwritten,
        _ => None,
    }
}
