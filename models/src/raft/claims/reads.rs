//! What must be true of reads that say what they need, and what must be possible.

use super::properties::{System, SystemState};
use super::snapshot;
use crate::claims::{is_explained, is_explained_by_one_order, scripts, servers, servers_up};
use crate::consistency::Consistency;
use crate::number::Index;
use crate::raft::state::ServerState;
use crate::raft::{Params, lease};
use crate::service::{Answer, Message};

pub const ONE_ORDER: &str = "all clients see one order";

/// What the clients were told is sequentially consistent: no session goes back, and each sees what
/// it wrote.
pub fn one_order<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    is_explained_by_one_order(system, state)
}

pub const ASKS_NOBODY: &str = "a read that may be stale waits for nothing";
pub const TOLD_OF_SOMETHING: &str = "no read is answered by nothing";

/// No server keeps a read: of a spec in which all reads may be stale.
pub fn asks_nobody<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    servers(state).all(|(_, server)| server.reads == Default::default())
}

/// Every read on its way to a client was answered by some of the log.
pub fn told_of_something<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().all(|message| {
        let Message::Reply(reply) = message.msg else { return true };
        !matches!(reply.answer, Answer::Read { index: Index::ZERO, .. })
    })
}

/// What the clients were told is not linearizable.
pub fn is_not_linearizable<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    !is_explained(system, state, &state.history.returned)
}

/// A read is on its way to a server that has applied something, but less than its session has seen.
pub fn lags<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    state.network.iter_all().any(|message| {
        let Message::Read(request) = message.msg else { return false };
        let Consistency::Stale { seen } = request.command.consistency else { return false };
        servers_up(state).any(|(id, server)| {
            let applied = server.applied.index;
            id == message.dst && applied.0 > 0 && applied < seen
        })
    })
}

pub const LEASE_IS_ALONE: &str = "as long as a leader holds a lease, nobody leads in a later term";

/// No server that holds a lease is of an older term than another one that leads.
pub fn lease_is_alone<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let leaders = || servers_up(state).map(|(_, server)| server).filter(|it| it.is_leader());
    holders(state).all(|holder| leaders().all(|leader| leader.term() <= holder.term()))
}

fn holders<P: Params>(state: &SystemState<P>) -> impl Iterator<Item = &ServerState<P::Machine>> {
    servers_up(state).map(|(_, server)| server).filter(|server| lease::is_held(server))
}

/// A leader holds a lease.
pub fn a_lease<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    holders(state).next().is_some()
}

/// A leader holds a lease in spite of a later one.
pub fn a_late_lease<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    !lease_is_alone(system, state)
}

/// A server has promised its vote to a leader that holds a lease, and is of a newer term.
pub fn an_older_promise<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    let promised = servers_up(state).filter(|(_, server)| server.has_promised);
    let mut terms = promised.map(|(_, server)| server.term());
    terms.any(|term| holders(state).any(|holder| holder.term() < term))
}

/// A leader that is alone in its cluster holds a lease.
pub fn a_lease_of_one<P: Params>(_: &System<P>, state: &SystemState<P>) -> bool {
    holders(state).any(|holder| holder.config().voters.len() == 1)
}

/// A leader holds a lease, and a follower has a piece of a snapshot.
pub fn a_lease_and_a_piece<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    a_lease(system, state) && snapshot::a_piece(system, state)
}

/// The server of the latest term leads and has begun one round, and two reads are answered.
pub fn two_in_a_round<P: Params>(system: &System<P>, state: &SystemState<P>) -> bool {
    let latest = servers_up(state).map(|(_, server)| server).max_by_key(|server| server.term());
    let rounds = latest.filter(|server| server.is_leader()).map(|server| server.round());
    let answered: usize = scripts(system, state).map(|(_, answered)| answered).sum();
    rounds == Some(1) && answered == 2
}
