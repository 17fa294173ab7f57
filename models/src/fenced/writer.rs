//! A writer: it opens the store when it is granted, and answers when the store has a command.

use super::message::{Grant, Message, Open, Opened, Written};
use super::rules::Rule;
use super::server::Step;
use super::state::{Image, Part, Writer};
use super::{Command, MachineOf, Params};
use crate::number::Place;
use crate::service::{Answer, Request};
use crate::state_machine::StateMachine;

/// Somebody is granted the store: this writer opens it, or stops.
pub(super) fn handle_grant<P: Params>(step: &mut Step<P>, message: Grant) {
    if !step.require(Rule::GrantsOnlyRise, message.epoch > step.writer().newest) {
        return;
    }
    let is_own = message.writer == step.id;
    let part = if is_own { Part::Opening } else { Part::Idle };
    *step.writer_mut() = Writer { newest: message.epoch, part };
    step.save();
    if is_own {
        let store = step.server.store();
        step.send(store, Message::Open(Open { epoch: message.epoch }));
    }
}

/// The store tells what it holds. From now on this writer takes commands.
pub(super) fn handle_opened<P: Params>(step: &mut Step<P>, message: Opened<MachineOf<P>>) {
    let epoch = message.epoch;
    let known = step.writer();
    let is_awaited = known.part == Part::Opening && known.newest == epoch;
    if step.require(Rule::OpenedInThisEpoch, is_awaited) {
        let image = Image { epoch, place: Place::ZERO, ..message.image };
        step.writer_mut().part = Part::Open { image, under_way: Vec::new() };
    }
}

/// A client asks for a command. It takes effect in memory, and the database goes to the store.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    let Some(image) = step.writer().image() else { return };
    if P::Machine::is_read_only(&request.command) && !step.keeps(Rule::ReadsPassTheStore) {
        let output = image.machine.clone().apply(&request.command);
        return step.answer(session, sequence, Answer::done(output));
    }
    let is_new = !image.sessions.has_done(session, sequence);
    if !step.require(Rule::RetryTakesEffectOnce, is_new) {
        return answer_again(step, &request);
    }
    let Part::Open { image, under_way } = &mut step.writer_mut().part else { return };
    image.apply(&request);
    under_way.push((image.place, session, sequence));
    let image = image.clone();
    let store = step.server.store();
    step.send(store, Message::Write(image));
    if !step.keeps(Rule::AnsweredWhenWritten) {
        step.answer_done(session, sequence);
    }
}

/// Answers a command that has taken effect before, if the store is known to have it.
fn answer_again<P: Params>(step: &mut Step<P>, request: &Request<Command<P>>) {
    let asked = (request.session, request.sequence);
    let mut under_way = step.writer().under_way().iter();
    let is_written = !under_way.any(|(_, session, sequence)| (*session, *sequence) == asked);
    if step.require(Rule::AnsweredWhenWritten, is_written) {
        step.answer_done(request.session, request.sequence);
    }
}

/// The store has what was written up to a place: those commands are done.
pub(super) fn handle_written<P: Params>(step: &mut Step<P>, message: Written) {
    let is_own = step.writer().image().is_some_and(|image| image.epoch == message.epoch);
    if !step.require(Rule::WrittenInThisEpoch, is_own) {
        return;
    }
    let under_way = step.writer().under_way().iter();
    let done = under_way.take_while(|(place, ..)| *place <= message.place);
    let done: Vec<_> = done.copied().collect();
    for (_, session, sequence) in done {
        if let Part::Open { under_way, .. } = &mut step.writer_mut().part {
            under_way.remove(0);
        }
        step.answer_done(session, sequence);
    }
}
