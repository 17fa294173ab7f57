//! Which messages an actor gets to see.

use quorate_models::order::{Change, Order, Refusal};
use quorate_models::service::{Answer, Message, Reply, Request};
use stateright::actor::Id;

/// What is done about a message.
pub(super) enum Admission<M> {
    /// The actor handles it.
    Handled(M),
    /// The node itself has this to say about it.
    Answered(M),
    /// Only servers say such a thing, and its sender is none.
    NoServer,
    /// It names the session of another than its sender.
    Impostor,
}

/// Decides about a message `from` somebody; `is_server` tells who is a server whose place is known,
/// and `may_come` who may become a member, as far as this node has a say.
pub(super) fn decide<M, C, O>(
    from: Id,
    message: Message<M, C, O>,
    is_server: impl Fn(Id) -> bool,
    may_come: impl Fn(Id) -> bool,
) -> Admission<Message<M, C, O>> {
    match message {
        // Clients have the cluster's key as well, and no say in what servers agree on.
        Message::Peer(_) | Message::Reply(_) | Message::OrderReply(_) if !is_server(from) => {
            Admission::NoServer
        }
        // Nor does one of them use up the numbers of another.
        Message::Request(Request { session, .. })
        | Message::Read(Request { session, .. })
        | Message::Order(Request { session, .. })
            if session.client() != from =>
        {
            Admission::Impostor
        }
        // Nobody could send it anything.
        Message::Order(Request {
            session,
            sequence,
            since: _,
            command: Order::Change(Change::Add { id }),
        }) if !may_come(id) => {
            let answer = Answer::done(Err(Refusal::NowhereKnown { id }));
            Admission::Answered(Message::OrderReply(Reply { session, sequence, answer }))
        }
        message => Admission::Handled(message),
    }
}
