//! A coordinator carries out what a client asks for: it asks the homes of the key, answers when
//! enough of them have answered, and waits for the others for a while.

use std::collections::BTreeMap;

use stateright::actor::Id;

use super::message::{Forward, Operation};
use super::object::{Command, Output};
use super::rules::Rule;
use super::server::Step;
use super::state::{Open, Phase};
use super::{Timer, hint, read, write};
use crate::kv::Text;
use crate::rules::RuleBook;
use crate::service::{Answer, Request};

/// A client asks for a command.
pub(super) fn handle_request<R: RuleBook<Rule>>(step: &mut Step<R>, request: Request<Command>) {
    let Request { session, sequence, command, .. } = request;
    let operation = Operation { session, sequence };
    if is_over(step, operation) {
        return;
    }
    match command {
        Command::Get { key } => read::begin(step, operation, key),
        Command::Put(put) => write::begin(step, operation, put),
    }
}

/// Another server hands on a write.
pub(super) fn handle_forward<R: RuleBook<Rule>>(step: &mut Step<R>, message: Forward) {
    let Forward { operation, put } = message;
    if !is_over(step, operation) {
        write::begin(step, operation, put);
    }
}

/// Whether the client has the answer to this, and has asked for something else.
fn is_over<R: RuleBook<Rule>>(step: &Step<R>, operation: Operation) -> bool {
    let open = step.state().open.get(&operation.session);
    open.is_some_and(|open| open.sequence > operation.sequence)
}

/// This server begins to coordinate an operation.
pub(super) fn open<R: RuleBook<Rule>>(
    step: &mut Step<R>,
    operation: Operation,
    key: Text,
    phase: Phase,
) {
    let Operation { session, sequence } = operation;
    if step.state().open.is_empty() {
        step.set_timer(Timer::Late, step.server.timing.late.clone());
    }
    let open = Open { sequence, key, phase, is_answered: false };
    step.state_mut().open.insert(session, open);
}

/// Answers the client, once.
pub(super) fn answer<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation, output: Output) {
    let Some(open) = step.state_mut().open.get_mut(&operation.session) else { return };
    open.is_answered = true;
    let sequence = open.sequence;
    step.answer(operation.session, sequence, Answer::done(output));
}

/// Nobody is waited for any more.
pub(super) fn close<R: RuleBook<Rule>>(step: &mut Step<R>, operation: Operation) {
    step.state_mut().open.remove(&operation.session);
    if step.state().open.is_empty() {
        step.cancel_timer(Timer::Late);
    }
}

/// Some have not answered for a while. What is answered is over; for the rest the fallbacks are
/// asked.
pub(super) fn handle_late<R: RuleBook<Rule>>(step: &mut Step<R>) {
    let open: BTreeMap<_, _> = step.state().open.clone();
    for (session, Open { sequence, key, phase, is_answered }) in open {
        let operation = Operation { session, sequence };
        match phase {
            Phase::Read { told } => {
                if is_answered {
                    read::repair(step, &key, &told);
                } else {
                    read::ask_fallbacks(step, operation, &key, &told);
                }
            }
            Phase::Write { held, stored, .. } => {
                let missing = step.server.homes(&key).into_iter().filter(|it| !stored.contains(it));
                let missing: Vec<Id> = missing.collect();
                hint::give(step, operation, &key, &held, missing);
            }
        }
        if is_answered {
            close(step, operation);
        }
    }
    if !step.state().open.is_empty() {
        step.set_timer(Timer::Late, step.server.timing.late.clone());
    }
}
