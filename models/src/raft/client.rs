//! What a server does for its clients (§8, thesis §6).

use super::log::{Entry, Payload};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::{Command, Params};
use super::{commit, flow, read};
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// A leader takes the command into its log, unless it is a read; any other server says who the
/// leader is.
/// raft.tla `ClientRequest`.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if !step.require(Rule::OnlyLeaderAppends, step.state().is_leader()) {
        let leader = match step.state().role {
            Role::Follower { leader } => leader.filter(|_| step.keeps(Rule::LeaderIsNamed)),
            _ => None,
        };
        return step.answer(session, sequence, Answer::Redirect { leader });
    }
    if P::Machine::is_read_only(&request.command) {
        return read::handle_read(step, request);
    }
    let is_new = !step.state().knows(session, sequence);
    if step.require(Rule::RetryTakesEffectOnce, is_new) {
        append(step, request);
    } else if step.keeps(Rule::RetryIsAnswered) {
        step.answer_applied(session, sequence);
    }
}

/// Appends the command and sends it on.
fn append<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let term = step.term();
    step.storage_mut().log.append(Entry { term, payload: Payload::Command(request) });
    if step.keeps(Rule::CommandIsSentAtOnce) {
        flow::replicate(step);
    }
    commit::advance(step);
}
