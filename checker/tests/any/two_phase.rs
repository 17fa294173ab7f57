//! Two-phase commit as Gray and Lamport describe it ("Consensus on Transaction Commit", 2004):
//! messages are never deleted, and any of them may arrive any number of times.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stateright::{Model, Property};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Manager {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Coordinator {
    Undecided,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Message {
    Prepared(usize),
    Commit,
    Abort,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    /// By resource manager.
    pub managers: Vec<Manager>,
    pub coordinator: Coordinator,
    /// By resource manager, whether the coordinator knows that it is prepared.
    pub heard: Vec<bool>,
    pub sent: BTreeSet<Message>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Hear(usize),
    Commit,
    Abort,
    Prepare(usize),
    ChooseToAbort(usize),
    ObeyCommit(usize),
    ObeyAbort(usize),
}

/// So many resource managers, and their coordinator.
#[derive(Clone, Debug)]
pub struct TwoPhase(pub usize);

impl Model for TwoPhase {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            managers: vec![Manager::Working; self.0],
            coordinator: Coordinator::Undecided,
            heard: vec![false; self.0],
            sent: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let is_undecided = state.coordinator == Coordinator::Undecided;
        if is_undecided {
            steps.push(Step::Abort);
            if state.heard.iter().all(|heard| *heard) {
                steps.push(Step::Commit);
            }
        }
        let is_committed = state.sent.contains(&Message::Commit);
        let is_aborted = state.sent.contains(&Message::Abort);
        for (manager, stage) in state.managers.iter().enumerate() {
            if is_undecided && state.sent.contains(&Message::Prepared(manager)) {
                steps.push(Step::Hear(manager));
            }
            if *stage == Manager::Working {
                steps.push(Step::Prepare(manager));
                steps.push(Step::ChooseToAbort(manager));
            }
            if is_committed {
                steps.push(Step::ObeyCommit(manager));
            }
            if is_aborted {
                steps.push(Step::ObeyAbort(manager));
            }
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        match step {
            Step::Hear(manager) => next.heard[manager] = true,
            Step::Commit => {
                next.coordinator = Coordinator::Committed;
                next.sent.insert(Message::Commit);
            }
            Step::Abort => {
                next.coordinator = Coordinator::Aborted;
                next.sent.insert(Message::Abort);
            }
            Step::Prepare(manager) => {
                next.managers[manager] = Manager::Prepared;
                next.sent.insert(Message::Prepared(manager));
            }
            Step::ChooseToAbort(manager) | Step::ObeyAbort(manager) => {
                next.managers[manager] = Manager::Aborted;
            }
            Step::ObeyCommit(manager) => next.managers[manager] = Manager::Committed,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::<Self>::always("consistent", |_, state| {
                let has = |stage| state.managers.contains(&stage);
                !(has(Manager::Aborted) && has(Manager::Committed))
            }),
            Property::<Self>::sometimes("all commit", |_, state| {
                state.managers.iter().all(|manager| *manager == Manager::Committed)
            }),
            Property::<Self>::sometimes("all abort", |_, state| {
                state.managers.iter().all(|manager| *manager == Manager::Aborted)
            }),
        ]
    }
}

/// The state with its resource managers in order: the same for all that differ only in who is who.
pub fn in_order(state: &State) -> State {
    let mut rows: Vec<(Manager, bool, bool)> = (0..state.managers.len())
        .map(|at| {
            let has_sent = state.sent.contains(&Message::Prepared(at));
            (state.managers[at], state.heard[at], has_sent)
        })
        .collect();
    rows.sort_unstable();
    let others = state.sent.iter().filter(|message| !matches!(message, Message::Prepared(_)));
    let mut sent: BTreeSet<Message> = others.copied().collect();
    sent.extend(
        rows.iter().enumerate().filter(|(_, row)| row.2).map(|(at, _)| Message::Prepared(at)),
    );
    State {
        managers: rows.iter().map(|row| row.0).collect(),
        coordinator: state.coordinator,
        heard: rows.iter().map(|row| row.1).collect(),
        sent,
    }
}
