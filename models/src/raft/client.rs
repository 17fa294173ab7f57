//! What a server does for its clients (§8, thesis §6).

use stateright::actor::Id;

use super::log::Payload;
use super::read::{self, Read};
use super::rules::Rule;
use super::server::Step;
use super::state::Role;
use super::transfer::Transfer;
use super::{Command, Params};
use super::{commit, flow, follower_read};
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// A leader takes the command into its log, unless it is a read or the leader hands over, when it
/// says who will lead; any other server says who the leader is.
/// raft.tla `ClientRequest`.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    let is_read = P::Machine::is_read_only(&request.command);
    if is_read && follower_read::ask_leader(step, &request) {
        return;
    }
    if !step.require(Rule::OnlyLeaderAppends, step.state().is_leader()) {
        let leader = known_leader(step);
        return step.answer(session, sequence, Answer::Redirect { leader });
    }
    if is_read {
        return read::handle_read(step, Read { follower: None, request });
    }
    let is_new = !step.state().knows(session, sequence);
    if step.require(Rule::RetryTakesEffectOnce, is_new) {
        match step.state().hands_over() {
            Some(Transfer { to, .. }) if step.keeps(Rule::WhoHandsOverTakesNothing) => {
                step.answer(session, sequence, Answer::Redirect { leader: Some(to) });
            }
            _ => append(step, request),
        }
    } else if step.keeps(Rule::RetryIsAnswered) {
        step.answer_applied(session, sequence);
    }
}

/// Who leads, as far as this server knows, which does not lead.
pub(super) fn known_leader<P: Params>(step: &Step<P>) -> Option<Id> {
    match step.state().role {
        Role::Follower { leader } => leader.filter(|_| step.keeps(Rule::LeaderIsNamed)),
        _ => None,
    }
}

/// Appends the command and sends it on.
fn append<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    step.append(Payload::Command(request));
    if step.keeps(Rule::CommandIsSentAtOnce) {
        flow::replicate(step);
    }
    commit::advance(step);
}
