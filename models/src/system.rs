//! What every spec of a protocol is put together from: servers, scripted clients, and the rules
//! that are suspended.

use std::fmt::Debug;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::engine::Symmetry;
use quorate_checker::spec::Spec;
use stateright::Rewrite;
use stateright::actor::{Actor, ActorModel, Id};

use crate::claims::{History, System};
use crate::client::{Client, Habits, Tries};
use crate::member::Member;
use crate::operator::Operator;
use crate::rules::{AllBut, Worded};
use crate::service::{CommandOf, Service};

/// A spec of one protocol as a spec of any.
///
/// The engine is compiled for a type of actors where that type is made an [`AnySpec`]. Each
/// protocol does so once, where it implements this trait. A `Box::new` elsewhere would compile the
/// engine again.
pub trait Boxed {
    fn boxed(self) -> Box<dyn AnySpec>;
}

/// How long a client waits for an answer before it asks another server, as on the node.
pub const RETRY: Duration = Duration::from_millis(100);

/// `servers` servers set up as `server` is, and for each of `scripts` a client with that script,
/// which may ask the servers of the ids `asked`.
pub fn system<A: Service + Clone, G: History>(
    ghost: G,
    servers: usize,
    server: A,
    asked: &[Id],
    scripts: &[&[CommandOf<A>]],
    habits: Habits,
) -> System<A, G> {
    let clients = scripts.iter().map(|script| {
        Member::Client(Client {
            servers: asked.to_vec(),
            script: script.to_vec(),
            reads: None,
            retry: RETRY..RETRY,
            tries: Tries::InOrder,
            begins_anew: false,
            habits,
        })
    });
    ActorModel::new((), ghost)
        .actors(std::iter::repeat_n(Member::Server(server), servers))
        .actors(clients)
}

/// `spec` with one more member, an operator. Several do not know of each other.
pub fn with_operator<A: Service, G: History>(
    mut spec: Spec<Member<A>, (), G>,
    operator: Operator,
) -> Spec<Member<A>, (), G> {
    spec.system.actors.push(Member::Operator(operator));
    spec.operators += 1;
    spec
}

/// The servers of a spec, to give them other settings.
pub fn servers_mut<A: Service, G: History>(
    spec: &mut Spec<Member<A>, (), G>,
) -> impl Iterator<Item = &mut A> {
    spec.system.actors.iter_mut().filter_map(|actor| match actor {
        Member::Server(server) => Some(server),
        Member::Client(_) | Member::Operator(_) => None,
    })
}

/// The clients of a spec, to give them other settings.
pub fn clients_mut<A: Service, G: History>(
    spec: &mut Spec<Member<A>, (), G>,
) -> impl Iterator<Item = &mut Client<A::Machine>> {
    spec.system.actors.iter_mut().filter_map(|actor| match actor {
        Member::Server(_) | Member::Operator(_) => None,
        Member::Client(client) => Some(client),
    })
}

/// How many servers may change places at most: six would do so in 720 ways.
const ALIKE: usize = 5;

/// The spec with clients that ask any server next, in which servers, and clients with one script,
/// are alike: it can be searched by symmetry. Of more than five servers the first five are.
pub fn by_choice<A, G>(mut spec: Spec<Member<A>, (), G>) -> Spec<Member<A>, (), G>
where
    A: Service<State: Rewrite<Id>, Storage: Rewrite<Id>, Random: Rewrite<Id>, Peer: Rewrite<Id>>,
    A: Actor<Timer: Rewrite<Id>>,
    G: History + Rewrite<Id>,
{
    let mut with_script: Vec<(Vec<CommandOf<A>>, Vec<usize>)> = Vec::new();
    let servers = spec.servers;
    for (number, client) in clients_mut(&mut spec).enumerate() {
        client.tries = Tries::Any;
        let number = servers + number;
        match with_script.iter_mut().find(|(script, _)| *script == client.script) {
            Some((_, numbers)) => numbers.push(number),
            None => with_script.push((client.script.clone(), vec![number])),
        }
    }
    let mut symmetry = Symmetry::over(0..servers.min(ALIKE));
    for (_, clients) in with_script {
        if symmetry.has_room(clients.len()) {
            symmetry = symmetry.and(clients);
        }
    }
    spec.alike(symmetry)
}

/// The spec in which servers are alike, and clients are not: what some state is encoded in keeps
/// their names.
pub fn clients_stand_out<A, G>(spec: Spec<Member<A>, (), G>) -> Spec<Member<A>, (), G>
where
    A: Service<State: Rewrite<Id>, Storage: Rewrite<Id>, Random: Rewrite<Id>, Peer: Rewrite<Id>>,
    A: Actor<Timer: Rewrite<Id>>,
    G: History + Rewrite<Id>,
{
    let servers = spec.servers;
    spec.alike(Symmetry::over(0..servers.min(ALIKE)))
}

/// The rules that are not in force, in words.
pub fn suspended<Rule: Worded + Debug>(rules: &AllBut<Rule>) -> Vec<String> {
    rules.0.iter().map(|rule| rule.wording().to_string()).collect()
}
