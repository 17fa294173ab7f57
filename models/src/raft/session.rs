//! Sessions that end (thesis §6.3), so that no more of them are remembered than the log has had
//! commands lately.
//!
//! A session ends by the log alone: `length` entries after its last command, on every server when
//! it applies the same entry. A command of a session that is not remembered may be new, or one that
//! took effect and is forgotten. Its client tells which: with the command it says how far it knew
//! the log to be committed before it sent the first copy, in `since`. Each copy that takes effect
//! stands behind `since`, so its session goes on for at least `since + length`. Up to there whoever
//! does not know the command is sure that no copy of it took effect. Behind it no copy is taken.
//!
//! ```text
//!       since        copies are taken here, and known        since + length
//!  -------|--------------------------------------------------------|-----------> log
//!     committed                                                 no copy is taken, nor known
//! ```
//!
//! A client that knows nothing of the log is told how far it is committed, and sends the command
//! again with that. So a leader takes no command without it, which it might have told so before.

use super::Params;
use super::rules::Rule;
use super::server::Step;
use super::state::ServerState;
use crate::number::Index;
use crate::rules::RuleBook;
use crate::service::{Answer, Session};
use crate::session::Last;
use crate::state_machine::StateMachine;

/// What a leader does with a command that it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<O> {
    /// It takes it into its log.
    Take,
    /// It does not, and says so.
    Tell(Answer<O>),
    /// It does not, and cannot say what will become of it. The client asks again.
    Wait,
}

/// What a leader does with a command that was first sent when the log was known to be committed up
/// to `since`, and that it does not know, if sessions end `length` entries after their last
/// commands.
pub fn judge<M: StateMachine>(
    rules: &impl RuleBook<Rule>,
    length: Option<u64>,
    state: &ServerState<M>,
    since: Index,
) -> Verdict<M::Output> {
    let Some(length) = length else {
        return Verdict::Take;
    };
    if !rules.require(Rule::UnknownBeginsFirst, since > Index::ZERO) {
        return begin(rules, state);
    }
    let end = Index(since.0.saturating_add(length));
    if rules.require(Rule::EndedIsNotExecuted, state.log().last_index() < end) {
        return Verdict::Take;
    }
    // Until then a leader with a shorter log may take a copy.
    let is_for_good = rules.require(Rule::EndedForGood, state.commit >= end);
    if is_for_good && rules.keeps(Rule::EndedIsTold) {
        return Verdict::Tell(Answer::Ended { index: state.commit });
    }
    Verdict::Wait
}

/// Says where the log stands, as soon as this leader knows of any entry that it stays.
fn begin<M: StateMachine>(
    rules: &impl RuleBook<Rule>,
    state: &ServerState<M>,
) -> Verdict<M::Output> {
    let only_committed = rules.keeps(Rule::BeginsAtCommitted);
    let index = if only_committed { state.commit } else { state.log().last_index() };
    if index == Index::ZERO || !rules.keeps(Rule::BeginIsTold) {
        return Verdict::Wait;
    }
    Verdict::Tell(Answer::Begin { index })
}

/// A command of the session took effect.
pub(super) fn record<P: Params>(
    step: &mut Step<P>,
    session: Session,
    mut last: Last<<P::Machine as StateMachine>::Output>,
) {
    let before = step.state().applied.sessions.last(session).map(|before| before.index);
    if !step.keeps(Rule::CommandKeepsSession) {
        last.index = before.unwrap_or(last.index);
    }
    step.state_mut().applied.sessions.record(session, last);
}

/// Forgets the sessions that no command behind the last one applied may be of.
pub(super) fn end_old<P: Params>(step: &mut Step<P>) {
    let Some(length) = step.server.session_length else {
        return;
    };
    let next = step.state().applied.index.next();
    let first = Index(next.0.saturating_sub(length));
    if step.keeps(Rule::SessionsEnd) {
        step.state_mut().applied.sessions.end_before(first);
    }
}
