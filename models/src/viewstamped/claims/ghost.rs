//! What no single state tells: what the clients saw return before what, and what came about once.

use std::sync::Arc;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::claims::Returned;
use crate::number::{Epoch, ViewNumber};
use crate::service;
use crate::viewstamped::group::View;
use crate::viewstamped::message::Message;
use crate::viewstamped::state::Replica;
use crate::viewstamped::{MachineOf, Params, Viewstamped};

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// The latest view that has started behind the first one of its epoch.
    pub started: View,
    /// A view has started, and the one before it never had.
    pub skipped: bool,
    /// A replica has recovered.
    pub recovered: bool,
    /// A replica has been given what it lacked of its own view.
    pub caught_up: bool,
    /// A replica has been given what it lacked of a later view.
    pub moved_on: bool,
    /// The latest epoch in which a replica has taken part.
    pub epoch: Epoch,
    /// A replica has begun with the state that another one had made.
    pub given: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, Viewstamped<P>>,
) -> Option<Arc<Ghost>> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Arc::new(Ghost { returned, ..(**ghost).clone() }));
    }
    observe_replicas::<P>(&(), ghost, step)
}

/// The ghost of a spec that asks for no more of the past than what became of replicas.
pub fn observe_replicas<P: Params>(
    (): &(),
    ghost: &Arc<Ghost>,
    step: &Step<'_, Viewstamped<P>>,
) -> Option<Arc<Ghost>> {
    let (before, after) = (step.before.server()?, step.after.server()?);
    let mut next = (**ghost).clone();
    note(&mut next, step, before, after);
    (next != **ghost).then(|| Arc::new(next))
}

fn note<P: Params>(
    ghost: &mut Ghost,
    step: &Step<'_, Viewstamped<P>>,
    before: &Replica<MachineOf<P>>,
    after: &Replica<MachineOf<P>>,
) {
    if after.is_primary() && after.view.number > ViewNumber(1) && after.view > ghost.started {
        let last = ghost.started.max(View::first_of(after.epoch()));
        ghost.skipped |= after.view > last.next();
        ghost.started = after.view;
    }
    if after.is_normal() {
        ghost.epoch = ghost.epoch.max(after.epoch());
    }
    ghost.recovered |= before.is_recovering() && after.is_normal();
    let took_over = after.incoming.is_none() && before.reached() > before.commit;
    ghost.given |= took_over && after.log.base() >= before.reached();
    if let Event::Deliver { msg: service::Message::Peer(Message::NewState(_)), .. } = &step.event
        && after.log != before.log
    {
        ghost.caught_up |= after.last_normal == before.last_normal;
        ghost.moved_on |= after.last_normal > before.last_normal;
    }
}
