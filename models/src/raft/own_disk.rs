//! A leader that sends entries on before its own disk has them, and writes them while its followers
//! do (thesis §10.2.1). An entry is in the leader's log at once, and would be gone after a crash:
//! only once the disk has it does the leader count itself among those that store it.
//!
//! Writing takes time, in which the leader goes on: it begins to write what it has, and what is
//! appended meanwhile is written after that. Only a leader does this, with what it appends and with
//! the snapshots that it takes aside. Whatever else a server saves is all that it knows.

use std::time::Duration;

use serde::Serialize;

use super::log::Entry;
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState, Storage};
use super::{Command, Params, Timer, commit, compaction};
use crate::number::Index;
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// What a leader's own disk is not known to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Unwritten {
    /// The first entry of it.
    pub first: Index,
    /// What is being written, if anything is.
    pub writing: Option<Writing>,
}

/// What a leader has begun to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Writing {
    /// The first entry that is no part of it.
    pub next: Index,
    /// True if the snapshot that was taken aside is a part of it.
    pub compacts: bool,
}

/// Takes `entry` into the log, and has it written soon; false if a server does not write later.
pub(super) fn append_first<P: Params>(step: &mut Step<P>, entry: &Entry<Command<P>>) -> bool {
    let first = step.state().log().last_index().next();
    if !step.server.options.parallel_writes {
        return false;
    }
    let Role::Leader { unwritten, .. } = &mut step.state_mut().role else { return false };
    let unwritten = unwritten.get_or_insert(Unwritten { first, writing: None });
    let is_idle = unwritten.writing.is_none();
    step.state_mut().storage.log.append(entry.clone());
    if is_idle {
        step.set_timer(Timer::Write, Duration::ZERO..Duration::ZERO);
    }
    true
}

/// The leader begins to write what it has sent on.
pub(super) fn write<P: Params>(step: &mut Step<P>) {
    if unwritten(step.state()).is_some() {
        begin(step, false);
    }
}

/// A leader begins to write the snapshot that it has taken aside, or does so after what it is
/// writing; false if a server writes nothing later.
pub(super) fn compact_later<P: Params>(step: &mut Step<P>) -> bool {
    let is_later = step.server.options.parallel_writes && step.state().is_leader();
    if is_later {
        begin(step, true);
    }
    is_later
}

fn begin<P: Params>(step: &mut Step<P>, compacts: bool) {
    let next = step.state().log().last_index().next();
    let Role::Leader { unwritten, .. } = &mut step.state_mut().role else { return };
    let unwritten = unwritten.get_or_insert(Unwritten { first: next, writing: None });
    if unwritten.writing.is_none() {
        unwritten.writing = Some(Writing { next, compacts });
        step.set_timer(Timer::Written, Duration::ZERO..Duration::ZERO);
    }
}

/// It is written: the leader counts itself, and writes what it has sent on meanwhile.
pub(super) fn note_written<P: Params>(step: &mut Step<P>) {
    let Some(Writing { next: first, compacts }) = writing(step.state()) else {
        return;
    };
    let has_more = first <= step.state().log().last_index();
    set(step.state_mut(), has_more.then_some(Unwritten { first, writing: None }));
    if compacts {
        compaction::finish(step);
    } else if step.state().taking.is_some() {
        step.set_timer(Timer::Snapshot, Duration::ZERO..Duration::ZERO);
    }
    step.save();
    if has_more {
        step.set_timer(Timer::Write, Duration::ZERO..Duration::ZERO);
    }
    if step.keeps(Rule::WrittenIsCounted) {
        commit::advance(step);
    }
}

/// Only a leader has entries that are not written.
pub(super) fn write_before_stepping_down<P: Params>(step: &mut Step<P>) {
    if unwritten(step.state()).is_some() {
        step.cancel_timer(Timer::Write);
        step.cancel_timer(Timer::Written);
        step.storage_mut();
    }
}

/// What is saved is all that a server knows, so nothing is unwritten any more. The snapshot that is
/// being written is a part of it.
pub(super) fn all_is_written<P: Params>(step: &mut Step<P>) {
    let compacts = writing(step.state()).is_some_and(|writing| writing.compacts);
    set(step.state_mut(), None);
    if compacts {
        compaction::finish(step);
    }
}

/// What a leader saves once it is written, if it is writing anything.
pub(super) fn being_written<M: StateMachine>(state: &ServerState<M>) -> Option<Storage<M>> {
    let Writing { next, compacts } = writing(state)?;
    let mut storage = state.storage.clone();
    if compacts && let Some(taking) = &state.taking {
        compaction::compact(&mut storage, taking.clone());
    }
    storage.log.truncate_from(next);
    Some(storage)
}

/// What a server saves: all but what is written later.
pub(super) fn to_save<M: StateMachine>(state: &ServerState<M>) -> Storage<M> {
    let mut storage = state.storage.clone();
    if let Some(Unwritten { first, .. }) = unwritten(state) {
        storage.log.truncate_from(first);
    }
    storage
}

/// Does a leader's own disk have the log up to `index`?
pub(super) fn has_written(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    index: Index,
) -> bool {
    let is_written = unwritten(state).is_none_or(|unwritten| index < unwritten.first);
    rules.require(Rule::LeaderCountsWhatIsWritten, is_written)
}

/// What a leader's own disk is not known to have, if it may lack anything.
pub fn unwritten(state: &ServerState<impl StateMachine>) -> Option<Unwritten> {
    match &state.role {
        Role::Leader { unwritten, .. } => *unwritten,
        _ => None,
    }
}

fn writing(state: &ServerState<impl StateMachine>) -> Option<Writing> {
    unwritten(state)?.writing
}

fn set(state: &mut ServerState<impl StateMachine>, now: Option<Unwritten>) {
    if let Role::Leader { unwritten, .. } = &mut state.role {
        *unwritten = now;
    }
}
