//! What is committed takes effect, in its order.

use super::Params;
use super::server::Step;
use crate::number::Index;
use crate::service::{Answer, Sequence, Session};
use crate::session::Last;
use crate::state_machine::StateMachine;

/// Everything up to `commit` is committed: what is here of it takes effect, and the primary answers
/// its clients.
pub(super) fn commit_up_to<P: Params>(step: &mut Step<P>, commit: Index) {
    let is_primary = step.replica().is_primary();
    let last = step.replica().log.last().min(commit);
    for op in (step.replica().commit.0 + 1..=last.0).map(Index) {
        let known = step.replica_mut();
        let request = known.log.get(op).expect("the log reaches so far").clone();
        let output = known.machine.apply(&request.command);
        known.commit = op;
        let done = Last { sequence: request.sequence, index: Index::ZERO, output };
        known.clients.record(request.session, done);
        if is_primary {
            answer_executed(step, request.session, request.sequence);
        }
    }
}

/// Tells the client what its command returned, if it is the last one of its session.
pub(super) fn answer_executed<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    if let Some(last) = step.replica().clients.last(session)
        && last.sequence == sequence
    {
        let answer = Answer::done(last.output.clone());
        step.answer(session, sequence, answer);
    }
}
