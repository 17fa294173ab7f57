//! The store: it takes what is written in the newest epoch that it has seen.

use stateright::actor::Id;

use super::message::{Message, Open, Opened, Written};
use super::rules::Rule;
use super::server::Step;
use super::state::Image;
use super::{MachineOf, Params};
use crate::number::Epoch;

/// A writer opens the store in a new epoch, and is told what the store holds.
pub(super) fn handle_open<P: Params>(step: &mut Step<P>, writer: Id, message: Open) {
    if !is_taken(step, message.epoch) {
        return;
    }
    if step.keeps(Rule::OpeningFences) {
        see(step, message.epoch);
    }
    let image = step.store().image.clone();
    step.send(writer, Message::Opened(Opened { epoch: message.epoch, image }));
}

/// A writer writes the database. It is told how far the store has what was written in its epoch.
pub(super) fn handle_write<P: Params>(
    step: &mut Step<P>,
    writer: Id,
    message: Image<MachineOf<P>>,
) {
    let (epoch, place) = (message.epoch, message.place);
    if !is_taken(step, epoch) {
        return;
    }
    let held = &step.store().image;
    let is_next = held.epoch != epoch || held.place < place;
    if step.require(Rule::WritesInOrder, is_next) {
        step.store_mut().image = message;
        see(step, epoch);
    }
    let place = step.store().image.place;
    step.send(writer, Message::Written(Written { epoch, place }));
}

/// True if nothing newer than this epoch was seen.
fn is_taken<P: Params>(step: &Step<P>, epoch: Epoch) -> bool {
    step.require(Rule::FenceAtResource, epoch >= step.store().seen)
}

/// The store is changed, and has seen this epoch.
fn see<P: Params>(step: &mut Step<P>, epoch: Epoch) {
    let store = step.store_mut();
    store.seen = store.seen.max(epoch);
    step.save();
}
