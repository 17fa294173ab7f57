//! What a server does for clients: the owner of a key reads and writes it, and nobody else.

use super::rules::Rule;
use super::server::Step;
use crate::kv::{Command, Kv};
use crate::quorum_store::register::{Access, Registers};
use crate::rules::RuleBook;
use crate::service::{Answer, Request};

/// A client asks for a command. Who does not own the key names who does. A new owner that has not
/// copied the key yet does not answer: the client asks again.
pub(super) fn handle_request<R: RuleBook<Rule>>(step: &mut Step<R>, request: Request<Command>) {
    let Request { session, sequence, command, .. } = request;
    let access = Kv::access(&command);
    let Some(Access::Read(key) | Access::Write(key, _)) = &access else {
        return step.answer(session, sequence, Answer::done(Kv::refused()));
    };
    if !step.server.serves(step.id, step.state(), key) {
        let owner = step.server.owner(step.state().storage.epoch, key);
        if owner != step.id {
            step.answer(session, sequence, Answer::Redirect { leader: Some(owner) });
        }
        return;
    }
    let output = match access {
        Some(Access::Write(key, Some(value))) => {
            if step.state().storage.held.get(&key) != Some(&value) {
                step.save();
                step.state_mut().storage.held.insert(key, value);
            }
            Kv::written()
        }
        Some(Access::Read(key)) => Kv::read_of(step.state().storage.held.get(&key).cloned()),
        _ => Kv::refused(),
    };
    step.answer(session, sequence, Answer::done(output));
}
