//! What no single state tells: which write has which dot, what the clients saw return before what,
//! and which deletions were forgotten.

use std::collections::{BTreeMap, BTreeSet};

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::claims::Returned;
use crate::quorum_store::dynamo::Dynamo;
use crate::quorum_store::dynamo::message::{Forward, Message as PeerMessage, Operation};
use crate::quorum_store::dynamo::object::{Command, Put};
use crate::quorum_store::dynamo::rules::Rule;
use crate::quorum_store::dynamo::state::State;
use crate::quorum_store::dynamo::version::Dot;
use crate::rules::RuleBook;
use crate::service::{Message, Request};

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// By dot, the operation of the client whose write it is.
    pub written: BTreeMap<Dot, Operation>,
    /// The deletions that a home has forgotten.
    pub forgotten: BTreeSet<Dot>,
    /// A fallback has handed off what it kept.
    pub handed_off: bool,
    /// A read has found a home that was behind.
    pub repaired: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<R: RuleBook<Rule>>(
    (): &(),
    ghost: &Ghost,
    step: &Step<'_, Dynamo<R>>,
) -> Option<Ghost> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Ghost { returned, ..ghost.clone() });
    }
    let (before, after) = (step.before.server()?, step.after.server()?);
    let Event::Deliver { msg, .. } = &step.event else { return None };
    let mut next = ghost.clone();
    match msg {
        Message::Request(Request { session, sequence, command: Command::Put(put), .. }) => {
            let operation = Operation { session: *session, sequence: *sequence };
            next.written.extend(taken(before, after, put).map(|dot| (dot, operation)));
        }
        Message::Peer(PeerMessage::Forward(Forward { operation, put })) => {
            next.written.extend(taken(before, after, put).map(|dot| (dot, *operation)));
        }
        Message::Peer(PeerMessage::Swept(_) | PeerMessage::Forget(_)) => {
            let objects = before.storage.objects.iter();
            let gone = objects.filter(|(key, _)| !after.storage.objects.contains_key(*key));
            next.forgotten.extend(gone.flat_map(|(_, object)| object.versions.keys().copied()));
        }
        Message::Peer(PeerMessage::Handed(_)) => {
            next.handed_off |= before.storage.hints != after.storage.hints;
        }
        Message::Peer(PeerMessage::Repair(_)) => {
            next.repaired |= before.storage.objects != after.storage.objects;
        }
        _ => {}
    }
    (next != *ghost).then_some(next)
}

/// The dot of a write that a server takes in this step, if it is another one than before.
fn taken<'a>(before: &'a State, after: &'a State, put: &'a Put) -> impl Iterator<Item = Dot> + 'a {
    let held = before.object(&put.key).versions;
    let dots = after.object(&put.key).versions.into_keys();
    dots.filter(move |dot| !held.contains_key(dot))
}
