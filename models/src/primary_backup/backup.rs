//! A backup takes what the primary of its view sends, in the order in which it was sent.

use stateright::actor::Id;

use super::message::{Forward, Message, Refused, Taken, Transfer};
use super::rules::Rule;
use super::server::Step;
use super::state::Part;
use super::{Command, MachineOf, Params};
use crate::number::{Place, ViewNumber};

/// Is this server the backup of view `view`, whose primary is `from`?
fn is_backup_of<P: Params>(step: &Step<P>, from: Id, view: ViewNumber) -> bool {
    let known = step.replica();
    let is_primary = known.view.primary.is_some_and(|primary| primary.id == from);
    matches!(known.part, Part::Backup { .. }) && is_primary && known.view.number == view
}

/// Takes over the database, and is then up to date with the primary at place 0.
pub(super) fn handle_transfer<P: Params>(
    step: &mut Step<P>,
    primary: Id,
    message: Transfer<MachineOf<P>>,
) {
    let is_backup = is_backup_of(step, primary, message.view);
    if !step.require(Rule::BackupKnowsView, is_backup) {
        return refuse(step, primary, message.view, Place::ZERO);
    }
    let is_new = taken(step).is_none();
    if step.require(Rule::TransferUndoesNothing, is_new) {
        let mut data = message.data;
        if !step.keeps(Rule::SessionsTravel) {
            data.sessions = Default::default();
        }
        step.replica_mut().data = Some(data);
        set_taken(step, Place::ZERO);
    }
    acknowledge(step, primary, message.view, Place::ZERO);
}

/// Takes a command if it is the next one.
pub(super) fn handle_forward<P: Params>(
    step: &mut Step<P>,
    primary: Id,
    message: Forward<Command<P>>,
) {
    let is_backup = is_backup_of(step, primary, message.view);
    if !step.require(Rule::BackupKnowsView, is_backup) {
        return refuse(step, primary, message.view, message.place);
    }
    let last = taken(step).unwrap_or_default();
    let is_new = step.require(Rule::TakenOnce, message.place > last);
    let is_next = step.require(Rule::ForwardsInOrder, message.place <= last.next());
    if is_new
        && is_next
        && let Some(data) = &mut step.replica_mut().data
    {
        data.apply(&message.request);
        set_taken(step, message.place);
    }
    acknowledge(step, primary, message.view, message.place);
}

/// The place up to which it has taken what was forwarded, if it has the database.
fn taken<P: Params>(step: &Step<P>) -> Option<Place> {
    match step.replica().part {
        Part::Backup { taken } => taken,
        Part::Idle | Part::Primary { .. } => None,
    }
}

fn set_taken<P: Params>(step: &mut Step<P>, place: Place) {
    if let Part::Backup { taken } = &mut step.replica_mut().part {
        *taken = Some(place);
    }
}

/// Tells the primary how far it has come with what was sent as `place`, once it has the database.
fn acknowledge<P: Params>(step: &mut Step<P>, primary: Id, view: ViewNumber, place: Place) {
    if step.replica().data.is_some() {
        let place = taken(step).unwrap_or(place);
        step.send(primary, Message::Taken(Taken { view, place }));
    }
}

fn refuse<P: Params>(step: &mut Step<P>, primary: Id, view: ViewNumber, place: Place) {
    step.send(primary, Message::Refused(Refused { view, place }));
}
