//! What a server does for its clients (§8, thesis §6).

use super::log::Payload;
use super::read::{Question, Read};
use super::rules::Rule;
use super::server::Step;
use super::session::{self, Verdict};
use super::state::Role;
use super::transfer::Transfer;
use super::{Command, Params};
use super::{commit, flow, follower_read, lease, membership, stale_read};
use crate::consistency::{Consistency, Query};
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// A leader takes the command into its log, unless it is a read or the leader hands over, when it
/// says who will lead; any other server says who the leader is.
/// raft.tla `ClientRequest`.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if P::Machine::is_read_only(&request.command) {
        return handle_read(step, Question { request, asks_index: false, by_lease: false });
    }
    if !step.require(Rule::OnlyLeaderAppends, step.state().is_leader()) {
        return redirect(step, &request);
    }
    let is_new = !step.state().knows(session, sequence);
    if step.require(Rule::RetryTakesEffectOnce, is_new) {
        match step.state().hands_over() {
            Some(Transfer { to, .. }) if step.keeps(Rule::WhoHandsOverTakesNothing) => {
                step.answer(session, sequence, Answer::Redirect { leader: Some(to) });
            }
            _ => take(step, request),
        }
    } else if step.keeps(Rule::RetryIsAnswered) {
        step.answer_applied(session, sequence);
    }
}

/// A client says what it asks of a read. What is no read is a command.
pub(super) fn handle_query<P: Params>(step: &mut Step<P>, request: Request<Query<Command<P>>>) {
    let consistency = request.command.consistency;
    let request = request.plain();
    if !P::Machine::is_read_only(&request.command) {
        return handle_request(step, request);
    }
    let by_lease = consistency == Consistency::Lease;
    let question = Question { request, asks_index: true, by_lease };
    match consistency {
        Consistency::Linearizable | Consistency::Lease | Consistency::One => {
            handle_read(step, question);
        }
        Consistency::Stale { seen } => stale_read::handle(step, question, seen),
    }
}

/// A linearizable read: a follower asks the leader for what it takes to answer it, or says who the
/// leader is.
fn handle_read<P: Params>(step: &mut Step<P>, question: Question<Command<P>>) {
    if follower_read::ask_leader(step, &question) {
        return;
    }
    if step.state().is_leader() {
        return lease::handle_read(step, Read { follower: None, question });
    }
    redirect(step, &question.request);
}

/// Sends a client elsewhere.
pub(super) fn redirect<P: Params>(step: &mut Step<P>, request: &Request<Command<P>>) {
    let answer = elsewhere(step);
    step.answer(request.session, request.sequence, answer);
}

/// What a server says that does not lead: who leads, as far as it knows, or that it is no member.
pub(super) fn elsewhere<P: Params, O>(step: &Step<P>) -> Answer<O> {
    if membership::is_outside(step.id, step.state()) {
        return Answer::NoMember;
    }
    let leader = match step.state().role {
        Role::Follower { leader } => leader.filter(|_| step.keeps(Rule::LeaderIsNamed)),
        _ => None,
    };
    Answer::Redirect { leader }
}

/// Appends the command unless it comes too late for its session, or too early.
fn take<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    let length = step.server.session_length;
    match session::judge(&step.server.rules, length, step.state(), request.since) {
        Verdict::Take => append(step, request),
        Verdict::Tell(answer) => step.answer(session, sequence, answer),
        Verdict::Wait => {}
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
