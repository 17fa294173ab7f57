//! Terms: the logical clock that tells the current leader from those before it (§5.1).

use super::rules::{RaftRules, Rule};
use super::step::Step;
use crate::number::Term;
use crate::state_machine::StateMachine;

/// Adopts a newer term; nobody has this server's vote in it yet. raft.tla `UpdateTerm`.
///
/// Called once for every message between servers, before its handler, and nowhere else.
pub(super) fn observe<M: StateMachine, R: RaftRules>(step: &mut Step<'_, '_, M, R>, term: Term) {
    if term <= step.term() || !step.keeps(Rule::NewerTermIsAdopted) {
        return;
    }
    let new_vote = step.keeps(Rule::NewTermNewVote);
    let storage = step.storage_mut();
    storage.term = term;
    if new_vote {
        storage.voted_for = None;
    }
    if step.keeps(Rule::NewerTermDeposes) {
        step.become_follower(None);
    }
}
