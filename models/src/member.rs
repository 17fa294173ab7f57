//! A server beside scripted clients and operators, as one actor type.
//!
//! A protocol is the actor of its *servers*, and the node runs that actor itself. A model needs
//! clients as well, and all actors of a model have one type: [`Member`].

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use stateright::actor::{Actor, Command, Id, Out};
use stateright::{Rewrite, RewritePlan};

use crate::client::{Client, ClientState, Effect};
use crate::operator::{self, Operator};
use crate::service::{CommandOf, Message, OutputOf, Service};

/// A server of a protocol, a client of it, or an operator.
#[derive(Clone, Debug)]
pub enum Member<A: Service> {
    Server(A),
    Client(Client<A::Machine>),
    Operator(Operator),
}

/// A member's state: `S` is a server's, `O` is what a command returns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State<S, O> {
    Server(S),
    Client(ClientState<O>),
    /// It remembers nothing.
    Operator,
}

impl<S, O> State<S, O> {
    /// The state of a server; `None` for anybody else.
    pub fn server(&self) -> Option<&S> {
        match self {
            State::Server(server) => Some(server),
            State::Client(_) | State::Operator => None,
        }
    }

    /// The state of a client; `None` for anybody else.
    pub fn client(&self) -> Option<&ClientState<O>> {
        match self {
            State::Server(_) | State::Operator => None,
            State::Client(client) => Some(client),
        }
    }
}

/// The state of a member of `A`'s systems.
pub type StateOf<A> = State<<A as Actor>::State, OutputOf<A>>;

/// A member's timer: `T` is a server's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer<T> {
    Server(T),
    /// A client has waited too long for an answer, and asks the next server.
    Retry,
    /// A client has waited too long for an answer, and asks this server.
    Try(Id),
    /// An operator gives its orders.
    Orders,
}

impl<T> Timer<T> {
    /// True if a client asks again when it fires.
    pub fn is_retry(&self) -> bool {
        matches!(self, Timer::Retry | Timer::Try(_))
    }
}

/// As the server's timer itself.
impl<T: fmt::Debug> fmt::Debug for Timer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Server(timer) => timer.fmt(f),
            Timer::Retry => f.write_str("Retry"),
            Timer::Try(server) => f.debug_tuple("Try").field(server).finish(),
            Timer::Orders => f.write_str("Orders"),
        }
    }
}

impl<A: Service> Actor for Member<A> {
    type Msg = A::Msg;
    type Timer = Timer<A::Timer>;
    type State = StateOf<A>;
    type Storage = A::Storage;
    type Random = A::Random;

    fn on_start(&self, id: Id, storage: &Option<A::Storage>, out: &mut Out<Self>) -> Self::State {
        match self {
            Member::Server(server) => {
                let mut own = Out::new();
                let state = server.on_start(id, storage, &mut own);
                pass_on(own, out);
                State::Server(state)
            }
            Member::Client(client) => {
                let (state, effects) = client.on_start(id);
                carry_out(client, effects, out);
                State::Client(state)
            }
            Member::Operator(operator) => {
                if operator.waits {
                    out.set_timer(Timer::Orders, operator::WAIT);
                } else {
                    give_orders(operator, id, out);
                }
                State::Operator
            }
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        src: Id,
        msg: Self::Msg,
        out: &mut Out<Self>,
    ) {
        match (self, msg) {
            (Member::Server(server), msg) => {
                with_server(state, out, |own, out| server.on_msg(id, own, src, msg, out));
            }
            (Member::Client(client), Message::Reply(reply)) => {
                with_client(client, state, out, |own| client.on_reply(id, own, reply));
            }
            (Member::Client(_) | Member::Operator(_), _) => {}
        }
    }

    fn on_timeout(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        timer: &Self::Timer,
        out: &mut Out<Self>,
    ) {
        match (self, timer) {
            (Member::Server(server), Timer::Server(timer)) => {
                with_server(state, out, |own, out| server.on_timeout(id, own, timer, out));
            }
            (Member::Client(client), Timer::Retry) => {
                with_client(client, state, out, |own| client.on_retry_timeout(id, own));
            }
            (Member::Client(client), Timer::Try(server)) => {
                with_client(client, state, out, |own| client.on_try_timeout(id, own, *server));
            }
            (Member::Operator(operator), Timer::Orders) => give_orders(operator, id, out),
            (Member::Server(_) | Member::Client(_) | Member::Operator(_), _) => {}
        }
    }

    fn on_random(
        &self,
        id: Id,
        state: &mut Cow<Self::State>,
        random: &A::Random,
        out: &mut Out<Self>,
    ) {
        if let Member::Server(server) = self {
            with_server(state, out, |own, out| server.on_random(id, own, random, out));
        }
    }

    fn name(&self) -> String {
        match self {
            Member::Server(server) => server.name(),
            Member::Client(_) => "client".to_owned(),
            Member::Operator(_) => "operator".to_owned(),
        }
    }
}

/// Lets a server act on its own state, and passes on what it wants.
fn with_server<A: Service>(
    state: &mut Cow<StateOf<A>>,
    out: &mut Out<Member<A>>,
    act: impl FnOnce(&mut Cow<A::State>, &mut Out<A>),
) {
    let State::Server(own) = &**state else { unreachable!("a server's state is a server's") };
    let (mut own, mut own_out) = (Cow::Borrowed(own), Out::new());
    act(&mut own, &mut own_out);
    if let Cow::Owned(own) = own {
        *state = Cow::Owned(State::Server(own));
    }
    pass_on(own_out, out);
}

/// Wants of a member what its server wants.
fn pass_on<A: Service>(own: Out<A>, out: &mut Out<Member<A>>) {
    for command in own {
        match command {
            Command::Send(to, message) => out.send(to, message),
            Command::SetTimer(timer, range) => out.set_timer(Timer::Server(timer), range),
            Command::CancelTimer(timer) => out.cancel_timer(Timer::Server(timer)),
            Command::ChooseRandom(key, choices) => out.choose_random(key, choices),
            Command::Save(storage) => out.save(storage),
        }
    }
}

/// Lets a client act on its own state, and carries out what it wants.
fn with_client<A: Service>(
    client: &Client<A::Machine>,
    state: &mut Cow<StateOf<A>>,
    out: &mut Out<Member<A>>,
    act: impl FnOnce(&mut Cow<ClientState<OutputOf<A>>>) -> Vec<Effect<CommandOf<A>>>,
) {
    let State::Client(own) = &**state else { unreachable!("a client's state is a client's") };
    let mut own = Cow::Borrowed(own);
    let effects = act(&mut own);
    if let Cow::Owned(own) = own {
        *state = Cow::Owned(State::Client(own));
    }
    carry_out(client, effects, out);
}

fn carry_out<A: Service>(
    client: &Client<A::Machine>,
    effects: Vec<Effect<CommandOf<A>>>,
    out: &mut Out<Member<A>>,
) {
    for effect in effects {
        match effect {
            Effect::Send(server, request) => out.send(server, Message::Request(request)),
            Effect::Read(server, request) => out.send(server, Message::Read(request)),
            Effect::SetRetryTimer => out.set_timer(Timer::Retry, client.retry.clone()),
            Effect::CancelRetryTimer => out.cancel_timer(Timer::Retry),
            Effect::SetTryTimer(server) => {
                out.set_timer(Timer::Try(server), client.retry.clone());
            }
            Effect::CancelTryTimer(server) => out.cancel_timer(Timer::Try(server)),
        }
    }
}

fn give_orders<A: Service>(operator: &Operator, id: Id, out: &mut Out<Member<A>>) {
    for (server, order) in operator.requests(id) {
        out.send(server, Message::Order(order));
    }
}

impl<S: Rewrite<Id>, O: Clone> Rewrite<Id> for State<S, O> {
    fn rewrite<R>(&self, plan: &RewritePlan<Id, R>) -> Self {
        match self {
            State::Server(server) => State::Server(server.rewrite(plan)),
            State::Client(client) => State::Client(client.rewrite(plan)),
            State::Operator => State::Operator,
        }
    }
}

impl<T: Rewrite<Id>> Rewrite<Id> for Timer<T> {
    fn rewrite<R>(&self, plan: &RewritePlan<Id, R>) -> Self {
        match self {
            Timer::Server(timer) => Timer::Server(timer.rewrite(plan)),
            Timer::Retry => Timer::Retry,
            Timer::Try(server) => Timer::Try(server.rewrite(plan)),
            Timer::Orders => Timer::Orders,
        }
    }
}
