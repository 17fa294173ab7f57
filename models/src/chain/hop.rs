//! From server to server: commands go down the chain, and acknowledgements come up.

use stateright::actor::Id;

use super::message::{Ack, Forward, Message};
use super::rules::Rule;
use super::server::Step;
use super::{Command, Params, replica};
use crate::number::Index;
use crate::service::Request;

/// The server before this one forwards a command.
pub(super) fn handle_forward<P: Params>(
    step: &mut Step<P>,
    from: Id,
    message: Forward<Command<P>>,
) {
    if step.keeps(Rule::ForwardTellsChain) {
        replica::handle_chain(step, message.chain.clone());
    }
    let known = step.replica();
    let (last, acked) = (known.last(), known.acked);
    if !step.require(Rule::HopsNameTheirChain, message.chain.number == known.chain.number) {
        return;
    }
    if !step.require(Rule::TakenOnce, message.place > last) {
        if message.place <= acked && step.keeps(Rule::KnownIsAcked) {
            step.send(from, Message::Ack(Ack { place: acked }));
        }
        return;
    }
    if step.require(Rule::ForwardsInOrder, message.place <= last.next()) {
        take(step, message.request);
    }
}

/// Takes a command: the tail answers it, every other server forwards it.
pub(super) fn take<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    step.replica_mut().push(request);
    if step.is_tail() {
        return commit(step);
    }
    let last = step.replica().last();
    send_behind(step, Index(last.0 - 1));
    if !step.keeps(Rule::TailAnswers) {
        step.answer_done(session, sequence);
    }
    if !step.keeps(Rule::AckIsTheTails) {
        acknowledge(step, last);
    }
}

/// This server is the tail: all that it has taken is done.
pub(super) fn commit<P: Params>(step: &mut Step<P>) {
    let known = step.replica_mut();
    let sent = known.sent().map(|request| (request.session, request.sequence));
    let sent: Vec<_> = sent.collect();
    known.acked = known.last();
    for (session, sequence) in sent {
        step.answer_done(session, sequence);
    }
    let acked = step.replica().acked;
    if step.keeps(Rule::AckIsPassedOn) {
        acknowledge(step, acked);
    }
}

/// The server behind this one tells how far the tail is.
pub(super) fn handle_ack<P: Params>(step: &mut Step<P>, message: Ack) {
    if message.place > step.replica().acked {
        step.replica_mut().acked = message.place;
        if step.keeps(Rule::AckIsPassedOn) {
            acknowledge(step, message.place);
        }
    }
}

/// Tells the server before this one how far the tail is.
fn acknowledge<P: Params>(step: &mut Step<P>, place: Index) {
    if let Some(before) = step.replica().chain.before(step.id) {
        step.send(before, Message::Ack(Ack { place }));
    }
}

/// Forwards what is not acknowledged, once more or to a new successor.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    let acked = step.replica().acked;
    send_behind(step, acked);
}

/// Forwards the commands behind a place, if there is a server to forward them to.
fn send_behind<P: Params>(step: &mut Step<P>, place: Index) {
    let known = step.replica();
    let Some(after) = known.chain.after(step.id) else { return };
    let chain = &known.chain;
    let behind = known.history.iter().enumerate().skip(place.0 as usize);
    let forwards: Vec<_> = behind
        .map(|(at, request)| Forward {
            chain: chain.clone(),
            place: Index(at as u64 + 1),
            request: request.clone(),
        })
        .collect();
    for message in forwards {
        step.send(after, Message::Forward(message));
    }
}
