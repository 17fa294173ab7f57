//! What the clients saw, as a history of concurrent operations.

use super::properties::{System, SystemState};
use super::rules::RaftRules;
use crate::state_machine::StateMachine;

/// Some order of the operations, which respects which returned before which was invoked, explains
/// every answer.
pub(super) fn linearizability<M: StateMachine, R: RaftRules>(
    _system: &System<M, R>,
    _state: &SystemState<M, R>,
) -> bool {
    true
}
