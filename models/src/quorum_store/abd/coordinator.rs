//! A coordinator has a majority tell what they hold, and has a majority store what is to be held.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Id;

use super::message::{self, Message, Operation, Queried, Store, Stored};
use super::replica::{store, takes_part};
use super::rules::Rule;
use super::server::Step;
use super::state::{Open, Phase, Told};
use super::{Content, Key, MachineOf, Params};
use crate::consistency::{Consistency, Query};
use crate::number::{Incarnation, Index};
use crate::quorum_store::register::{Access, Registers, Tag, Tagged};
use crate::service::{Answer, CommandOf, Request};

/// A client asks for a command. A write that has no tag yet is to have one above that of every
/// write before.
pub(super) fn handle_request<P: Params>(
    step: &mut Step<P>,
    request: Request<CommandOf<super::Server<P>>>,
) {
    if !takes_part(step) {
        return;
    }
    let Request { session, sequence, since, command } = request;
    let operation = Operation { session, sequence };
    let is_over = step.state().open.get(&session).is_some_and(|open| open.sequence > sequence);
    if is_over {
        return;
    }
    match MachineOf::<P>::access(&command) {
        None => step.answer(session, sequence, Answer::done(MachineOf::<P>::refused())),
        Some(Access::Read(key)) => query(step, operation, key, false),
        Some(Access::Write(key, content)) if since > Index::ZERO => {
            let writer = if step.keeps(Rule::TagHasWriter) { session } else { Tag::NONE.writer };
            let held = Tagged { tag: Tag { number: since, writer }, content };
            begin_store(step, operation, key, held, true, BTreeMap::new());
        }
        Some(Access::Write(key, _)) if step.keeps(Rule::WriterQueries) => {
            query(step, operation, key, true);
        }
        Some(Access::Write(key, _)) => tell_tag(step, operation, step.state().held(&key).tag),
    }
}

/// A client asks for a read and says what it needs: what this server holds, or what a majority
/// does.
pub(super) fn handle_query<P: Params>(
    step: &mut Step<P>,
    request: Request<Query<CommandOf<super::Server<P>>>>,
) {
    let is_of_one = request.command.consistency == Consistency::One;
    let request = request.plain();
    match MachineOf::<P>::access(&request.command) {
        Some(Access::Read(key)) if is_of_one && takes_part(step) => {
            let output = MachineOf::<P>::read_of(step.state().held(&key).content);
            step.answer(request.session, request.sequence, Answer::done(output));
        }
        _ => handle_request(step, request),
    }
}

/// Asks all replicas what they hold, unless they are asked already: then those who have not told.
fn query<P: Params>(step: &mut Step<P>, operation: Operation, key: Key<P>, writes: bool) {
    if is_open(step, operation) {
        return ask_again(step, operation);
    }
    let own = Told { held: step.state().held(&key), incarnation: own_life(step) };
    let phase = Phase::Query { writes, told: BTreeMap::from([(step.id, own)]) };
    open(step, operation, key, phase);
    ask_again(step, operation);
    end_query(step, operation);
}

/// The life that this server is in.
fn own_life<P: Params>(step: &Step<P>) -> Incarnation {
    step.state().storage.crashes.of(step.id)
}

/// Has all replicas store this that do not hold it, itself among them.
fn begin_store<P: Params>(
    step: &mut Step<P>,
    operation: Operation,
    key: Key<P>,
    held: Tagged<Content<P>>,
    writes: bool,
    mut stored: BTreeMap<Id, Incarnation>,
) {
    let is_stored = |open: &Open<_>| {
        open.sequence == operation.sequence && matches!(open.phase, Phase::Store { .. })
    };
    if step.state().open.get(&operation.session).is_some_and(is_stored) {
        return ask_again(step, operation);
    }
    store(step, key.clone(), held.clone());
    stored.insert(step.id, own_life(step));
    open(step, operation, key, Phase::Store { writes, held, stored });
    if !end_store(step, operation) {
        ask_again(step, operation);
    }
}

fn is_open<P: Params>(step: &Step<P>, operation: Operation) -> bool {
    let open = step.state().open.get(&operation.session);
    open.is_some_and(|open| open.sequence == operation.sequence)
}

fn open<P: Params>(
    step: &mut Step<P>,
    operation: Operation,
    key: Key<P>,
    phase: Phase<Content<P>>,
) {
    let Operation { session, sequence } = operation;
    step.state_mut().open.insert(session, Open { sequence, key, phase });
}

/// Asks those replicas for an operation that have not answered.
fn ask_again<P: Params>(step: &mut Step<P>, operation: Operation) {
    let Some(open) = step.state().open.get(&operation.session).cloned() else { return };
    let Open { key, phase, .. } = open;
    let holding: BTreeSet<Id> = match &phase {
        Phase::Query { .. } => BTreeSet::new(),
        Phase::Store { stored, .. } => step.state().holding(stored).collect(),
    };
    for to in step.server.others(step.id) {
        match &phase {
            Phase::Query { told, .. } if !told.contains_key(&to) => {
                step.send(to, Message::Query(message::Query { operation, key: key.clone() }));
            }
            Phase::Store { held, .. } if !holding.contains(&to) => {
                let (key, held) = (key.clone(), held.clone());
                step.send(to, Message::Store(Store { operation, key, held }));
            }
            Phase::Query { .. } | Phase::Store { .. } => {}
        }
    }
}

/// Whether an answer is for what this server does for the session.
fn is_of<P: Params>(step: &Step<P>, operation: Operation) -> bool {
    let is_open = is_open(step, operation);
    step.require(Rule::AnswersOfThisOperation, is_open)
}

/// A replica tells what it holds.
pub(super) fn handle_queried<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Queried<Content<P>>,
) {
    let Queried { operation, held, crashes } = message;
    step.learn(&crashes);
    if !is_of(step, operation) {
        return;
    }
    let incarnation = crashes.of(from);
    let Some(open) = step.state_mut().open.get_mut(&operation.session) else { return };
    if let Phase::Query { told, .. } = &mut open.phase {
        told.insert(from, Told { held, incarnation });
        end_query(step, operation);
    }
}

/// Goes on when a majority has told: a write has its tag, and a read has what it returns.
fn end_query<P: Params>(step: &mut Step<P>, operation: Operation) {
    let Some(open) = step.state().open.get(&operation.session) else { return };
    let Phase::Query { writes, told } = &open.phase else { return };
    if !step.require(Rule::MajorityTells, step.server.is_quorum(told.len())) {
        return;
    }
    let highest = told.values().max_by_key(|told| told.held.tag);
    let own = told.get(&step.id);
    let taken = if step.keeps(Rule::HighestTagIsTaken) { highest } else { own };
    let held = taken.map(|told| told.held.clone()).unwrap_or_default();
    let holds = |told: &Told<_>| told.held.tag == held.tag;
    let stored = told.iter().filter(|(_, told)| holds(told)).map(|(id, it)| (*id, it.incarnation));
    let (key, writes, stored) = (open.key.clone(), *writes, stored.collect());
    let operation = Operation { sequence: open.sequence, ..operation };
    if writes {
        step.state_mut().open.remove(&operation.session);
        tell_tag(step, operation, held.tag);
    } else if step.keeps(Rule::ReaderWritesBack) {
        begin_store(step, operation, key, held, false, stored);
    } else {
        answer(step, operation, MachineOf::<P>::read_of(held.content));
    }
}

/// Tells a client the number of its write, which is above that of every write before.
fn tell_tag<P: Params>(step: &mut Step<P>, operation: Operation, highest: Tag) {
    let number = highest.number.next();
    step.answer(operation.session, operation.sequence, Answer::Tag { number });
}

/// A replica has stored what it was told, or holds something later.
pub(super) fn handle_stored<P: Params>(step: &mut Step<P>, from: Id, message: Stored) {
    let Stored { operation, crashes } = message;
    step.learn(&crashes);
    if !is_of(step, operation) {
        return;
    }
    let incarnation = crashes.of(from);
    let once = step.keeps(Rule::ReplicaCountsOnce);
    let others: Vec<Id> = step.server.others(step.id).collect();
    let Some(open) = step.state_mut().open.get_mut(&operation.session) else { return };
    if let Phase::Store { stored, .. } = &mut open.phase {
        // Replicas are a set: to count one once more is to count another one.
        let has_stored = stored.contains_key(&from) && !once;
        let silent = others.into_iter().find(|id| has_stored && !stored.contains_key(id));
        stored.insert(silent.unwrap_or(from), incarnation);
        end_store(step, operation);
    }
}

/// Answers when a majority has stored what was written, or what is read; says whether it has.
fn end_store<P: Params>(step: &mut Step<P>, operation: Operation) -> bool {
    let Some(open) = step.state().open.get(&operation.session) else { return false };
    let Phase::Store { writes, held, stored } = &open.phase else { return false };
    let count = match step.keeps(Rule::OldLifeCountsNot) {
        true => step.state().holding(stored).count(),
        false => stored.len(),
    };
    if !step.require(Rule::MajorityStores, step.server.is_quorum(count)) {
        return false;
    }
    let output = match writes {
        true => MachineOf::<P>::written(),
        false => MachineOf::<P>::read_of(held.content.clone()),
    };
    let operation = Operation { sequence: open.sequence, ..operation };
    answer(step, operation, output);
    true
}

fn answer<P: Params>(
    step: &mut Step<P>,
    operation: Operation,
    output: <MachineOf<P> as crate::state_machine::StateMachine>::Output,
) {
    step.state_mut().open.remove(&operation.session);
    step.answer(operation.session, operation.sequence, Answer::done(output));
}
