//! What is committed takes effect, in its order.

use super::log::Entry;
use super::server::Step;
use super::state::Status;
use super::{Command, Params, checkpoint, epoch};
use crate::number::Index;
use crate::service::{Answer, Request, Sequence, Session};

/// Everything up to `commit` is committed: what is here of it takes effect, and the primary answers
/// its clients.
pub(super) fn commit_up_to<P: Params>(step: &mut Step<P>, commit: Index) {
    let last = step.replica().log.last().min(commit);
    for op in (step.replica().commit.0 + 1..=last.0).map(Index) {
        let entry = step.replica().log.get(op).expect("the log reaches so far").clone();
        step.replica_mut().commit = op;
        match &entry {
            Entry::Request(request) => execute(step, request),
            Entry::Reconfiguration(group) => epoch::begin(step, group.clone()),
        }
        checkpoint::keep(step, &entry);
    }
}

/// A request takes effect.
fn execute<P: Params>(step: &mut Step<P>, request: &Request<Command<P>>) {
    let known = step.replica_mut();
    known.data.apply(request);
    let is_primary = known.is_primary();
    if let Status::Primary { window, .. } = &mut known.status {
        window.commit::<P::Machine>(request);
    }
    if is_primary {
        answer_executed(step, request.session, request.sequence);
    }
}

/// Tells the client what its command returned, if it is the last one of its session.
pub(super) fn answer_executed<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    if let Some(last) = step.replica().data.sessions.last(session)
        && last.sequence == sequence
    {
        let answer = Answer::done(last.output.clone());
        step.answer(session, sequence, answer);
    }
}
