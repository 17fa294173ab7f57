//! Which messages an actor gets to see.

use std::time::Instant;

use quorate_models::order::{Change, Order, Refusal};
use quorate_models::protocol::Protocol;
use quorate_models::service::{Answer, Message, Reply, Request};
use stateright::actor::Id;

use super::{Batch, Disk, EventLoop, NodeError, Watch, guarded, load};

impl<A: Protocol, D: Disk<A::Storage>, W: Watch> EventLoop<A, D, W> {
    /// Hands a message of so many bytes to the actor, or answers it itself, or does neither.
    pub(super) fn admit(
        &mut self,
        from: Id,
        message: A::Msg,
        bytes: usize,
        batch: &mut Batch<A>,
    ) -> Result<(), NodeError> {
        let is_server = |id| self.courier.is_server(id);
        match decide(from, message, is_server, |id| self.may_come(id)) {
            Admission::Handled(message) => {
                if let Some(busy) = asked(&message)
                    && !self.load.take(from, bytes, Instant::now())
                {
                    self.counts.busy += 1;
                    batch.sends.push((from, busy));
                    return Ok(());
                }
                self.on_message(from, message, batch)?;
            }
            Admission::Answered(reply) => {
                self.counts.answered += 1;
                batch.sends.push((from, reply));
            }
            Admission::NoServer => self.counts.refused += 1,
            Admission::Impostor => self.counts.impostors += 1,
        }
        Ok(())
    }

    /// May server `id` become a member, as far as this node has a say? It has none if it does not
    /// lead, nor about a member. A leader must know where a new one is.
    fn may_come(&self, id: Id) -> bool {
        if self.courier.is_server(id) {
            return true;
        }
        let status = guarded(String::new, || self.actor.status(self.id, &self.state));
        let has_say = status.is_ok_and(|status| {
            status.leader == Some(self.id) && !status.members.contains_key(&id)
        });
        !has_say
    }
}

/// The answer to what a client asks for, if a node has too much on its hands for that.
fn asked<M, C, O>(message: &Message<M, C, O>) -> Option<Message<M, C, O>> {
    let (session, sequence) = match message {
        Message::Request(request) => (request.session, request.sequence),
        Message::Read(request) => (request.session, request.sequence),
        // An operator's order may be what helps.
        Message::Order(_) | Message::Peer(_) | Message::Reply(_) | Message::OrderReply(_) => {
            return None;
        }
    };
    let answer = Answer::Busy { after: load::PAUSE };
    Some(Message::Reply(Reply { session, sequence, answer }))
}

/// What is done about a message.
enum Admission<M> {
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
fn decide<M, C, O>(
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
