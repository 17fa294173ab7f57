//! What the clients saw, as a history of concurrent operations.

use quorate_checker::linearizability::{Precedence, is_linearizable, sequential};
use stateright::actor::Id;

use super::ghost::Ghost;
use super::properties::{System, SystemState};
use super::rules::RaftRules;
use super::{Raft, State};
use crate::client::{Client, ClientState};
use crate::state_machine::StateMachine;

/// Some order of the operations, which respects which returned before which was invoked, explains
/// every answer.
pub(super) fn linearizability<M: StateMachine, R: RaftRules>(
    system: &System<M, R>,
    state: &SystemState<M, R>,
) -> bool {
    let clients: Vec<_> = clients(system, state).collect();
    if clients.iter().all(|(_, _, own)| own.answers.is_empty()) {
        return true;
    }
    let mut history = Precedence::default();
    for (id, client, own) in &clients {
        history.client();
        for (number, command) in client.script.iter().take(own.answers.len() + 1).enumerate() {
            let over = clients
                .iter()
                .map(|(other, ..)| returned_before(&state.history, *id, number, *other));
            history.operation(command, own.answers.get(number), over);
        }
    }
    let machine = sequential(M::default(), |machine: &M, command: &M::Command| {
        let mut machine = machine.clone();
        let output = machine.apply(command);
        (machine, output)
    });
    is_linearizable(&machine, &history)
}

fn clients<'a, M: StateMachine, R: RaftRules>(
    system: &'a System<M, R>,
    state: &'a SystemState<M, R>,
) -> impl Iterator<Item = (Id, &'a Client<M>, &'a ClientState<M::Output>)> {
    let members = system.actors.iter().zip(&state.actor_states).enumerate();
    members.filter_map(|(index, (actor, own))| match (actor, &**own) {
        (Raft::Client(client), State::Client(own)) => Some((Id::from(index), client, own)),
        _ => None,
    })
}

/// How many operations of `other` had returned when `client` invoked its operation `number`.
fn returned_before<M: StateMachine>(
    ghost: &Ghost<M>,
    client: Id,
    number: usize,
    other: Id,
) -> usize {
    let returned = ghost.returned.get(&client).map_or(&[][..], Vec::as_slice);
    let at_invocation = number.checked_sub(1).and_then(|previous| returned.get(previous));
    at_invocation.and_then(|precedence| precedence.get(&other)).copied().unwrap_or(0)
}
