//! What must be true of a chain, and what must be possible, so that nothing holds for want of
//! behaviour.

use stateright::actor::Id;

use super::ghost::Ghost;
use crate::chain::state::{Chain, Replica};
use crate::chain::{self, Params, Server};
use crate::claims::{self, all_answered, is_explained, servers};

/// The members of a system with a chain and its history.
pub type System<P> = claims::System<Server<P>, Ghost>;
/// Its state.
pub type SystemState<P> = claims::SystemState<Server<P>, Ghost>;
type Condition<P> = fn(&System<P>, &SystemState<P>) -> bool;

/// A property and its name.
pub type Named<P> = (&'static str, Condition<P>);

pub const PREFIXES: &str = "later histories are prefixes of earlier ones";
pub const ACKED_BY_ALL: &str = "all have what is acknowledged";
pub const LINEARIZABILITY: &str = "linearizability";

/// The invariants of the chain, and linearizability of what the clients saw.
pub fn safety<P: Params>() -> Vec<Named<P>> {
    vec![
        (PREFIXES, later_histories_are_prefixes),
        (ACKED_BY_ALL, all_have_what_is_acknowledged),
        (LINEARIZABILITY, linearizability),
    ]
}

/// The chain of the master.
fn decided<P: Params>(state: &SystemState<P>) -> &Chain {
    let mut chains = servers(state).filter_map(|(_, state)| state.master());
    chains.next().expect("there is a master")
}

/// The servers of the master's chain that are up, in their order.
fn in_chain<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = (Id, &Replica<P::Machine>)> {
    decided(state).servers.iter().filter_map(|id| {
        let index = usize::from(*id);
        let replica = state.actor_states[index].server()?.replica()?;
        (!state.crashed[index]).then_some((*id, replica))
    })
}

/// In the master's chain, what a server has taken the server before it has taken, too, in the same
/// order. (OSDI 2004 §3.1, the update propagation invariant)
fn later_histories_are_prefixes<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let earlier_and_later = in_chain(state).zip(in_chain(state).skip(1));
    earlier_and_later
        .map(|((_, earlier), (_, later))| (earlier, later))
        .all(|(earlier, later)| earlier.history.starts_with(&later.history))
}

/// What a server of the master's chain takes for acknowledged every server of it has taken.
fn all_have_what_is_acknowledged<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let acked = in_chain(state).map(|(_, server)| server.acked).max();
    in_chain(state).all(|(_, server)| Some(server.last()) >= acked)
}

/// Some order of the operations explains what the clients were told.
fn linearizability<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained(system, state, &state.history.returned)
}

/// True if the master is down.
fn is_master_down<P: Params>(state: &SystemState<P>) -> bool {
    servers(state).any(|(id, own)| own.master().is_some() && is_down::<P>(state, id))
}

/// True if this server is down.
fn is_down<P: Params>(state: &SystemState<P>, id: Id) -> bool {
    state.crashed[usize::from(id)]
}

/// A server that had taken a command is down between two others. The command is not acknowledged,
/// and the server behind it does not have it.
pub fn a_middle_died_with_a_command<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let servers = &decided(state).servers;
    let replica = |id: Id| state.actor_states[usize::from(id)].server()?.replica();
    let lacks = |three: &[Id]| match (replica(three[0]), replica(three[2])) {
        (Some(before), Some(behind)) => {
            is_down::<P>(state, three[1]) && before.last() > before.acked.max(behind.last())
        }
        _ => false,
    };
    state.history.middle_died && servers.windows(3).any(lacks)
}

/// All clients have all their answers, although a server died between two others with a command
/// that was not acknowledged.
pub fn answered_though_a_middle_died<P: Params>(
    system: &System<P>,
    state: &SystemState<P>,
) -> bool {
    all_answered(system, state) && state.history.middle_died
}

/// A server that is up and not in the master's chain takes itself for the tail.
pub fn an_old_tail<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let chain = decided(state);
    servers(state).any(|(id, server)| {
        let takes_itself = server.replica().is_some_and(|own| own.chain.tail() == Some(id));
        takes_itself && !chain.has(id) && !is_down::<P>(state, id)
    })
}

/// All clients have all their answers, and a server has been taken out of the chain.
pub fn answered_by_a_shorter_chain<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    all_answered(system, state) && servers(state).count() > decided(state).servers.len() + 1
}

/// All clients have all their answers, and a server has crashed, whether it is down or started
/// again.
pub fn answered_after_a_crash<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let has_crashed = servers(state)
        .any(|(id, own)| is_down::<P>(state, id) || matches!(own, chain::state::State::Retired));
    all_answered(system, state) && has_crashed
}

/// No server of the master's chain has crashed, and all of them know this chain. If the master is
/// down, nobody has to know.
pub fn only_the_living<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let chain = decided(state);
    let mut known = in_chain(state);
    is_master_down(state)
        || in_chain(state).count() == chain.servers.len()
            && known.all(|(_, server)| server.chain == *chain)
}

/// Every server of the master's chain that is up knows that the tail has all that it has itself. If
/// the master is down, the others may wait for a chain.
pub fn all_acknowledged<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    is_master_down(state) || in_chain(state).all(|(_, server)| server.acked == server.last())
}
