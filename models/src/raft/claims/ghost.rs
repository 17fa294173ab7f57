//! What no single state tells: history variables that the properties of Raft are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;
use stateright::actor::Id;

use super::conduct::Misstep;
use crate::claims::Returned;
use crate::member::State;
use crate::number::{Index, Term};
use crate::raft::log::Entry;
use crate::raft::state::ServerState;
use crate::raft::{MachineOf, Params, Raft};
use crate::state_machine::StateMachine;

/// An entry that some server was the first to know committed, and that server's term at the time:
/// the term in which the entry was committed, which may be later than its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Committed<C> {
    pub term: Term,
    pub entry: Entry<C>,
}

/// The history of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost<M: StateMachine> {
    /// Who was elected, by term.
    pub winners: BTreeMap<Term, BTreeSet<Id>>,
    /// What was committed, from index 1 on.
    pub committed: Vec<Committed<M::Command>>,
    /// What the clients' operations returned before what.
    pub returned: Returned,
    /// Some leader changed or removed an entry of its log.
    pub leader_rewrote: bool,
    /// Some server lost an entry of its log to another one.
    pub overwritten: bool,
    /// Some server recovered from a crash with entries in its log.
    pub recovered: bool,
    /// The first step that no server may take, if one did.
    pub misstep: Option<Misstep>,
}

impl<M: StateMachine> Default for Ghost<M> {
    fn default() -> Self {
        Ghost {
            winners: BTreeMap::new(),
            committed: Vec::new(),
            returned: Returned::default(),
            leader_rewrote: false,
            overwritten: false,
            recovered: false,
            misstep: None,
        }
    }
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, Raft<P>>,
) -> Option<Arc<Ghost<MachineOf<P>>>> {
    let mut next = Arc::clone(ghost);
    match (step.before, step.after) {
        (State::Server(before), State::Server(after)) => {
            note_server(&mut next, step, before, after);
        }
        (State::Client(_), State::Client(_)) => {
            if let Some(returned) = ghost.returned.after(step) {
                Arc::make_mut(&mut next).returned = returned;
            }
        }
        (State::Operator, State::Operator) => {}
        _ => unreachable!("who is what stays"),
    }
    (next != *ghost).then_some(next)
}

/// The ghost of a spec that asks for no more of the past than whether a server has recovered.
pub fn observe_recovery<P: Params>(
    (): &(),
    ghost: &Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, Raft<P>>,
) -> Option<Arc<Ghost<MachineOf<P>>>> {
    let State::Server(after) = step.after else { return None };
    let is_first = matches!(step.event, Event::Recover) && !ghost.recovered;
    let mut next = (is_first && after.log().last_index() > Index::ZERO).then(|| Arc::clone(ghost));
    if let Some(next) = &mut next {
        Arc::make_mut(next).recovered = true;
    }
    next
}

/// The ghost of a spec that asks for no more of the past than what clients were answered.
pub fn observe_answers<P: Params>(
    (): &(),
    ghost: &Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, Raft<P>>,
) -> Option<Arc<Ghost<MachineOf<P>>>> {
    let returned = ghost.returned.after(step)?;
    let mut next = Arc::clone(ghost);
    Arc::make_mut(&mut next).returned = returned;
    Some(next)
}

/// The ghost of a spec that asks for no more of the past than whether a server did what none may.
pub fn observe_conduct<P: Params>(
    (): &(),
    ghost: &Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, Raft<P>>,
) -> Option<Arc<Ghost<MachineOf<P>>>> {
    let (State::Server(before), State::Server(after)) = (step.before, step.after) else {
        return None;
    };
    let mut next = Arc::clone(ghost);
    note_misstep(&mut next, step, before, after);
    (next != *ghost).then_some(next)
}

/// The first step that no server may take is kept.
fn note_misstep<P: Params>(
    ghost: &mut Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, Raft<P>>,
    before: &ServerState<MachineOf<P>>,
    after: &ServerState<MachineOf<P>>,
) {
    if ghost.misstep.is_none()
        && let Some(misstep) = Misstep::of(step, before, after)
    {
        Arc::make_mut(ghost).misstep = Some(misstep);
    }
}

fn note_server<P: Params>(
    ghost: &mut Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, Raft<P>>,
    before: &ServerState<MachineOf<P>>,
    after: &ServerState<MachineOf<P>>,
) {
    note_misstep(ghost, step, before, after);
    let same_office = before.is_leader() && before.term() == after.term();
    if after.is_leader() && !same_office {
        Arc::make_mut(ghost).winners.entry(after.term()).or_default().insert(step.actor);
    }
    while (ghost.committed.len() as u64) < after.commit.0 {
        let index = Index(ghost.committed.len() as u64 + 1);
        // It may be compacted in the step that commits it.
        let entry = after.log().get(index).or_else(|| before.log().get(index));
        let Some(entry) = entry.cloned() else {
            break;
        };
        Arc::make_mut(ghost).committed.push(Committed { term: after.term(), entry });
    }
    match step.event {
        Event::Crash => {}
        Event::Recover => {
            if after.log().last_index() > Index::ZERO && !ghost.recovered {
                Arc::make_mut(ghost).recovered = true;
            }
        }
        Event::Deliver { .. } | Event::Timeout(_) | Event::Random(_) => {
            if after.log().starts_with(before.log()) {
                return;
            }
            let ghost = Arc::make_mut(ghost);
            ghost.overwritten = true;
            ghost.leader_rewrote |= same_office && after.is_leader();
        }
    }
}
