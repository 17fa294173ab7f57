//! What no single state tells: what the clients saw return before what, and what was chosen first.

use std::sync::Arc;

use quorate_checker::spec::Step;
use serde::Serialize;

use crate::claims::Returned;
use crate::multi_paxos::log::Log;
use crate::multi_paxos::state::{Role, ServerState};
use crate::multi_paxos::{MachineOf, MultiPaxos, Params};
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
}

impl<M: StateMachine> Default for Ghost<M> {
    fn default() -> Self {
        let (returned, chosen) = (Returned::default(), Log::default());
        Ghost { returned, chosen, adopted: false, caught_up: false }
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
    (next != **ghost).then(|| Arc::new(next))
}

fn note<M: StateMachine>(ghost: &mut Ghost<M>, before: &ServerState<M>, after: &ServerState<M>) {
    let log = &after.storage.log;
    for (_, value) in log.iter().skip(ghost.chosen.last().0 as usize) {
        ghost.chosen.push(value.clone());
    }
    ghost.adopted |= !before.is_leader() && after.is_leader() && !after.storage.accepted.is_empty();
    let is_led = matches!(after.role, Role::Follower { leader: Some(_) });
    let learnt = log.iter().skip(before.chosen().0 as usize);
    ghost.caught_up |= is_led
        && before.storage.promised == after.storage.promised
        && learnt.map(|(slot, _)| slot).any(|slot| !before.storage.accepted.contains_key(&slot));
}
