//! What clients ask for: the head takes commands.

use super::rules::Rule;
use super::server::Step;
use super::{Command, Params, hop};
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// A client asks for a command. The head takes it, unless it has it already.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if P::Machine::is_read_only(&request.command) && !step.keeps(Rule::ReadsPassTheChain) {
        return read(step, request);
    }
    let head = step.replica().chain.head();
    if !step.require(Rule::HeadOrders, head == Some(step.id)) {
        return step.redirect(session, sequence, head);
    }
    let has_it = step.replica().sessions.has_done(session, sequence);
    if step.require(Rule::RetryTakesEffectOnce, !has_it) {
        return hop::take(step, request);
    }
    let is_done = !step.replica().is_under_way(session, sequence);
    if step.keeps(Rule::RetryIsAnswered) && step.require(Rule::TailAnswers, is_done) {
        step.answer_done(session, sequence);
    }
}

/// A read as the paper has it: the tail alone answers it.
fn read<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if !step.require(Rule::TailReads, step.is_tail()) {
        let tail = step.replica().chain.tail();
        return step.redirect(session, sequence, tail);
    }
    let output = step.replica().machine.clone().apply(&request.command);
    step.answer(session, sequence, Answer::done(output));
}
