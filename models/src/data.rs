//! What commands make of nothing: a state machine, and what the last command of each session
//! returned. A server hands over both, or neither: a command that is sent again must be known
//! wherever it took effect.

use serde::{Deserialize, Serialize};

use crate::number::Index;
use crate::service::Request;
use crate::session::{Last, Sessions};
use crate::state_machine::StateMachine;

/// A state machine, and what the last command of each session returned.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Data<M: StateMachine> {
    pub machine: M,
    pub sessions: Sessions<M::Output>,
}

impl<M: StateMachine> Default for Data<M> {
    fn default() -> Self {
        Data { machine: M::default(), sessions: Sessions::default() }
    }
}

impl<M: StateMachine> Data<M> {
    /// Lets a command take effect, and remembers what it returned. Sessions do not end.
    pub fn apply(&mut self, request: &Request<M::Command>) {
        let output = self.machine.apply(&request.command);
        let last = Last { sequence: request.sequence, index: Index::ZERO, output };
        self.sessions.record(request.session, last);
    }
}
