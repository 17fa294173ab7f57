//! What no single state tells: what the clients saw return before what, and what the store was
//! asked to take.

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::claims::Returned;
use crate::fenced::message::Message;
use crate::fenced::{FencedMember, Params};
use crate::number::Epoch;
use crate::service::Message::Peer;

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// The highest epoch in which something was written that the store has taken.
    pub written: Epoch,
    /// The store has refused something that was written in an older epoch.
    pub refused: bool,
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
    let store = step.after.server()?.store()?;
    let Event::Deliver { msg: Peer(Message::Write(image)), .. } = &step.event else { return None };
    let next = Ghost {
        written: ghost.written.max(store.image.epoch),
        refused: ghost.refused || image.epoch < store.seen && store.image != *image,
        ..ghost.clone()
    };
    (next != *ghost).then_some(next)
}
