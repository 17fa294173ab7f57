//! The store: it takes what is written in the newest epoch that it has seen.

use stateright::actor::Id;

use super::message::{Message, Open, Opened, Written};
use super::rules::Rule;
use super::server::Step;
use super::state::Image;
use super::{MachineOf, Params};
use crate::number::Epoch;

/// A writer opens the store in a new epoch, and is told what the store holds. In an old epoch it
/// may read, and write no more.
pub(super) fn handle_open<P: Params>(step: &mut Step<P>, writer: Id, message: Open) {
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
    if !step.require(Rule::FenceAtResource, epoch >= step.store().seen) {
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

/// The store has seen this epoch: what is older is refused from now on.
fn see<P: Params>(step: &mut Step<P>, epoch: Epoch) {
    let seen = step.store().seen;
    step.store_mut().seen = seen.max(epoch);
    step.save();
}
