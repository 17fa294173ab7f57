//! Phase 2 at an acceptor: it accepts what is not below its promise.

use stateright::actor::Id;

use super::message::{Accept, Accepted, Message};
use super::rules::Rule;
use super::server::Step;
use super::state::Pvalue;
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
    if !step.has_vote() || !is_within_reach(step, slot) {
        return;
    }
    accept(step, slot, Pvalue { ballot, value });
    step.send(from, Message::Accepted(Accepted { ballot, slot }));
    if !step.keeps(Rule::AppliesOnlyChosen) {
        learn::follow(step, ballot, slot);
    }
}

/// What an acceptor holds open is what a promise has to carry: twice the window at most.
fn is_within_reach<P: Params>(step: &Step<P>, slot: Index) -> bool {
    slot.0 <= step.state().chosen().0 + 2 * step.server.limits.window
}

/// Keeps a proposal, unless it is known what is chosen for its slot: then it is that.
fn accept<P: Params>(step: &mut Step<P>, slot: Index, pvalue: Pvalue<Command<P>>) {
    let storage = &step.state().storage;
    if slot > storage.log.last() && storage.accepted.get(&slot) != Some(&pvalue) {
        step.storage_mut().accepted.insert(slot, pvalue);
    }
}
