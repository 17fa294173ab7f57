//! Two-phase commit as in `two_phase`, with sets of resource managers as bits: what a model whose
//! author wants it fast looks like.

use serde::{Deserialize, Serialize};
use stateright::{Model, Property};

/// A set of resource managers, one bit each.
type Set = u16;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    pub working: Set,
    pub prepared: Set,
    pub committed: Set,
    /// Whom the coordinator knows to be prepared.
    pub heard: Set,
    /// Who has sent that it is prepared.
    pub sent: Set,
    /// What the coordinator has decided and sent.
    pub decision: Decision,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Decision {
    Open,
    Commit,
    Abort,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Hear(Set),
    Commit,
    Abort,
    Prepare(Set),
    ChooseToAbort(Set),
    ObeyCommit(Set),
    ObeyAbort(Set),
}

/// So many resource managers, at most 16, and their coordinator.
#[derive(Clone, Debug)]
pub struct Bits(pub usize);

impl Bits {
    fn all(&self) -> Set {
        ((1_u32 << self.0) - 1) as Set
    }
}

impl Model for Bits {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let (working, decision) = (self.all(), Decision::Open);
        vec![State { working, prepared: 0, committed: 0, heard: 0, sent: 0, decision }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let is_open = state.decision == Decision::Open;
        if is_open {
            steps.push(Step::Abort);
            if state.heard == self.all() {
                steps.push(Step::Commit);
            }
        }
        for manager in (0..self.0).map(|at| 1 << at) {
            if is_open && state.sent & manager != 0 {
                steps.push(Step::Hear(manager));
            }
            if state.working & manager != 0 {
                steps.push(Step::Prepare(manager));
                steps.push(Step::ChooseToAbort(manager));
            }
            match state.decision {
                Decision::Open => {}
                Decision::Commit => steps.push(Step::ObeyCommit(manager)),
                Decision::Abort => steps.push(Step::ObeyAbort(manager)),
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = *state;
        let mut leave = |manager: Set| {
            next.working &= !manager;
            next.prepared &= !manager;
            next.committed &= !manager;
        };
        match step {
            Step::Hear(manager) => next.heard |= manager,
            Step::Commit => next.decision = Decision::Commit,
            Step::Abort => next.decision = Decision::Abort,
            Step::Prepare(manager) => {
                leave(manager);
                next.prepared |= manager;
                next.sent |= manager;
            }
            Step::ChooseToAbort(manager) | Step::ObeyAbort(manager) => leave(manager),
            Step::ObeyCommit(manager) => {
                leave(manager);
                next.committed |= manager;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("consistent", |model, state| {
                let staying = state.working | state.prepared | state.committed;
                state.committed == 0 || staying == model.all()
            }),
            Property::<Self>::sometimes("all commit", |model, state| {
                state.committed == model.all()
            }),
            Property::<Self>::sometimes("all abort", |_, state| {
                state.working | state.prepared | state.committed == 0
            }),
        ]
    }
}
