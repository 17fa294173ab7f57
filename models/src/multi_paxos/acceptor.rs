//! Phase 2 at an acceptor: it accepts what is not below its promise.

use stateright::actor::Id;

use super::log::Value;
use super::message::{Accept, Accepted, Message};
use super::open::Pvalue;
use super::rules::Rule;
use super::server::Step;
use super::{Command, Params, learn};
use crate::number::Index;

/// Accepts what is proposed, unless a higher ballot is promised.
pub(super) fn handle_accept<P: Params>(step: &mut Step<P>, from: Id, message: Accept<Command<P>>) {
    let Accept { ballot, slot, value, chosen } = message;
    if !step.require(Rule::AcceptsOnlyPromised, ballot >= step.promised()) {
        return;
    }
    if ballot > step.promised() && step.keeps(Rule::AcceptPromises) {
        step.promise(ballot);
    }
    step.follow(Some(from));
    learn::follow(step, ballot, chosen);
    if !step.has_vote() || !has_room(step, slot, &value) {
        return;
    }
    accept(step, slot, Pvalue { ballot, value });
    step.send(from, Message::Accepted(Accepted { ballot, slot }));
    if !step.keeps(Rule::AppliesOnlyChosen) {
        learn::follow(step, ballot, slot);
    }
}

/// What an acceptor holds open is what a promise has to carry: as much as two leaders may leave
/// open, and beside that what comes next, whatever it weighs.
fn has_room<P: Params>(step: &Step<P>, slot: Index, value: &Value<Command<P>>) -> bool {
    let storage = &step.state().storage;
    let weight = storage.accepted.weight_with::<P::Machine>(slot, value);
    slot <= storage.log.last().next() || weight <= 2 * step.server.limits.window
}

/// Keeps a proposal, unless it is known what is chosen for its slot: then it is that.
fn accept<P: Params>(step: &mut Step<P>, slot: Index, pvalue: Pvalue<Command<P>>) {
    let storage = &step.state().storage;
    if slot > storage.log.last() && storage.accepted.get(&slot) != Some(&pvalue) {
        step.storage_mut().accepted.accept::<P::Machine>(slot, pvalue);
    }
}
