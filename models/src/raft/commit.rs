//! When an entry is committed (§5.3, §5.4.2), and what happens then.

use std::collections::BTreeSet;

use super::log::Payload;
use super::rules::Rule;
use super::server::Step;
use super::state::{Role, ServerState};
use super::{Command, Params, compaction, follower_read, membership, own_disk, read, session};
use crate::number::Index;
use crate::quorum::is_majority;
use crate::rules::RuleBook;
use crate::service::Request;
use crate::session::Last;
use crate::state_machine::StateMachine;

/// A leader commits what a majority stores. raft.tla `AdvanceCommitIndex`.
pub(super) fn advance<P: Params>(step: &mut Step<P>) {
    let state = step.state();
    let may = |index: &Index| may_commit(&step.server.rules, state, *index);
    if let Some(index) = ends(state).into_iter().rev().find(may) {
        step.state_mut().commit = index;
    }
    apply_committed(step);
    membership::settle(step);
    read::ask(step);
}

/// Where the logs end that a leader knows of, as far as that is not committed: those of others, its
/// own, and what its disk has of that. What a majority stores ends at one of these.
fn ends(state: &ServerState<impl StateMachine>) -> BTreeSet<Index> {
    let Role::Leader { followers, unwritten, .. } = &state.role else { return BTreeSet::new() };
    let last = state.log().last_index();
    let matched = followers.values().map(|known| known.matched.min(last));
    let written = unwritten.map(|unwritten| Index(unwritten.first.0 - 1));
    let ends = matched.chain(written).chain([last]);
    ends.filter(|end| *end > state.commit).collect()
}

/// May a leader commit the log up to `index`?
///
/// An entry of an older term may be on a majority and still be overwritten (figure 8), so counting
/// commits only entries of the leader's own term; those before them are committed with them.
pub fn may_commit(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    index: Index,
) -> bool {
    let Role::Leader { followers, .. } = &state.role else {
        return false;
    };
    // Whoever is not a follower is the leader itself.
    let stores = |id| match followers.get(&id) {
        Some(known) => known.matched >= index && !known.has_other_store,
        None => own_disk::has_written(rules, state, index),
    };
    let of_own_term = state.log().term_at(index) == Some(state.term());
    let counts_itself = || {
        let voters = &state.config().voters;
        let is_removed = voters.iter().all(|id| followers.contains_key(id));
        let storing = 1 + voters.iter().filter(|id| stores(**id)).count();
        is_removed && is_majority(storing, voters.len())
    };
    let majority_stores = state.config().is_quorum(rules, stores)
        || (!rules.keeps(Rule::RemovedLeaderDoesNotCount) && counts_itself());
    rules.require(Rule::MajorityStores, majority_stores)
        && rules.require(Rule::OwnTermCommits, of_own_term)
}

/// A follower learns what its leader has committed, as far as its own log is known to `matched` it.
pub(super) fn follow<P: Params>(step: &mut Step<P>, leader_commit: Index, matched: Index) {
    let within = step.keeps(Rule::CommitWithinMatched);
    let limit = if within { matched } else { step.state().log().last_index() };
    let commit = leader_commit.min(limit);
    if commit > step.state().commit && step.keeps(Rule::CommitIsPassedOn) {
        step.state_mut().commit = commit;
    }
    apply_committed(step);
}

/// Applies what is committed and not applied yet, and answers those who wait for that.
fn apply_committed<P: Params>(step: &mut Step<P>) {
    apply_each(step);
    follower_read::answer_held(step);
    compaction::take_if_due(step);
}

fn apply_each<P: Params>(step: &mut Step<P>) {
    loop {
        let state = step.state();
        let in_order = step.keeps(Rule::ApplyInOrder);
        let next = state.applied.index.next();
        let next = if in_order { next } else { next.max(state.commit) };
        if !step.require(Rule::ApplyOnlyCommitted, next <= state.commit) {
            return;
        }
        let Some(entry) = state.log().get(next) else {
            return;
        };
        let (payload, weight) = (entry.payload.clone(), compaction::weight::<P::Machine>(entry));
        let takes_snapshots = step.server.compaction.is_some();
        let state = step.state_mut();
        state.applied.index = next;
        if takes_snapshots {
            state.since_snapshot += weight;
        }
        if let Payload::Command(request) = payload {
            apply(step, next, request);
        }
        session::end_old(step);
    }
}

/// Lets the command at `index` take effect. It does not look whether it is a retry of one that did
/// (thesis §6.3): a leader takes no command into its log twice, and every log is part of some
/// leader's.
fn apply<P: Params>(step: &mut Step<P>, index: Index, request: Request<Command<P>>) {
    let Request { session, sequence, since: _, command } = request;
    let output = step.state_mut().applied.machine.apply(&command);
    session::record(step, session, Last { sequence, index, output });
    if step.state().is_leader() && step.keeps(Rule::AppliedIsAnswered) {
        step.answer_applied(session, sequence);
    }
}
