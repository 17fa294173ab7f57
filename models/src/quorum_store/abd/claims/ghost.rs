//! What no single state tells: what the clients saw return before what, and what was answered.

use std::collections::BTreeMap;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::claims::Returned;
use crate::quorum_store::abd::message::Operation;
use crate::quorum_store::abd::state::Phase;
use crate::quorum_store::abd::{Abd, MachineOf, Params};
use crate::quorum_store::register::{Registers, Tag};
use crate::service::{Answer, Message};

/// The history of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Ghost<M: Registers> {
    pub returned: Returned,
    /// By register, the highest tag of which a client has had an answer.
    pub answered: BTreeMap<M::Key, Tag>,
    /// By operation that writes, the tag with which a coordinator had it stored.
    pub tags: BTreeMap<Operation, Tag>,
    /// One was stored with another tag before.
    pub changed_tag: bool,
    /// A replica that did not crash held something earlier than before.
    pub went_back: bool,
    /// A read has taken something later than what its coordinator held.
    pub wrote_back: bool,
}

impl<M: Registers> Default for Ghost<M> {
    fn default() -> Self {
        let (returned, answered, tags) = (Returned::default(), BTreeMap::new(), BTreeMap::new());
        let [changed_tag, went_back, wrote_back] = [false; 3];
        Ghost { returned, answered, tags, changed_tag, went_back, wrote_back }
    }
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Ghost<MachineOf<P>>,
    step: &Step<'_, Abd<P>>,
) -> Option<Ghost<MachineOf<P>>> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Ghost { returned, ..ghost.clone() });
    }
    let (before, after) = (step.before.server()?, step.after.server()?);
    let mut next = ghost.clone();
    let is_fault = matches!(step.event, Event::Crash | Event::Recover);
    let mut held = before.storage.registers.iter();
    next.went_back |= !is_fault && held.any(|(key, held)| after.held(key).tag < held.tag);
    for (session, open) in &before.open {
        let is_read = matches!(open.phase, Phase::Query { writes: false, .. });
        next.wrote_back |= is_read && after.held(&open.key).tag > before.held(&open.key).tag;
        let is_answer = |message: &Message<_, _, _>| {
            matches!(message, Message::Reply(reply)
                if reply.session == *session && matches!(reply.answer, Answer::Done { .. }))
        };
        if let Phase::Store { held, .. } = &open.phase
            && step.sent.iter().any(|(_, message)| is_answer(message))
        {
            let answered = next.answered.entry(open.key.clone()).or_insert(Tag::NONE);
            *answered = held.tag.max(*answered);
        }
    }
    for (session, open) in &after.open {
        if let Phase::Store { writes: true, held, .. } = &open.phase {
            let operation = Operation { session: *session, sequence: open.sequence };
            next.changed_tag |= *next.tags.entry(operation).or_insert(held.tag) != held.tag;
        }
    }
    (next != *ghost).then_some(next)
}
