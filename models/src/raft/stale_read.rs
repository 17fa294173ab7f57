//! Reads that may be stale: any server answers them by what it has applied, and asks nobody.
//!
//! All servers apply one log, so all clients see one order of the commands, each as far as the
//! server is that it asks. A session does not go back: it says how far it was told the log is, as
//! it was when a command of its own was answered. A server that is behind that says who leads.

use super::read::{self, Question};
use super::rules::Rule;
use super::server::Step;
use super::state::ServerState;
use super::{Command, Params, client, membership};
use crate::number::Index;
use crate::rules::RuleBook;
use crate::state_machine::StateMachine;

/// Answers a read of a session that was told of the log up to `seen`, or names the leader.
pub(super) fn handle<P: Params>(step: &mut Step<P>, read: Question<Command<P>>, seen: Index) {
    let is_outside = membership::is_outside(step.id, step.state());
    if !is_outside && may_answer(&step.server.rules, step.state(), seen) {
        return read::answer(step, &read);
    }
    client::redirect(step, &read.request);
}

/// Has this server applied what the session was told of, and anything at all since it started?
pub fn may_answer(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<impl StateMachine>,
    seen: Index,
) -> bool {
    let applied = state.applied.index;
    applied > Index::ZERO && rules.require(Rule::SessionGoesOn, applied >= seen)
}
