//! What every spec of a protocol is put together from: servers, scripted clients, and the rules
//! that are suspended.

use std::fmt::Debug;
use std::time::Duration;

use quorate_checker::AnySpec;
use quorate_checker::spec::Spec;
use stateright::actor::{ActorModel, Id};

use crate::claims::{History, System};
use crate::client::{Client, Habits};
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
            retry: RETRY..RETRY,
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

/// The rules that are not in force, in words.
pub fn suspended<Rule: Worded + Debug>(rules: &AllBut<Rule>) -> Vec<String> {
    rules.0.iter().map(|rule| rule.wording().to_string()).collect()
}
