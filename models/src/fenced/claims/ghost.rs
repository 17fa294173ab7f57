//! What no single state tells: what the clients saw return before what, and what the store was
//! asked to take.

use std::collections::BTreeMap;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;
use stateright::actor::Id;

use crate::claims::Returned;
use crate::fenced::message::Message;
use crate::fenced::state::Writer;
use crate::fenced::{FencedMember, Params};
use crate::number::{Epoch, Place};
use crate::service::Message::{Peer, Reply, Request};

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// By epoch, the writer to which it was granted last.
    pub granted: BTreeMap<Epoch, Id>,
    /// The highest epoch in which something was written that the store has taken.
    pub written: Epoch,
    /// The store has refused something that was written in an older epoch.
    pub refused: bool,
    /// A writer has answered a command that it had taken before, in the same epoch.
    pub answered_again: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Ghost,
    step: &Step<'_, FencedMember<P>>,
) -> Option<Ghost> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Ghost { returned, ..ghost.clone() });
    }
    let mut next = ghost.clone();
    if let Some((_, Peer(Message::Grant(grant)))) = step.sent.first() {
        next.granted.insert(grant.epoch, grant.writer);
    }
    match &step.event {
        Event::Deliver { msg: Peer(Message::Write(image)), .. } => {
            let store = step.after.server()?.store()?;
            next.written = ghost.written.max(store.image.epoch);
            next.refused |= image.epoch < store.seen && store.image != *image;
        }
        Event::Deliver { msg: Request(request), .. } => {
            let before = step.before.server()?.writer().and_then(Writer::image)?;
            let is_known = before.sessions.has_done(request.session, request.sequence);
            let is_answered = matches!(step.sent.first(), Some((_, Reply(_))));
            next.answered_again |= is_known && is_answered && before.place > Place::ZERO;
        }
        _ => {}
    }
    (next != *ghost).then_some(next)
}
