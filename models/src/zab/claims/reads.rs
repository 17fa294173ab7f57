//! What must be true of reads that no transaction is spent on, and what must be possible.

use super::properties::{System, SystemState};
use crate::claims::{has_seen, is_explained, is_explained_by_one_order, servers_up};
use crate::consistency::Consistency;
use crate::kv::{Kv, Output};
use crate::service::Message;
use crate::zab::Params;

pub const ONE_ORDER: &str = "all clients see one order";

/// What the clients were told is sequentially consistent: no session goes back, and each sees what
/// it wrote.
pub fn one_order<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained_by_one_order(system, state)
}

/// What the clients were told is not linearizable.
pub fn is_not_linearizable<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    !is_explained(system, state, &state.history.returned)
}

/// A read is on its way to a server that is behind what its session has seen.
pub fn lags<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let Message::Read(request) = message.msg else { return false };
        let Consistency::Stale { seen } = request.command.consistency else { return false };
        servers_up(state).any(|(id, known)| id == message.dst && known.effective_index() < seen)
    })
}

/// A server knows how far it must get to answer a read, and is not there yet.
pub fn a_read_is_held<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).any(|(_, known)| !known.held.is_empty())
}

/// A read came while a round was on its way.
pub fn a_read_waits<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state)
        .filter_map(|(_, known)| known.leading())
        .any(|own| !own.syncs.asked.is_empty() && !own.syncs.waiting.is_empty())
}

/// A client had an answer, and another one to a command that it submitted later.
pub fn read_after_write<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.history.returned.one_after_another()
}

/// A read came before the write.
pub fn nothing_read<P: Params<Machine = Kv>>(_: &System<P>, state: &SystemState<P>) -> bool {
    has_seen(state, |output| *output == Output::Value(None))
}

/// Two servers lead, both established, and do not know of each other.
pub fn two_at_once<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers_up(state).filter(|(_, known)| known.is_established()).count() > 1
}
