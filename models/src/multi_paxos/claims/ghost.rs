//! What no single state tells: what the clients saw return before what, and what was chosen first.

use std::sync::Arc;

use quorate_checker::spec::{Event, Step};
use serde::Serialize;

use crate::claims::Returned;
use crate::multi_paxos::log::Log;
use crate::multi_paxos::state::{Role, ServerState};
use crate::multi_paxos::{MachineOf, MultiPaxos, Params};
use crate::number::Index;
use crate::state_machine::StateMachine;

/// The history of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(bound = "")]
pub struct Ghost<M: StateMachine> {
    pub returned: Returned,
    /// By slot, what a server took as chosen when nobody had done so before.
    pub chosen: Log<M::Command>,
    /// A leader has begun with what others had reported.
    pub adopted: bool,
    /// A server was told what is chosen, and had not accepted it.
    pub caught_up: bool,
    /// A server was given a snapshot.
    pub installed: bool,
    /// A server that did not crash knew less to be chosen than before.
    pub went_back: bool,
}

impl<M: StateMachine> Default for Ghost<M> {
    fn default() -> Self {
        let (returned, chosen) = (Returned::default(), Log::default());
        let [adopted, caught_up, installed, went_back] = [false; 4];
        Ghost { returned, chosen, adopted, caught_up, installed, went_back }
    }
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, MultiPaxos<P>>,
) -> Option<Arc<Ghost<MachineOf<P>>>> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Arc::new(Ghost { returned, ..(**ghost).clone() }));
    }
    observe_servers::<P>(&(), ghost, step)
}

/// The ghost of a spec that asks for no more of the past than what became of servers.
pub fn observe_servers<P: Params>(
    (): &(),
    ghost: &Arc<Ghost<MachineOf<P>>>,
    step: &Step<'_, MultiPaxos<P>>,
) -> Option<Arc<Ghost<MachineOf<P>>>> {
    let (before, after) = (step.before.server()?, step.after.server()?);
    let mut next = (**ghost).clone();
    note(&mut next, before, after);
    let is_fault = matches!(step.event, Event::Crash | Event::Recover);
    next.went_back |= !is_fault && after.chosen() < before.chosen();
    (next != **ghost).then(|| Arc::new(next))
}

fn note<M: StateMachine>(ghost: &mut Ghost<M>, before: &ServerState<M>, after: &ServerState<M>) {
    let log = &after.storage.log;
    for (slot, value) in log.iter() {
        if slot > ghost.chosen.last() {
            ghost.chosen.push(value.clone());
        }
    }
    ghost.adopted |= !before.is_leader() && after.is_leader() && !after.storage.accepted.is_empty();
    ghost.installed |= log.base() > before.chosen() && log.base() == log.last();
    let is_led = matches!(after.role, Role::Follower { leader: Some(_) });
    let mut learnt = (before.chosen().0 + 1..=log.last().0).map(Index);
    ghost.caught_up |= is_led
        && before.storage.promised == after.storage.promised
        && learnt.any(|slot| !before.storage.accepted.contains_key(&slot));
}
