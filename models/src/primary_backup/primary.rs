//! A primary orders the commands, and answers those that the backup has taken.

use stateright::actor::Id;

use super::message::{Forward, Message, Refused, Taken, Transfer};
use super::replica::ping;
use super::rules::Rule;
use super::server::Step;
use super::state::Part;
use super::{Command, Params};
use crate::data::Data;
use crate::number::Place;
use crate::service::{Answer, Request, Sequence, Session};
use crate::state_machine::StateMachine;

/// A client asks for a command. The primary takes it, unless it knows it already.
pub(super) fn handle_request<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let (session, sequence) = (request.session, request.sequence);
    if !step.require(Rule::OnlyPrimaryServes, step.replica().is_primary()) {
        let view = step.replica().view;
        return step.redirect(session, sequence, view);
    }
    let is_known = step.replica().has_done(session, sequence) || is_open(step, session, sequence);
    if !step.require(Rule::RetryTakesEffectOnce, !is_known) {
        if step.keeps(Rule::RetryIsAnswered) {
            answer_applied(step, session, sequence);
        }
        return;
    }
    let is_read = P::Machine::is_read_only(&request.command);
    if is_read && !step.keeps(Rule::ReadsAreForwarded) {
        let mut data = step.replica().data.clone().unwrap_or_default();
        let output = data.machine.apply(&request.command);
        return step.answer(session, sequence, Answer::done(output));
    }
    take(step, request);
}

/// True if the command is on its way to the backup.
fn is_open<P: Params>(step: &Step<P>, session: Session, sequence: Sequence) -> bool {
    let mut open = step.replica().open().iter();
    open.any(|it| it.session == session && it.sequence >= sequence)
}

/// Takes a command, and forwards it if there is a backup.
fn take<P: Params>(step: &mut Step<P>, request: Request<Command<P>>) {
    let has_backup = step.replica().view.backup.is_some();
    if !has_backup || !step.keeps(Rule::CommitAtBackup) {
        apply(step, &request);
    }
    let before = step.replica().open().len();
    if has_backup && let Part::Primary { open, .. } = &mut step.replica_mut().part {
        open.push(request);
        forward(step, before);
    }
}

/// Forwards the open commands, but for the first so many, if the backup has the database.
fn forward<P: Params>(step: &mut Step<P>, skipped: usize) {
    let known = step.replica();
    let (Some(backup), Part::Primary { taken: Some(taken), open }) =
        (known.view.backup, &known.part)
    else {
        return;
    };
    let view = known.view.number;
    let places = (taken.0 + 1..).map(Place).zip(open).skip(skipped);
    let forwards: Vec<_> =
        places.map(|(place, request)| Forward { view, place, request: request.clone() }).collect();
    for message in forwards {
        step.send(backup.id, Message::Forward(message));
    }
}

/// Sends the backup what it has not taken: the database, or the open commands.
pub(super) fn send_again<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    let Part::Primary { taken, .. } = known.part else { return };
    match taken {
        None => transfer(step),
        Some(_) => forward(step, 0),
    }
}

/// Hands the database to the backup.
fn transfer<P: Params>(step: &mut Step<P>) {
    let known = step.replica();
    if let (Some(backup), Some(data)) = (known.view.backup, &known.data) {
        let message = Transfer { view: known.view.number, data: data.clone() };
        step.send(backup.id, Message::Transfer(message));
    }
}

/// This server is primary of its view. A server that was primary before goes on with the commands
/// that are open: without a backup they are done at once.
pub(super) fn begin<P: Params>(step: &mut Step<P>) {
    let hands_over = step.keeps(Rule::BackupHasAll);
    let known = step.replica_mut();
    let has_backup = known.view.backup.is_some();
    known.data.get_or_insert_default();
    let waiting = known.open().to_vec();
    let taken = (!has_backup || !hands_over).then_some(Place::ZERO);
    let (open, done) = if has_backup { (waiting, Vec::new()) } else { (Vec::new(), waiting) };
    known.part = Part::Primary { taken, open };
    if taken.is_some() || !step.keeps(Rule::AckAfterTransfer) {
        acknowledge_view(step);
    }
    send_again(step);
    for request in &done {
        apply(step, request);
    }
}

/// The backup has the database: whoever takes this primary's place knows all that it has answered.
fn acknowledge_view<P: Params>(step: &mut Step<P>) {
    let known = step.replica_mut();
    known.acknowledged = known.view.number;
    ping(step);
}

/// The backup has taken what was forwarded up to a place.
pub(super) fn handle_taken<P: Params>(step: &mut Step<P>, from: Id, message: Taken) {
    let known = step.replica();
    let is_backup = known.view.backup.is_some_and(|backup| backup.id == from);
    let of_this_view = is_backup && message.view == known.view.number;
    if step.require(Rule::TakenOfThisView, of_this_view) {
        count(step, message.place);
    }
}

/// The backup, or who was it, has another view. What it refused is not done; there may be a newer
/// view.
pub(super) fn handle_refused<P: Params>(step: &mut Step<P>, message: Refused) {
    if !step.keeps(Rule::RefusedIsNotDone) {
        return count(step, message.place);
    }
    if step.replica().is_primary() && message.view == step.replica().view.number {
        ping(step);
    }
}

/// Counts what the backup has taken, and answers it.
fn count<P: Params>(step: &mut Step<P>, place: Place) {
    let Part::Primary { taken, .. } = step.replica().part else { return };
    match taken {
        None => {
            if let Part::Primary { taken, .. } = &mut step.replica_mut().part {
                *taken = Some(Place::ZERO);
            }
            acknowledge_view(step);
            forward(step, 0);
        }
        Some(_) => apply_up_to(step, place),
    }
}

/// Applies and answers the open commands up to `place`.
fn apply_up_to<P: Params>(step: &mut Step<P>, place: Place) {
    loop {
        let Part::Primary { taken: Some(at), ref open } = step.replica().part else { return };
        let Some(request) = open.first().filter(|_| at < place).cloned() else { return };
        if let Part::Primary { taken, open } = &mut step.replica_mut().part {
            open.remove(0);
            *taken = Some(at.next());
        }
        apply(step, &request);
    }
}

/// Lets a command take effect here, and answers it.
fn apply<P: Params>(step: &mut Step<P>, request: &Request<Command<P>>) {
    let data: &mut Data<P::Machine> = step.replica_mut().data.get_or_insert_default();
    data.apply(request);
    answer_applied(step, request.session, request.sequence);
}

/// Tells the client what its command returned, if it is the last one applied of its session.
fn answer_applied<P: Params>(step: &mut Step<P>, session: Session, sequence: Sequence) {
    let data = step.replica().data.as_ref();
    if let Some(last) = data.and_then(|data| data.sessions.last(session))
        && last.sequence == sequence
    {
        let answer = Answer::done(last.output.clone());
        step.answer(session, sequence, answer);
    }
}
