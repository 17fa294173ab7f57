//! What no single state tells: what the clients saw return before what, and who died with what.

use quorate_checker::spec::{Event, Step};
use serde::Serialize;
use stateright::actor::Id;

use crate::chain::state::Replica;
use crate::chain::{ChainMember, Params};
use crate::claims::Returned;
use crate::state_machine::StateMachine;

/// The history of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ghost {
    pub returned: Returned,
    /// A server that was neither head nor tail has crashed with a command that was not
    /// acknowledged.
    pub middle_died: bool,
}

/// The ghost after `step`, if that changed it.
pub fn observe<P: Params>(
    (): &(),
    ghost: &Ghost,
    step: &Step<'_, ChainMember<P>>,
) -> Option<Ghost> {
    if let Some(returned) = ghost.returned.after(step) {
        return Some(Ghost { returned, ..ghost.clone() });
    }
    let replica = step.before.server().and_then(|state| state.replica());
    let dies = matches!(step.event, Event::Crash) && !ghost.middle_died;
    let holds = replica.is_some_and(|own| is_middle(own, step.actor) && own.sent().count() > 0);
    (dies && holds).then(|| Ghost { middle_died: true, ..ghost.clone() })
}

/// True if the server is neither head nor tail of its chain.
fn is_middle<M: StateMachine>(own: &Replica<M>, id: Id) -> bool {
    own.chain.before(id).is_some() && own.chain.after(id).is_some()
}
