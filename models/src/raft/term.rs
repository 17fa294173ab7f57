//! Terms: the logical clock that tells the current leader from those before it (§5.1).

use super::rules::Rule;
use super::server::Step;
use super::{Params, contact};
use crate::number::Term;

/// Adopts a newer term; nobody has this server's vote in it yet. raft.tla `UpdateTerm`.
///
/// Called once for every message between servers, before its handler, and nowhere else.
pub(super) fn observe<P: Params>(step: &mut Step<P>, term: Term) {
    if term <= step.term() || !step.keeps(Rule::NewerTermIsAdopted) {
        return;
    }
    let new_vote = step.keeps(Rule::NewTermNewVote);
    let storage = step.storage_mut();
    storage.term = term;
    if new_vote {
        storage.voted_for = None;
    }
    if !step.keeps(Rule::PromiseOutlivesTerm) {
        contact::redeem(step);
    }
    if step.keeps(Rule::NewerTermDeposes) {
        step.become_follower(None);
    }
}
