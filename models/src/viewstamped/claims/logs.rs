//! What the claims ask of logs.

use crate::number::Index;
use crate::service::{Sequence, Session};
use crate::state_machine::StateMachine;
use crate::viewstamped::log::Log;
use crate::viewstamped::state::Replica;

/// Whether both have the same requests up to `op`, but for those that one of them has dropped.
pub fn agree_up_to<C: Clone + PartialEq>(op: Index, one: &Log<C>, other: &Log<C>) -> bool {
    let first = one.base().max(other.base());
    (first.0 + 1..=op.0).map(Index).all(|op| one.get(op) == other.get(op))
}

/// Whether a command of this number, or a later one of its session, is in a replica's log, or has
/// made its state.
pub fn has<M: StateMachine>(known: &Replica<M>, session: Session, sequence: Sequence) -> bool {
    let mut all = known.log.requests_behind(Index::ZERO);
    known.data.sessions.has_done(session, sequence)
        || all.any(|it| it.session == session && it.sequence >= sequence)
}
