//! What no single state tells: history variables that the properties of Raft are about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quorate_checker::spec::{Event, Step};
use stateright::actor::Id;

use super::conduct::Misstep;
use super::log::Entry;
use super::rules::RaftRules;
use super::state::ServerState;
use super::{Message, Raft, State};
use crate::client::ClientState;
use crate::number::{Index, Term};
use crate::state_machine::StateMachine;

/// An entry that some server was the first to know committed, and that server's term at the time:
/// the term in which the entry was committed, which may be later than its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Committed<C> {
    pub term: Term,
    pub entry: Entry<C>,
}

/// How many operations of every other client had returned at some moment; none if it is not there.
pub type Precedence = BTreeMap<Id, usize>;

/// The history of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ghost<M: StateMachine> {
    /// Who was elected, by term.
    pub winners: BTreeMap<Term, BTreeSet<Id>>,
    /// What was committed, from index 1 on.
    pub committed: Vec<Committed<M::Command>>,
    /// By client, for each operation that has returned: what had returned elsewhere when the next
    /// one was invoked, in the same step. Empty for a client's last.
    pub returned: BTreeMap<Id, Vec<Precedence>>,
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
            returned: BTreeMap::new(),
            leader_rewrote: false,
            overwritten: false,
            recovered: false,
            misstep: None,
        }
    }
}

/// The ghost after `step`, if that changed it.
pub fn observe<M: StateMachine, R: RaftRules>(
    (): &(),
    ghost: &Arc<Ghost<M>>,
    step: &Step<'_, Raft<M, R>>,
) -> Option<Arc<Ghost<M>>> {
    let mut next = Arc::clone(ghost);
    match (step.before, step.after) {
        (State::Server(before), State::Server(after)) => {
            note_server(&mut next, step, before, after);
        }
        (State::Client(before), State::Client(after)) => {
            note_client(&mut next, step, before, after);
        }
        _ => unreachable!("a server stays a server and a client a client"),
    }
    (next != *ghost).then_some(next)
}

/// The ghost of a spec that asks for no more of the past than whether a server has recovered.
pub fn observe_recovery<M: StateMachine, R: RaftRules>(
    (): &(),
    ghost: &Arc<Ghost<M>>,
    step: &Step<'_, Raft<M, R>>,
) -> Option<Arc<Ghost<M>>> {
    let State::Server(after) = step.after else { return None };
    let is_first = matches!(step.event, Event::Recover) && !ghost.recovered;
    let mut next = (is_first && after.log().last_index() > Index::ZERO).then(|| Arc::clone(ghost));
    if let Some(next) = &mut next {
        Arc::make_mut(next).recovered = true;
    }
    next
}

/// The ghost of a spec that asks for no more of the past than whether a server did what none may.
pub fn observe_conduct<M: StateMachine, R: RaftRules>(
    (): &(),
    ghost: &Arc<Ghost<M>>,
    step: &Step<'_, Raft<M, R>>,
) -> Option<Arc<Ghost<M>>> {
    let (State::Server(before), State::Server(after)) = (step.before, step.after) else {
        return None;
    };
    let mut next = Arc::clone(ghost);
    note_misstep(&mut next, step, before, after);
    (next != *ghost).then_some(next)
}

/// The first step that no server may take is kept.
fn note_misstep<M: StateMachine, R: RaftRules>(
    ghost: &mut Arc<Ghost<M>>,
    step: &Step<'_, Raft<M, R>>,
    before: &ServerState<M>,
    after: &ServerState<M>,
) {
    if ghost.misstep.is_none()
        && let Some(misstep) = Misstep::of(step, before, after)
    {
        Arc::make_mut(ghost).misstep = Some(misstep);
    }
}

fn note_server<M: StateMachine, R: RaftRules>(
    ghost: &mut Arc<Ghost<M>>,
    step: &Step<'_, Raft<M, R>>,
    before: &ServerState<M>,
    after: &ServerState<M>,
) {
    note_misstep(ghost, step, before, after);
    let same_office = before.is_leader() && before.term() == after.term();
    if after.is_leader() && !same_office {
        Arc::make_mut(ghost).winners.entry(after.term()).or_default().insert(step.actor);
    }
    while (ghost.committed.len() as u64) < after.commit.0 {
        let index = Index(ghost.committed.len() as u64 + 1);
        let Some(entry) = after.log().get(index).cloned() else {
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

/// An operation returns, and the next one is invoked in the same step if there is one.
fn note_client<M: StateMachine, R: RaftRules>(
    ghost: &mut Arc<Ghost<M>>,
    step: &Step<'_, Raft<M, R>>,
    before: &ClientState<M::Output>,
    after: &ClientState<M::Output>,
) {
    if after.answers.len() == before.answers.len() {
        return;
    }
    let invokes = step.sent.iter().any(|(_, message)| matches!(message, Message::Request(_)));
    let others = ghost.returned.iter().filter(|(client, _)| invokes && **client != step.actor);
    let precedence = others.map(|(client, returned)| (*client, returned.len())).collect();
    Arc::make_mut(ghost).returned.entry(step.actor).or_default().push(precedence);
}
