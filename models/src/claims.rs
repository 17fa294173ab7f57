//! What the claims of every protocol are made of: who is up, which pairs there are, who was
//! answered, and whether what the clients saw is linearizable.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

use quorate_checker::linearizability::{Precedence, is_linearizable, sequential};
use quorate_checker::spec::Step;
use serde::Serialize;
use stateright::actor::{Actor, ActorModel, ActorModelState, Id};
use stateright::{Rewrite, RewritePlan};

use crate::client::{Client, ClientState};
use crate::member::{Member, State};
use crate::service::{Message, OutputOf, Service};
use crate::state_machine::StateMachine;

/// A ghost: what the claims of a spec must know of the past.
pub trait History: Clone + Debug + Hash + 'static {}
impl<G: Clone + Debug + Hash + 'static> History for G {}

/// The members of a system of `A`'s servers, with `G` for its ghost.
pub type System<A, G> = ActorModel<Member<A>, (), G>;
/// Its state.
pub type SystemState<A, G> = ActorModelState<Member<A>, G>;

/// All servers, with their ids.
pub fn servers<A: Service, G>(
    state: &SystemState<A, G>,
) -> impl Iterator<Item = (Id, &<A as Actor>::State)> {
    let members = state.actor_states.iter().enumerate();
    members.filter_map(|(index, member)| Some((Id::from(index), member.server()?)))
}

/// The servers that are up.
pub fn servers_up<A: Service, G>(
    state: &SystemState<A, G>,
) -> impl Iterator<Item = (Id, &<A as Actor>::State)> {
    servers(state).filter(|(id, _)| !state.crashed[usize::from(*id)])
}

/// Every two servers, once.
pub fn pairs<A: Service, G>(
    state: &SystemState<A, G>,
) -> impl Iterator<Item = (&<A as Actor>::State, &<A as Actor>::State)> {
    servers(state).flat_map(move |(a_id, a)| {
        servers(state).filter(move |(b_id, _)| a_id < *b_id).map(move |(_, b)| (a, b))
    })
}

/// All clients, with their ids and scripts.
pub fn clients<'a, A: Service, G: History>(
    system: &'a System<A, G>,
    state: &'a SystemState<A, G>,
) -> impl Iterator<Item = (Id, &'a Client<A::Machine>, &'a ClientState<OutputOf<A>>)> {
    let members = system.actors.iter().zip(&state.actor_states).enumerate();
    members.filter_map(|(index, (actor, own))| match (actor, &**own) {
        (Member::Client(client), State::Client(own)) => Some((Id::from(index), client, own)),
        _ => None,
    })
}

/// By client, how many commands it has to submit, and how many of them are answered.
pub fn scripts<'a, A: Service, G: History>(
    system: &'a System<A, G>,
    state: &'a SystemState<A, G>,
) -> impl Iterator<Item = (usize, usize)> + use<'a, A, G> {
    clients(system, state).map(|(_, client, own)| (client.script.len(), own.answers.len()))
}

/// Every client has all its answers.
pub fn all_answered<A: Service, G: History>(
    system: &System<A, G>,
    state: &SystemState<A, G>,
) -> bool {
    scripts(system, state).all(|(length, answered)| answered == length)
}

/// Some client has submitted its `N`th command and has no answer to it.
pub fn is_submitted<const N: usize, A: Service, G: History>(
    system: &System<A, G>,
    state: &SystemState<A, G>,
) -> bool {
    scripts(system, state).any(|(length, answered)| answered + 1 == N && N <= length)
}

/// Every client has the answer to its `N`th command, if it has so many.
pub fn is_answered<const N: usize, A: Service, G: History>(
    system: &System<A, G>,
    state: &SystemState<A, G>,
) -> bool {
    scripts(system, state).all(|(length, answered)| answered >= N.min(length))
}

/// True if some client was told such an output.
pub fn has_seen<A: Service, G>(
    state: &SystemState<A, G>,
    is_sought: impl Fn(&OutputOf<A>) -> bool,
) -> bool {
    let mut clients = state.actor_states.iter().filter_map(|own| own.client());
    clients.any(|client| client.answers.iter().any(&is_sought))
}

/// How many operations of every other client had returned at some moment; none if it is not there.
pub type Before = BTreeMap<Id, usize>;

/// A history variable: by client, for each operation that has returned, what had returned elsewhere
/// when the client's next one was invoked, in the same step. Empty for a client's last.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Returned(BTreeMap<Id, Vec<Before>>);

impl Returned {
    /// What else had returned, after `step` of a client; `None` if no operation returns by it.
    pub fn after<A: Service>(&self, step: &Step<'_, Member<A>>) -> Option<Returned> {
        let (State::Client(before), State::Client(after)) = (step.before, step.after) else {
            return None;
        };
        if after.answers.len() == before.answers.len() {
            return None;
        }
        let invokes = step
            .sent
            .iter()
            .any(|(_, message)| matches!(message, Message::Request(_) | Message::Read(_)));
        let others = self.0.iter().filter(|(client, _)| invokes && **client != step.actor);
        let before_next = others.map(|(client, returned)| (*client, returned.len())).collect();
        let mut next = self.clone();
        next.0.entry(step.actor).or_default().push(before_next);
        Some(next)
    }

    /// How many operations of `other` had returned when `client` invoked its operation `number`,
    /// the first of which is 0.
    pub fn before(&self, client: Id, number: usize, other: Id) -> usize {
        let returned = self.0.get(&client).map_or(&[][..], Vec::as_slice);
        let at_invocation = number.checked_sub(1).and_then(|previous| returned.get(previous));
        at_invocation.and_then(|before| before.get(&other)).copied().unwrap_or(0)
    }

    /// A client has had an answer, and another one to a command that it submitted when an operation
    /// of another client had returned.
    pub fn one_after_another(&self) -> bool {
        let saw_one = |before: &Before| before.values().any(|count| *count > 0);
        self.0.values().any(|own| {
            own.iter().enumerate().any(|(at, before)| saw_one(before) && own.len() > at + 1)
        })
    }
}

/// Some order of the operations, which respects which returned before which was invoked, explains
/// every answer: what the clients saw is linearizable.
pub fn is_explained<A: Service, G: History>(
    system: &System<A, G>,
    state: &SystemState<A, G>,
    returned: &Returned,
) -> bool {
    is_ordered(system, state, |client, number, other| returned.before(client, number, other))
}

/// Some order of the operations, which respects the order of each client's own, explains every
/// answer: what the clients saw is sequentially consistent.
pub fn is_explained_by_one_order<A: Service, G: History>(
    system: &System<A, G>,
    state: &SystemState<A, G>,
) -> bool {
    is_ordered(system, state, |_, _, _| 0)
}

/// Some order explains every answer, in which so many operations of another client come before a
/// client's operation of a number.
fn is_ordered<A: Service, G: History>(
    system: &System<A, G>,
    state: &SystemState<A, G>,
    before: impl Fn(Id, usize, Id) -> usize,
) -> bool {
    let clients = clients(system, state);
    let all: Vec<Script<'_, A::Machine>> =
        clients.map(|(id, client, own)| (id, &client.script[..], &own.answers[..])).collect();
    is_sequential::<A::Machine>(&all, before)
}

/// A client, its script, and its answers so far.
pub type Script<'a, M> =
    (Id, &'a [<M as StateMachine>::Command], &'a [<M as StateMachine>::Output]);

/// Some order of the operations of these clients, in which so many operations of another client
/// come before a client's operation of a number, explains their answers by a machine `M`.
pub fn is_sequential<M: StateMachine>(
    clients: &[Script<'_, M>],
    before: impl Fn(Id, usize, Id) -> usize,
) -> bool {
    if clients.iter().all(|(_, _, answers)| answers.is_empty()) {
        return true;
    }
    let mut history = Precedence::default();
    for (id, script, answers) in clients {
        history.client();
        for (number, command) in script.iter().take(answers.len() + 1).enumerate() {
            let over = clients.iter().map(|(other, ..)| before(*id, number, *other));
            history.operation(command, answers.get(number), over);
        }
    }
    let machine = sequential(M::default(), |machine: &M, command| {
        let mut machine = machine.clone();
        let output = machine.apply(command);
        (machine, output)
    });
    is_linearizable(&machine, &history)
}

impl Rewrite<Id> for Returned {
    fn rewrite<S>(&self, plan: &RewritePlan<Id, S>) -> Self {
        let before = |before: &Before| {
            before.iter().map(|(client, count)| (client.rewrite(plan), *count)).collect()
        };
        let returned = self.0.iter();
        Returned(
            returned
                .map(|(client, all)| (client.rewrite(plan), all.iter().map(before).collect()))
                .collect(),
        )
    }
}
